//! `sortie resolve`: a person decides about tasks in doubt.
//!
//! Owns the showing of the evidence and the taking of decisions, one by one or in bulk. Must never send
//! anything: what is to be sent again goes back to the queue, and `sortie resume` sends it.

use std::collections::BTreeMap;

use crate::app::Question;
use crate::app::Workspace;
use crate::app::operator::Operator;
use crate::app::runs::run_view::RunView;
use crate::app::runs::trust::{Replay, open_run};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::open_workspace;
use crate::cli::options::{GlobalOptions, ListingFormat, ResolveOptions};
use crate::cli::terminal::confirm::{InAdvance, Subject, agree, obtain};
use crate::cli::terminal::printer::{Printer, counted, one_line};
use crate::cli::terminal::question::ask;
use crate::drive::{Clock, WallClock};
use crate::engine::{Engine, Phase, Scope};
use crate::journal::{RequestCounts, RunJournal, RunReader, RunRow, RunState};
use crate::model::{
    Decision, Entry, Event, Outcome, PinReading, Task, TaskIndex, UnixMillis, Verdict,
};
use crate::report::ReportRow;

/// A task in doubt and what is known about it.
struct Doubt<'a> {
    index: TaskIndex,
    task: &'a Task,
    evidence: Vec<String>,
    quarantine_ends: UnixMillis,
    send_until: UnixMillis,
    /// A person closed the run.
    is_closed: bool,
}

pub(crate) fn resolve(
    global: &GlobalOptions,
    name: &str,
    options: &ResolveOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let state = open_workspace(global, printer)?;
    let row = state.index().find_run(name)?;
    let hold = state.dir.hold_run(&row.id)?;
    let opening = open_run(&state, &row.id)?;
    let mut replay = Replay::new(opening.tasks(), &opening.header().policy);
    let mut seen = Evidence::default();
    let run = opening.follow(|entry| {
        replay.take(entry);
        seen.take(entry);
    })?;
    let mut journal = RunJournal::go_on(&state.dir, &run)?;
    let is_closed = run.closed.is_some();
    let view = RunView::of(run);
    let now = WallClock.now();
    let mut engine = Engine::new(replay.end()?);
    engine.set_scope(Scope::Follow);
    // What was under way when the last process ended comes into doubt only now, and its quarantine begins:
    // that is written down whatever is decided.
    let opened = engine.open(now, concat!("sortie ", env!("CARGO_PKG_VERSION")))?;
    let is_news = opened.len() > 1;
    if is_news {
        journal.append(&opened, &RequestCounts::new())?;
    }
    let mut entries = if is_news { Vec::new() } else { opened };
    let doubts: Vec<Doubt<'_>> = (0..)
        .map(TaskIndex)
        .zip(&view.tasks)
        .filter(|(index, _)| engine.state().task(*index).phase == Phase::Doubt)
        .filter(|(_, task)| options.names(task))
        .map(|(index, task)| Doubt {
            index,
            task,
            evidence: seen.of.remove(&index).unwrap_or_default(),
            quarantine_ends: engine.state().quarantine_ends(index),
            send_until: view.header.policy.send_until,
            is_closed,
        })
        .collect();
    let is_known = |name: &&String| doubts.iter().any(|doubt| is_named(name, doubt.task));
    if let Some(stranger) = options.device.iter().find(|name| !is_known(name)) {
        let what = format!("nothing of run {} is in doubt for '{stranger}'", row.id);
        return Err(Failure::new(Exit::Target, what)
            .state("nothing was changed")
            .next(format!("see what is in doubt with: sortie resolve {}", row.id)));
    }
    if doubts.is_empty() {
        printer.say(&format!(
            "nothing of run {} is in doubt{}",
            row.id,
            others_in_doubt(&state, &row)?
        ));
        return Ok(Exit::Well);
    }
    let asking = Resolving { options, global, tenant: &view.header.tenant, now, printer };
    let decisions = match asking.decide(&doubts)? {
        decisions if decisions.is_empty() => return Ok(Exit::Well),
        decisions => decisions,
    };
    let who = Operator::current().shown();
    for (index, decision) in &decisions {
        entries.extend(engine.resolve(now, *index, *decision, &who)?);
    }
    entries.push(Entry { at: now, event: Event::Closed });
    journal.append(&entries, &RequestCounts::new())?;
    note(&state, &row.id, &decisions, &who, now)?;
    let view = RunView::read(&state.dir, &row.id)?;
    view.write(&view.header.report_dir, Some(now))?;
    let (run_state, summary) = match view.standing() {
        (_, summary) if is_closed => (RunState::Closed, summary),
        standing => standing,
    };
    state.index().set_run_state(&row.id, run_state, Some(now), &summary)?;
    drop(hold);
    let is_sent_again = decisions.iter().any(|(_, decision)| *decision == Decision::SendAgain);
    let told = counted(decisions.len(), "task");
    printer.say(&format!("{told} of run {} resolved; the journal and the reports say so", row.id));
    let is_unknown = |row: ReportRow<'_>| row.lacks_pin();
    if view.rows().iter().any(is_unknown) {
        printer
            .say(&format!("look for PINs that are missing with: sortie pins {} --recover", row.id));
    }
    if is_sent_again {
        printer.say(&format!("nothing was sent yet; send with: sortie resume {}", row.id));
    }
    Ok(Exit::Well)
}

/// Writes into the host's record what was decided.
fn note(
    state: &Workspace,
    run: &str,
    decisions: &[(TaskIndex, Decision)],
    who: &str,
    now: UnixMillis,
) -> Result<(), Failure> {
    for decision in [Decision::Done, Decision::NotDone, Decision::SendAgain] {
        let tasks = decisions.iter().filter(|(_, taken)| *taken == decision).count();
        if tasks > 0 {
            let body =
                serde_json::json!({ "who": who, "decision": decision.word(), "tasks": tasks });
            state.index().note(now, "resolved", Some(run), &body)?;
        }
    }
    Ok(())
}

/// Which other run has anything in doubt, the newest first, in words.
fn others_in_doubt(state: &Workspace, asked: &RunRow) -> Result<String, Failure> {
    let runs = state.index().runs()?;
    for row in runs.iter().filter(|row| row.state != RunState::Finished && row.id != asked.id) {
        let outcomes = RunReader::open(&state.dir, &row.id)?.outcomes()?;
        if outcomes.iter().any(|word| word == Outcome::InDoubt.word()) {
            return Ok(format!("; of another run something is: sortie resolve {}", row.id));
        }
    }
    Ok(String::new())
}

/// Whether a name is the device's serial number or id.
fn is_named(name: &str, task: &Task) -> bool {
    name.eq_ignore_ascii_case(&task.device.serial_number)
        || name.eq_ignore_ascii_case(task.device.id.as_str())
}

impl ResolveOptions {
    /// Whether a task is one of those that are to be resolved.
    fn names(&self, task: &Task) -> bool {
        self.device.is_empty() || self.device.iter().any(|name| is_named(name, task))
    }

    fn decision(&self) -> Option<Decision> {
        Some(match self.decision.as_deref()? {
            "done" => Decision::Done,
            "not-done" => Decision::NotDone,
            _ => Decision::SendAgain,
        })
    }
}

/// What happened to each task, in words, oldest first.
#[derive(Default)]
struct Evidence {
    of: BTreeMap<TaskIndex, Vec<String>>,
}

impl Evidence {
    /// Takes in one entry.
    fn take(&mut self, entry: &Entry) {
        let words = match &entry.event {
            Event::Intent { attempt, .. } => format!("request {attempt} was about to leave"),
            Event::Answered {
                verdict: Verdict::Unknown { reason, .. } | Verdict::OtherDevice { reason },
                ..
            } => format!("no usable answer: {reason}"),
            Event::Doubted { reason, .. } => format!("in doubt: {reason}"),
            Event::Absent { evidence, .. } => format!("read: {evidence}"),
            Event::Unseen { reason, .. } => format!("could not be read: {reason}"),
            Event::PinRead { reading: PinReading::Found { .. }, .. } => {
                "the tenant shows a PIN, which may be that of an older lock".to_owned()
            }
            Event::PinRead { reading: PinReading::Known { run, .. }, .. } => {
                format!("run {run} has locked it, and its PIN is known")
            }
            Event::PinRead { reading: PinReading::Odd { flaw, .. }, .. } => {
                format!("the tenant shows no PIN: what it shows {flaw}")
            }
            Event::PinRead { reading: PinReading::Nothing, .. } => {
                "the tenant shows no PIN".to_owned()
            }
            Event::PinRead { reading: PinReading::Unreadable { reason, .. }, .. } => {
                format!("its PIN could not be read: {reason}")
            }
            Event::Resolved { decision, by, .. } => format!("{} by {by}", decision.word()),
            _ => return,
        };
        if let Some(task) = entry.event.task() {
            self.of.entry(task).or_default().push(format!("{}  {words}", entry.at));
        }
    }
}

/// What decisions are taken with.
struct Resolving<'a> {
    options: &'a ResolveOptions,
    global: &'a GlobalOptions,
    tenant: &'a str,
    now: UnixMillis,
    printer: &'a Printer,
}

impl Resolving<'_> {
    /// The decisions: those of the flag for all that are named, or one by one on the terminal.
    fn decide(&self, doubts: &[Doubt<'_>]) -> Result<Vec<(TaskIndex, Decision)>, Failure> {
        let Self { options, now, printer, .. } = *self;
        if let Some(decision) = options.decision() {
            if !options.all && options.device.is_empty() {
                return Err(Failure::usage("--as decides for the devices that are named")
                    .next("name them with --device, or give --all"));
            }
            for doubt in doubts {
                check_send_again(doubt, decision, now)?;
            }
            let all: Vec<&Doubt<'_>> = doubts.iter().collect();
            self.agree_to(&all, decision)?;
            return Ok(doubts.iter().map(|doubt| (doubt.index, decision)).collect());
        }
        if printer.format == ListingFormat::Json {
            let rows: Vec<serde_json::Value> = doubts.iter().map(json_of).collect();
            printer.data(&serde_json::Value::Array(rows).to_string());
            return Ok(Vec::new());
        }
        let decisions = self.ask_one_by_one(doubts);
        let is_sent = |doubt: &&Doubt<'_>| decisions.contains(&(doubt.index, Decision::SendAgain));
        let sent: Vec<&Doubt<'_>> = doubts.iter().filter(is_sent).collect();
        if !sent.is_empty() {
            self.agree_to(&sent, Decision::SendAgain)?;
        }
        if decisions.is_empty() {
            printer.say(
                "nothing was changed; decide with: sortie resolve RUN --as done|not-done|again --device SERIAL (or --all)",
            );
        }
        Ok(decisions)
    }

    fn ask_one_by_one(&self, doubts: &[Doubt<'_>]) -> Vec<(TaskIndex, Decision)> {
        let mut decisions = Vec::new();
        for doubt in doubts {
            self.printer.show(&shown(doubt));
            if self.global.no_input {
                continue;
            }
            let question =
                "[d] take as done, [n] take as not done, [s] send again, [Enter] leave, [q] quit: ";
            let Some(answer) = ask(question) else { continue };
            let decision = match answer.trim() {
                "d" => Decision::Done,
                "n" => Decision::NotDone,
                "s" => Decision::SendAgain,
                "q" => break,
                _ => continue,
            };
            match check_send_again(doubt, decision, self.now) {
                Ok(()) => decisions.push((doubt.index, decision)),
                Err(failure) => self.printer.warn(&failure.what),
            }
        }
        decisions
    }

    /// A decision is agreed to on its own, however the run was confirmed. What may happen twice takes what a plan of
    /// it would.
    fn agree_to(&self, doubts: &[&Doubt<'_>], decision: Decision) -> Result<(), Failure> {
        let Self { options, global, tenant, .. } = *self;
        let mut actions: Vec<String> = doubts
            .iter()
            .map(|it| format!("{} ({})", it.task.action, it.task.risk.word()))
            .collect();
        actions.sort();
        actions.dedup();
        let devices = counted(doubts.len(), "device");
        let what = format!("{} of {devices} {}", actions.join(", "), decision.word());
        let agreed = if decision == Decision::SendAgain {
            let tasks: Vec<&Task> = doubts.iter().map(|doubt| doubt.task).collect();
            let confirm = options.confirm.as_deref();
            let advance = InAdvance { yes: options.yes, confirm, no_input: global.no_input };
            let question = Question::of_sending_again(&tasks, tenant);
            let subject = Subject { what: &what, way: "", look_at: "the evidence" };
            obtain(&question, subject, advance, || None).map(drop)
        } else {
            agree(&what, options.yes, global.no_input).map(drop)
        };
        agreed.map_err(|failure| failure.state("nothing was changed"))
    }
}

/// What may still be applied must not be sent again, and what the run will not send need not be asked for.
fn check_send_again(doubt: &Doubt<'_>, decision: Decision, now: UnixMillis) -> Result<(), Failure> {
    let serial = &doubt.task.device.serial_number;
    if decision != Decision::SendAgain {
        return Ok(());
    }
    if now < doubt.quarantine_ends {
        let what = format!(
            "the request for {serial} may still be applied until {}; sent again it could be applied twice",
            doubt.quarantine_ends
        );
        return Err(Failure::new(Exit::Policy, what)
            .next("read first what became of it: sortie resume, or wait until then"));
    }
    if doubt.is_closed {
        let what = format!("the run is closed, and sends {serial} nothing any more");
        return Err(Failure::new(Exit::Policy, what)
            .next(format!("take {serial} as not done, and run that again with: sortie retry")));
    }
    if now >= doubt.send_until {
        let what = format!("the time for sending of this run ended at {}", doubt.send_until);
        return Err(Failure::new(Exit::Policy, what)
            .next(format!("take {serial} as not done, and run that again with: sortie retry")));
    }
    Ok(())
}

fn shown(doubt: &Doubt<'_>) -> String {
    let device = &doubt.task.device;
    let evidence: Vec<_> = doubt.evidence.iter().map(|line| one_line(line)).collect();
    format!(
        "{} '{}' ({}): {}, step {}\n    {}\n    see also: sortie commands {}\n",
        one_line(&device.serial_number),
        one_line(&device.name),
        one_line(&device.user_email),
        doubt.task.action,
        doubt.task.step,
        evidence.join("\n    "),
        one_line(&device.serial_number)
    )
}

fn json_of(doubt: &Doubt<'_>) -> serde_json::Value {
    let device = &doubt.task.device;
    serde_json::json!({
        "task": doubt.task.id.0, "device_id": device.id.as_str(),
        "serial_number": device.serial_number, "device_name": device.name,
        "user_email": device.user_email, "action": doubt.task.action, "step": doubt.task.step,
        "evidence": doubt.evidence, "may_be_sent_again_from": doubt.quarantine_ends.to_string(),
    })
}
