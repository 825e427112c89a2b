//! `sortie prune`: secrets of runs that are long over.
//!
//! Owns which runs are old enough, the question, and what is said about it. Must never touch a run that goes on or
//! that another process holds, and never delete a report.

use std::path::{Path, PathBuf};

use crate::app::Workspace;
use crate::app::operator::Operator;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::{open_workspace, with_runs};
use crate::cli::options::{GlobalOptions, ListingFormat, PruneOptions};
use crate::cli::settings::duration;
use crate::cli::terminal::confirm::agree;
use crate::cli::terminal::printer::{Printer, counted};
use crate::drive::{Clock, WallClock};
use crate::journal::{Pruned, Pruning, RunReader, RunRow, RunState, prune_run, prune_share};
use crate::model::{Sealed, UnixMillis};
use crate::report::remove_leftovers;

/// Serial numbers named for each run.
const SAMPLES: usize = 5;

pub(crate) fn prune(
    global: &GlobalOptions,
    options: &PruneOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let age_ms = duration("--older-than", Some(&options.older_than))?.unwrap_or(0);
    let now = WallClock.now();
    let before = UnixMillis(now.0.saturating_sub(i64::try_from(age_ms).unwrap_or(i64::MAX)));
    let state = match options.dry_run {
        true => with_runs(global, printer)?,
        false => open_workspace(global, printer)?,
    };
    let mut found = Found::look(&state, before)?;
    for note in &found.left_alone {
        printer.say(&format!("left alone: {note}"));
    }
    if !options.dry_run {
        let removed: usize =
            found.report_dirs.iter().map(|directory| remove_leftovers(directory)).sum();
        if removed > 0 {
            printer.say(&format!(
                "removed {} of killed writers",
                counted(removed, "unfinished report")
            ));
        }
    }
    if found.runs.is_empty() {
        printer.say(&format!("nothing to drop: no run that was over by {before} holds secrets"));
        return found.end(printer, 0);
    }
    let listed = found.listed(printer.format, before);
    match printer.format {
        ListingFormat::Json => printer.data(&listed),
        ListingFormat::Text | ListingFormat::Csv => printer.show(&listed),
    }
    if options.dry_run {
        printer.say("dry run: nothing was dropped");
        return found.end(printer, 0);
    }
    let what = format!("dropping {} for ever", found.counts());
    agree(&what, options.yes, global.no_input)
        .map_err(|failure| failure.state("nothing was dropped"))?;
    let dropped = found.drop_all(&state, before, now);
    for directory in found.reports_with_secrets() {
        printer.warn(&format!(
            "still holds such secrets and is left as it is: {}",
            directory.display()
        ));
    }
    found.end(printer, dropped)
}

/// A run with what can be dropped from it.
struct OldRun {
    row: RunRow,
    pruned: Pruned,
    report_dir: Option<PathBuf>,
}

struct Found {
    runs: Vec<OldRun>,
    left_alone: Vec<String>,
    /// Why some could not be pruned.
    failed: Vec<String>,
    /// Where reports of runs stand that no process holds.
    report_dirs: Vec<PathBuf>,
}

impl Found {
    fn look(state: &Workspace, before: UnixMillis) -> Result<Self, Failure> {
        let mut found = Self {
            runs: Vec::new(),
            left_alone: Vec::new(),
            failed: Vec::new(),
            report_dirs: Vec::new(),
        };
        for row in state.index().runs()? {
            if row.started_at >= before {
                continue;
            }
            let run = &row.id;
            if state.dir.is_held(run) {
                found.left_alone.push(format!("run {run}: another process holds it"));
                continue;
            }
            let header = RunReader::open(&state.dir, run).and_then(|reader| reader.header());
            found.report_dirs.extend(header.ok().flatten().map(|header| header.report_dir));
            if !matches!(row.state, RunState::Finished | RunState::Closed) {
                found.left_alone.push(format!(
                    "run {run}: it is {}, and may still need its PINs",
                    row.state.word()
                ));
                continue;
            }
            match prune_share(&state.dir, run, before) {
                Ok(pruned) => {
                    if pruned.spared > 0 {
                        let tasks = counted(pruned.spared as usize, "task");
                        found.left_alone.push(format!(
                            "{tasks} of run {run}: something newer is recorded of them"
                        ));
                    }
                    if !pruned.shares.is_empty() {
                        let reader = RunReader::open(&state.dir, run)?;
                        let report_dir = reader.header()?.map(|header| header.report_dir);
                        found.runs.push(OldRun { row, pruned, report_dir });
                    }
                }
                Err(error) => found.failed.push(format!("run {run}: {error}")),
            }
        }
        Ok(found)
    }

    /// `3 PINs, 1 secret and 2 replies of 2 runs`.
    fn counts(&self) -> String {
        let sum = |count: fn(&crate::journal::PruneShare) -> u32| -> usize {
            self.runs
                .iter()
                .flat_map(|run| &run.pruned.shares)
                .map(|share| count(share) as usize)
                .sum()
        };
        format!(
            "{}, {} and {} of {}",
            counted(sum(|share| share.pins), "PIN"),
            counted(sum(|share| share.secrets), "other secret"),
            replies(sum(|share| share.replies)),
            counted(self.runs.len(), "run")
        )
    }

    fn listed(&self, format: ListingFormat, before: UnixMillis) -> String {
        if format == ListingFormat::Json {
            let runs: Vec<serde_json::Value> = self.runs.iter().map(OldRun::json).collect();
            return serde_json::json!({ "older_than": before.to_string(), "runs": runs })
                .to_string();
        }
        let mut text = format!("Of runs that were over by {before}: {}\n", self.counts());
        for run in &self.runs {
            text.push_str(&run.text());
        }
        text
    }

    /// Drops everything that was found, run by run. Returns from how many runs.
    fn drop_all(&mut self, state: &Workspace, before: UnixMillis, now: UnixMillis) -> usize {
        let mut dropped = 0;
        for run in &self.runs {
            match run.drop_secrets(state, before, now) {
                Ok(()) => dropped += 1,
                Err(failure) => self.failed.push(format!("run {}: {}", run.row.id, failure.what)),
            }
        }
        dropped
    }

    /// Directories of reports in which secrets stand that are dropped.
    fn reports_with_secrets(&self) -> Vec<&Path> {
        let holds = |run: &&OldRun| {
            run.report_dir
                .as_deref()
                .is_some_and(|directory| holds_any(directory, &run.pruned.dropped))
        };
        self.runs.iter().filter(holds).filter_map(|run| run.report_dir.as_deref()).collect()
    }

    fn end(&self, printer: &Printer, dropped: usize) -> Result<Exit, Failure> {
        if dropped > 0 {
            printer.say(&format!("dropped from the journals of {}", counted(dropped, "run")));
        }
        match self.failed.as_slice() {
            [] => Ok(Exit::Well),
            failed => Err(Failure::new(
                Exit::Journal,
                format!(
                    "{} could not be pruned: {}",
                    counted(failed.len(), "run"),
                    failed.join("; ")
                ),
            )
            .state(format!("the journals of {} are pruned", counted(dropped, "other run")))
            .next("see to the files, then prune again")),
        }
    }
}

impl OldRun {
    fn drop_secrets(
        &self,
        state: &Workspace,
        before: UnixMillis,
        now: UnixMillis,
    ) -> Result<(), Failure> {
        let run = &self.row.id;
        let hold = state.dir.hold_run(run)?;
        let pruned = prune_run(&state.dir, run, before)?;
        drop(hold);
        let prunings: Vec<Pruning> = pruned
            .shares
            .iter()
            .map(|share| Pruning {
                run: run.clone(),
                task: share.task.0,
                at: now,
                pins: share.pins,
                secrets: share.secrets,
                replies: share.replies,
            })
            .collect();
        state.index().add_prunings(&prunings)?;
        let (pins, secrets, replies) = self.sums();
        let body = serde_json::json!({
            "who": Operator::current().shown(), "older_than": before.to_string(), "pins": pins,
            "secrets": secrets, "replies": replies,
        });
        state.index().note(now, "pruned", Some(run), &body)?;
        Ok(())
    }

    fn sums(&self) -> (u32, u32, u32) {
        self.pruned.shares.iter().fold((0, 0, 0), |(pins, secrets, replies), share| {
            (pins + share.pins, secrets + share.secrets, replies + share.replies)
        })
    }

    fn text(&self) -> String {
        let (pins, secrets, answers) = self.sums();
        let serials: Vec<&str> =
            self.pruned.shares.iter().map(|share| share.device.serial_number.as_str()).collect();
        let more = match serials.len().saturating_sub(SAMPLES) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!(
            "  run {} of {}, started {}: {}, {}, {} ({}{more})\n",
            self.row.id,
            self.row.job,
            self.row.started_at,
            counted(pins as usize, "PIN"),
            counted(secrets as usize, "other secret"),
            replies(answers as usize),
            serials.iter().take(SAMPLES).copied().collect::<Vec<_>>().join(", ")
        )
    }

    fn json(&self) -> serde_json::Value {
        let (pins, secrets, replies) = self.sums();
        let serials: Vec<&str> =
            self.pruned.shares.iter().map(|share| share.device.serial_number.as_str()).collect();
        serde_json::json!({
            "run_id": self.row.id, "job": self.row.job, "tenant": self.row.tenant,
            "started_at": self.row.started_at.to_string(), "pins": pins, "secrets": secrets,
            "replies": replies, "serial_numbers": serials, "report_dir": self.report_dir,
        })
    }
}

fn replies(count: usize) -> String {
    if count == 1 { "1 reply".to_owned() } else { format!("{count} replies") }
}

/// Whether any of the secrets stands in any file of a directory.
fn holds_any(directory: &Path, secrets: &[Sealed]) -> bool {
    let Ok(files) = std::fs::read_dir(directory) else { return false };
    files.filter_map(Result::ok).filter_map(|file| std::fs::read_to_string(file.path()).ok()).any(
        |text| {
            secrets
                .iter()
                .filter_map(Sealed::expose)
                .any(|secret| !secret.is_empty() && text.contains(secret))
        },
    )
}
