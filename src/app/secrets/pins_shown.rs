//! Revealing PINs, each after it is recorded.
//!
//! Owns the record of who saw the PINs of which devices. Must never hand out a secret before it tried to write that record.

use std::collections::{BTreeMap, BTreeSet};

use super::pins_found::{FoundPin, FoundSecret, HiddenValue, TaskPins, WhyClosed};
use super::pins_search::{PinsRequest, of_view};
use crate::app::operator::Operator;
use crate::app::runs::run_view::RunView;
use crate::app::settings::ReportForm;
use crate::app::{AppEvent, Workspace};
use crate::drive::{Clock, WallClock};
use crate::journal::{Index, JournalError};
use crate::model::UnixMillis;

/// A secret that is revealed: only a [`PinsViewer`] makes one, after it wrote the record.
pub struct RevealedValue(HiddenValue);

impl RevealedValue {
    /// The secret, exactly as it is; empty where it was pruned.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn read(&self) -> Result<&str, WhyClosed> {
        self.0.sealed.expose().ok_or(self.0.closed)
    }
}

/// The way in which secrets are shown, as the host's record names it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum ShownAs {
    /// Tables for people.
    Text,
    /// JSON for programs.
    Json,
    /// CSV for spreadsheets.
    Csv,
    /// Pages to print.
    Sheets,
    /// The page of a run's report.
    Html,
}

impl ShownAs {
    /// The word in the host's record.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Sheets => "sheets",
            Self::Html => "html",
        }
    }
}

/// Reveals secrets, and records for whom.
pub struct PinsViewer<'a> {
    workspace: &'a Workspace,
    /// The index, opened for writing once something is revealed; or that it could not be.
    index: Option<Result<Index, ()>>,
}

impl Workspace {
    /// What reveals PINs to the current user.
    #[must_use]
    pub fn pins_viewer(&self) -> PinsViewer<'_> {
        PinsViewer { workspace: self, index: None }
    }
}

/// Records that the page of a run's report shows PINs to the current user, where it does. Called before the page is written.
pub(crate) fn note_page(workspace: &Workspace, view: &RunView, form: &ReportForm) {
    if form.shows_pins() {
        let found = of_view(view, |_| true, &PinsRequest::default());
        workspace.pins_viewer().note(&found, ShownAs::Html);
    }
}

impl PinsViewer<'_> {
    /// Records in the host's record that the current user sees these secrets, then reveals them. A person who needs a PIN
    /// gets it, whether that could be recorded or not; where it could not, an event says so.
    #[must_use]
    pub fn reveal(
        &mut self,
        found: Vec<TaskPins<HiddenValue>>,
        shown_as: ShownAs,
    ) -> Vec<TaskPins<RevealedValue>> {
        self.note(&found, shown_as);
        found.into_iter().map(revealed).collect()
    }

    fn note(&mut self, found: &[TaskPins<HiddenValue>], shown_as: ShownAs) {
        let shown: Vec<_> = found.iter().filter(|found| found.readable() > 0).collect();
        if shown.is_empty() {
            return;
        }
        if self.index.is_none() {
            let opened = Index::open(&self.workspace.dir);
            self.index = Some(opened.map_err(|error| self.tell(error)));
        }
        let Some(Ok(index)) = &mut self.index else { return };
        let who = Operator::current().shown();
        let now = WallClock.now();
        let noted = shown
            .iter()
            .try_for_each(|found| {
                index.note_shown(&found.run, found.task, &found.device.id, &who, now)
            })
            .and_then(|()| note_in_record(index, &shown, shown_as, &who, now));
        if let Err(error) = noted {
            self.tell(error);
            self.index = Some(Err(()));
        }
    }

    fn tell(&self, error: JournalError) {
        self.workspace.events.tell(&AppEvent::ShownPinsNotRecorded(error));
    }
}

/// Notes in the host's record whose PINs a user saw, how many and in which way, run by run; never which.
fn note_in_record(
    index: &mut Index,
    shown: &[&TaskPins<HiddenValue>],
    shown_as: ShownAs,
    who: &str,
    now: UnixMillis,
) -> Result<(), JournalError> {
    let mut by_run: BTreeMap<&str, Vec<&TaskPins<HiddenValue>>> = BTreeMap::new();
    shown.iter().for_each(|found| by_run.entry(&found.run).or_default().push(found));
    for (run, found) in by_run {
        let devices: BTreeSet<&str> = found.iter().map(|found| found.device.id.as_str()).collect();
        let tasks: BTreeSet<u32> = found.iter().map(|found| found.task.0).collect();
        let pins: usize = found.iter().map(|found| found.readable_pins()).sum();
        let secrets: usize = found.iter().map(|found| found.readable_secrets()).sum();
        let body = serde_json::json!({
            "who": who, "devices": devices, "tasks": tasks, "as": shown_as.word(), "pins": pins,
            "secrets": secrets,
        });
        index.note(now, "pins_shown", Some(run), &body)?;
    }
    Ok(())
}

fn revealed(found: TaskPins<HiddenValue>) -> TaskPins<RevealedValue> {
    let pin = |pin: FoundPin<HiddenValue>| FoundPin {
        value: RevealedValue(pin.value),
        source: pin.source,
        at: pin.at,
        is_verified: pin.is_verified,
        is_first: pin.is_first,
    };
    let secret = |secret: FoundSecret<HiddenValue>| FoundSecret {
        name: secret.name,
        value: RevealedValue(secret.value),
    };
    TaskPins {
        run: found.run,
        job: found.job,
        purpose: found.purpose,
        task: found.task,
        device: found.device,
        action: found.action,
        outcome: found.outcome,
        requested_at: found.requested_at,
        pins: found.pins.into_iter().map(pin).collect(),
        lack: found.lack,
        secrets: found.secrets.into_iter().map(secret).collect(),
    }
}
