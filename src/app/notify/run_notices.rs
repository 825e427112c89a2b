//! The notices of a run that is driven.
//!
//! Owns when a fact becomes a notice. It sees committed entries only, and records a notice before anything of it leaves this
//! host. Must never change how a run goes or ends, and never put a text of the run into a notice.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use super::channel::NotifyChannel;
use super::courier::{Courier, END_WAIT_MS};
use super::deliver::deliver;
use super::facts::{NOTICE_VERSION, NoticeFacts};
use super::kind::NoticeKind;
use super::outbox::Outbox;
use super::setup::TenantKind;
use crate::app::Workspace;
use crate::app::events::{AppEvent, PinFact, RunAdvanced, RunNews, SeenEntry};
use crate::app::operator::Operator;

use crate::drive::{Clock, WallClock};
use crate::engine::Ask;
use crate::journal::{OutboxNotice, OutboxState, RunHeader};
use crate::model::{Outcome, OutcomeCounts, RunVerdict, StopCause};

/// Letters of a notice's id: 128 bits of a hash.
const ID_DIGITS: usize = 32;

/// The notices of one run. Clones are the same. Without a channel it does nothing.
#[derive(Clone)]
pub(crate) struct RunNotices(Option<Arc<Sources>>);

struct Sources {
    outbox: Arc<Outbox>,
    courier: Courier,
    channels: Vec<(String, NotifyChannel)>,
    database: String,
    state: Mutex<Known>,
}

/// What is known of the run, and what was recorded by this process.
struct Known {
    facts: NoticeFacts,
    recorded: BTreeSet<(NoticeKind, String, String)>,
}

impl RunNotices {
    /// Begins with a run. `counts` are its tasks by outcome, before this process does anything.
    pub fn begin(workspace: &Workspace, header: &RunHeader, counts: &OutcomeCounts) -> Self {
        let setup = Arc::clone(&workspace.notifications);
        let job = header.provenance.job_conditions.notify.as_deref();
        let tenant = if header.simulated { TenantKind::Simulated } else { TenantKind::Real };
        let (channels, unknown) = setup.chosen(job, tenant);
        for channel in unknown {
            let reason = setup.unknown(channel);
            workspace.events.tell(&AppEvent::ChannelUnknown(reason));
        }
        if channels.is_empty() {
            return Self(None);
        }
        let database = workspace.index().database_id().unwrap_or_default();
        let outbox = Arc::new(Outbox {
            dir: workspace.dir.clone(),
            index: Arc::clone(&workspace.index),
            setup,
            events: workspace.events.clone(),
            deliver: Box::new(deliver),
        });
        let Ok(courier) = Courier::start(Arc::clone(&outbox)) else {
            workspace.events.tell(&AppEvent::NoticesNotStarted);
            return Self(None);
        };
        let state = Known { facts: facts_of(header, counts), recorded: BTreeSet::new() };
        let channels = channels.into_iter().collect();
        let sources = Sources { outbox, courier, channels, database, state: Mutex::new(state) };
        let notices = Self(Some(Arc::new(sources)));
        // A process that died may not have come to it.
        notices.check_failed();
        notices
    }

    /// Takes in entries that are on disk.
    pub fn advanced(&self, advanced: &RunAdvanced) {
        let Some(sources) = &self.0 else { return };
        sources.change(|facts| facts.counted(&advanced.counts));
        for entry in &advanced.entries {
            self.seen(sources, entry);
        }
        self.check_failed();
    }

    fn seen(&self, sources: &Sources, entry: &SeenEntry) {
        if entry.pins.contains(&PinFact::Missing) {
            sources.change(|facts| NoticeFacts { missing_pins: facts.missing_pins + 1, ..facts });
            sources.record(NoticeKind::PinMissing, "");
        }
        let is_sought = entry.task.as_ref().is_some_and(|task| task.is_sought);
        match &entry.news {
            Some(RunNews::Stopped { cause, .. }) => {
                sources.change(|facts| NoticeFacts { stop: Some(*cause), ..facts });
                sources.record(NoticeKind::Stopped, &word_of(*cause));
            }
            // One that reading can settle is news when a read has shown nothing.
            Some(RunNews::Doubted) if !is_sought => sources.record(NoticeKind::Doubt, ""),
            _ if entry.kind == "absent" => sources.record(NoticeKind::Doubt, ""),
            _ => {}
        }
    }

    /// A person is asked about the next wave.
    pub fn waits(&self, ask: &Ask) {
        let Some(sources) = &self.0 else { return };
        let wave = u32::from(ask.wave) + 1;
        let change = |facts: NoticeFacts| NoticeFacts {
            wave: Some(wave),
            wave_tasks: Some(ask.tasks),
            ..facts
        };
        sources.record_changed(NoticeKind::Gate, &wave.to_string(), change);
    }

    /// The run is about to be left, with these outcomes.
    pub fn finished(
        &self,
        verdict: RunVerdict,
        counts: &OutcomeCounts,
        missing_pins: usize,
        stop: Option<StopCause>,
    ) {
        let Some(sources) = &self.0 else { return };
        let missing_pins = u32::try_from(missing_pins).unwrap_or(u32::MAX);
        let now = WallClock.now().to_string();
        sources.change(|facts| NoticeFacts {
            verdict: Some(verdict),
            missing_pins,
            stop,
            ended_at: Some(now.clone()),
            ..facts.counted(counts)
        });
        if counts.of(Outcome::InDoubt) > 0 {
            sources.record(NoticeKind::Doubt, "");
        }
        if missing_pins > 0 {
            sources.record(NoticeKind::PinMissing, "");
        }
        self.check_failed();
        // A resume that ends in the same way is no news.
        let outcomes: Vec<String> =
            counts.iter().map(|(outcome, tasks)| format!("{}={tasks}", outcome.word())).collect();
        let detail = format!("{verdict:?}:{}", outcomes.join(","));
        sources.record(NoticeKind::Finished, &detail);
    }

    /// The run broke off: its journal could not be written, or the program has a fault.
    pub fn broken_off(&self) {
        let Some(sources) = &self.0 else { return };
        sources.record(NoticeKind::Stopped, "broken_off");
    }

    /// Waits for deliveries, unless the operator left at once, and tells what is left.
    pub fn finish(&self, verdict: Option<RunVerdict>) {
        let Some(sources) = &self.0 else { return };
        let wait_ms = if verdict == Some(RunVerdict::Aborted) { 0 } else { END_WAIT_MS };
        sources.courier.finish(wait_ms);
        match sources.outbox.waiting() {
            Ok(waiting) if waiting.is_empty() => {}
            Ok(waiting) => {
                let channels: BTreeSet<String> =
                    waiting.iter().map(|notice| notice.channel.clone()).collect();
                let (notices, channels) = (waiting.len(), channels.into_iter().collect());
                let profile = sources.outbox.setup.profile.clone();
                let waits = AppEvent::NoticesWait { notices, channels, profile };
                sources.outbox.events.tell(&waits);
            }
            Err(error) => sources.outbox.events.tell(&AppEvent::NoticesNotKept(error)),
        }
    }

    /// Tells the channels whose number of failed tasks is exceeded.
    fn check_failed(&self) {
        let Some(sources) = &self.0 else { return };
        let facts = sources.known().facts.clone();
        let failed = facts.count(Outcome::Failed.word()) + facts.count(Outcome::Refused.word());
        for (name, channel) in &sources.channels {
            // Of all tasks: a share has no smallest number here.
            if failed > channel.failed_over.tolerated_in_wave(facts.tasks) {
                sources.record_for(name, channel, NoticeKind::Failed, "", &facts);
            }
        }
    }
}

impl Sources {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl Fn(NoticeFacts) -> NoticeFacts) {
        let mut known = self.known();
        known.facts = change(known.facts.clone());
    }

    fn record(&self, kind: NoticeKind, detail: &str) {
        self.record_changed(kind, detail, |facts| facts);
    }

    fn record_changed(
        &self,
        kind: NoticeKind,
        detail: &str,
        change: impl Fn(NoticeFacts) -> NoticeFacts,
    ) {
        let facts = change(self.known().facts.clone());
        for (name, channel) in &self.channels {
            self.record_for(name, channel, kind, detail, &facts);
        }
    }

    /// Puts a notice into the outbox, unless it is there or the channel does not want it.
    fn record_for(
        &self,
        name: &str,
        channel: &NotifyChannel,
        kind: NoticeKind,
        detail: &str,
        facts: &NoticeFacts,
    ) {
        let key = (kind, detail.to_owned(), name.to_owned());
        if !channel.kinds.contains(&kind) || !self.known().recorded.insert(key) {
            return;
        }
        let now = WallClock.now();
        let facts = NoticeFacts { kind, at: now.to_string(), ..facts.clone() };
        let profile = &self.outbox.setup.profile;
        let parts = [&self.database, &facts.run, kind.word(), detail, profile.as_str(), name];
        let notice = OutboxNotice {
            id: id_of(&parts),
            run: facts.run.clone(),
            kind: kind.word().to_owned(),
            detail: detail.to_owned(),
            profile: profile.clone(),
            channel: name.to_owned(),
            facts: serde_json::to_string(&facts).unwrap_or_default(),
            made_at: now,
            state: OutboxState::Waiting,
            attempts: 0,
            next_at: now,
            held_until: None,
            last_error: None,
            ended_at: None,
        };
        let added = self.outbox.index().add_notice(&notice);
        match added {
            Ok(true) => self.courier.look(),
            Ok(false) => {}
            Err(error) => self.outbox.events.tell(&AppEvent::NoticesNotKept(error)),
        }
    }
}

/// What is known of a run when it begins or goes on.
fn facts_of(header: &RunHeader, counts: &OutcomeCounts) -> NoticeFacts {
    let facts = NoticeFacts {
        version: NOTICE_VERSION,
        kind: NoticeKind::Finished,
        test: false,
        simulated: header.simulated,
        run: header.run.0.clone(),
        job: header.job.clone(),
        tenant: header.tenant.clone(),
        host: Operator::current().host,
        at: String::new(),
        started_at: header.started_at.to_string(),
        ended_at: None,
        verdict: None,
        stop: None,
        tasks: counts.total(),
        counts: std::collections::BTreeMap::new(),
        missing_pins: 0,
        wave: None,
        wave_tasks: None,
        report_dir: header.report_dir.display().to_string(),
    };
    facts.counted(counts)
}

/// The same for the same notice, so that a receiver can drop a repeated one.
fn id_of(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digits: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    digits.chars().take(ID_DIGITS).collect()
}

fn word_of(cause: StopCause) -> String {
    let word = serde_json::to_value(cause).unwrap_or_default();
    word.as_str().unwrap_or_default().to_owned()
}
