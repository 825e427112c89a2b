//! `sortie audit`: whether what is recorded is what was written.
//!
//! Owns the reading of its filters, and what is said of the result. Must never write.

use std::collections::VecDeque;

use crate::app::{Anchor, ChainFault, HostAudit, NoteFilter, NotesRequest, RunAudit, Workspace};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::with_runs;
use crate::cli::options::{AuditOptions, GlobalOptions, ListingFormat};
use crate::cli::terminal::printer::{Printer, counted};
use crate::cli::text::audit::{
    RunSummary, anchor_command, fault_text, head_table, note_table, record_json,
};
use crate::cli::time_options::TimeOptions;
use crate::journal::AuditRecord;

pub(crate) fn audit(
    global: &GlobalOptions,
    options: &AuditOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let anchor = options.anchor.as_deref().map(Anchor::parse).transpose()?;
    let (since, until) = TimeOptions::now().span(&options.span)?;
    let workspace = with_runs(global, printer)?;
    if let Some(name) = &options.name {
        return audit_run(&workspace, name, anchor.as_ref(), printer);
    }
    let request = NotesRequest {
        kinds: options.kind.clone(),
        run: options.run.clone(),
        job: options.job.clone(),
        since,
        until,
    };
    let filter = workspace.note_filter(&request)?;
    let limit = options.limit.unwrap_or(usize::MAX);
    audit_host(
        &workspace,
        anchor.as_ref(),
        Shown { filter, limit, notes: VecDeque::new() },
        printer,
    )
}

/// The notes that are shown: the newest of those that the filter picks.
struct Shown {
    filter: NoteFilter,
    limit: usize,
    notes: VecDeque<AuditRecord>,
}

impl Shown {
    fn take(&mut self, note: &AuditRecord) {
        if self.filter.picks(note) {
            self.notes.push_back(note.clone());
        }
        if self.notes.len() > self.limit {
            self.notes.pop_front();
        }
    }
}

fn audit_host(
    workspace: &Workspace,
    anchor: Option<&Anchor>,
    mut shown: Shown,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let audit = workspace.audit_host(anchor, |note| shown.take(note))?;
    let notes = &shown.notes;
    match printer.format {
        ListingFormat::Json if printer.picks_fields() => {
            printer.list(notes.iter().map(record_json).collect());
        }
        ListingFormat::Json => {
            notes.iter().for_each(|note| printer.data(&record_json(note).to_string()));
            printer.data(&host_json(&audit, &workspace.database_id()?).to_string());
        }
        ListingFormat::Text | ListingFormat::Csv => {
            let screen = printer.screen();
            let heads = head_table(&audit, &screen);
            printer.show_paged(&match notes.is_empty() {
                true => heads,
                false => format!("{}\n{heads}", note_table(notes, &screen)),
            });
        }
    }
    warn_of_more(&audit.faults, printer);
    audit.check()?;
    let all = usize::try_from(audit.notes).unwrap_or(usize::MAX);
    let (all, runs) = (counted(all, "note"), counted(audit.runs.len(), "run"));
    printer.say(&format!("verified: {all} and {runs}; no note or entry was altered or removed"));
    Ok(advise(&audit.head, "sortie audit", printer))
}

fn host_json(audit: &HostAudit, database_id: &str) -> serde_json::Value {
    let runs: Vec<serde_json::Value> = audit
        .runs
        .iter()
        .map(|(run, chain)| {
            serde_json::json!({ "run": run, "entries": chain.entries, "head": chain.head })
        })
        .collect();
    serde_json::json!({
        "verdict": verdict(&audit.faults), "head": audit.head, "notes": audit.notes,
        "database_id": database_id, "runs": runs, "faults": audit.faults,
    })
}

fn audit_run(
    workspace: &Workspace,
    name: &str,
    anchor: Option<&Anchor>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let mut summary = RunSummary::default();
    let mut picked = Vec::new();
    let audit = workspace.audit_run(name, anchor, |entry| {
        summary.add(entry);
        let json = || record_json(&entry.record());
        match printer.format {
            ListingFormat::Json if printer.picks_fields() => picked.push(json()),
            ListingFormat::Json => printer.data(&json().to_string()),
            ListingFormat::Text | ListingFormat::Csv => {}
        }
    })?;
    let run = &audit.run;
    if let Some(fault) = &audit.host_fault {
        printer.warn(&format!("{}; see:\n  sortie audit", fault_text(fault)));
    }
    match printer.format {
        ListingFormat::Json if printer.picks_fields() => printer.list(picked),
        ListingFormat::Json => printer.data(&run_json(&audit, &summary).to_string()),
        ListingFormat::Text | ListingFormat::Csv => {
            let screen = printer.screen();
            printer.show(&summary.text(run, &audit.header, &audit.outcomes, &audit.chain, &screen));
            let heads = counted(audit.noted_heads, "head");
            printer.data(&format!("{heads} in the host's record\nhead {}", audit.chain.head));
        }
    }
    if !audit.is_end_known {
        printer.say(
            "the host's record has no head of this run: entries removed from its end would go unnoticed",
        );
    }
    if audit.is_unchained {
        printer.warn(
            "an older version of sortie wrote this run without hashes: alterations would go unnoticed",
        );
        return Ok(Exit::Well);
    }
    warn_of_more(&audit.faults, printer);
    audit.check()?;
    printer.say("verified: no entry was altered or removed");
    Ok(advise(&audit.chain.head, &format!("sortie audit {run}"), printer))
}

fn run_json(audit: &RunAudit, summary: &RunSummary) -> serde_json::Value {
    let mut line = summary.json(&audit.header, &audit.outcomes);
    let verdict = if audit.is_unchained { "unchained" } else { verdict(&audit.faults) };
    line["verdict"] = verdict.into();
    line["run"] = audit.run.clone().into();
    line["head"] = audit.chain.head.clone().into();
    line["entries"] = audit.chain.entries.into();
    line["chained_from"] = audit.chain.chained_from.into();
    line["noted_heads"] = audit.noted_heads.into();
    line["faults"] = serde_json::json!(audit.faults);
    line
}

fn verdict(faults: &[ChainFault]) -> &'static str {
    if faults.is_empty() { "intact" } else { "broken" }
}

/// Warns of every fault but the first, which ends the command.
fn warn_of_more(faults: &[ChainFault], printer: &Printer) {
    for fault in faults.iter().skip(1) {
        printer.warn(&fault_text(fault));
    }
}

/// Says how to find out later that nothing before this head was removed.
fn advise(head: &str, command: &str, printer: &Printer) -> Exit {
    let command = anchor_command(command, head, &printer.error_screen());
    printer.say(&format!(
        "store this head outside this host\nlater, verify that the record still contains this head:\n{command}"
    ));
    Exit::Well
}
