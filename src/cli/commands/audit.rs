//! `sortie audit`: whether what is recorded is what was written.
//!
//! Owns its layout. Must never write.

use crate::app::{Anchor, ChainFault, HostAudit, RunAudit, Workspace};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::with_runs;
use crate::cli::options::{AuditOptions, GlobalOptions, ListingFormat};
use crate::cli::terminal::printer::{Printer, counted, table};
use crate::cli::text::audit::{NOTE_COLUMNS, RunSummary, fault_text, note_row, record_json};

pub(crate) fn audit(
    global: &GlobalOptions,
    options: &AuditOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let anchor = options.anchor.as_deref().map(Anchor::parse).transpose()?;
    let workspace = with_runs(global, printer)?;
    match &options.run {
        None => audit_host(&workspace, anchor.as_ref(), printer),
        Some(name) => audit_run(&workspace, name, anchor.as_ref(), printer),
    }
}

fn audit_host(
    workspace: &Workspace,
    anchor: Option<&Anchor>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let mut rows = Vec::new();
    let audit = workspace.audit_host(anchor, |note| match printer.format {
        ListingFormat::Json => printer.data(&record_json(note).to_string()),
        _ => rows.push(note_row(note)),
    })?;
    if printer.format == ListingFormat::Json {
        printer.data(&host_json(&audit, &workspace.database_id()?).to_string());
    } else {
        printer.show(&table(&NOTE_COLUMNS, &rows));
        for (run, chain) in &audit.runs {
            let entries = chain.entries;
            printer.show(&format!("run {run}: entries {entries}, head {}", chain.head));
        }
        let notes = counted(usize::try_from(audit.notes).unwrap_or(usize::MAX), "note");
        printer.show(&format!("host: {notes}, head {}", audit.head));
    }
    warn_of_more(&audit.faults, printer);
    audit.check()?;
    Ok(intact("sortie audit", &audit.head, printer))
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
    let audit = workspace.audit_run(name, anchor, |record| {
        summary.add(record);
        if printer.format == ListingFormat::Json {
            printer.data(&record_json(record).to_string());
        }
    })?;
    if let Some(fault) = &audit.host_fault {
        printer.warn(&format!("{}; look at it with: sortie audit", fault_text(fault)));
    }
    let run = &audit.run;
    if printer.format == ListingFormat::Json {
        printer.data(&run_json(&audit, &summary).to_string());
    } else {
        printer.show(&summary.text(run, &audit.header, &audit.outcomes, &audit.chain));
        let heads = counted(audit.noted_heads, "head");
        printer.data(&format!("{heads} of it in the host's record\nhead {}", audit.chain.head));
    }
    if !audit.is_end_known {
        printer.say("the host's record holds no head of this run: what was cut off at its end would not be seen");
    }
    if audit.is_unchained {
        printer.warn(
            "an older sortie wrote this run without hashes: a change of it would not be seen",
        );
        return Ok(Exit::Well);
    }
    warn_of_more(&audit.faults, printer);
    audit.check()?;
    Ok(intact(&format!("sortie audit {run}"), &audit.chain.head, printer))
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

fn intact(command: &str, head: &str, printer: &Printer) -> Exit {
    printer.say("everything is what was written; nothing was changed");
    printer.say(&format!(
        "keep the head elsewhere; that it is still contained shows later: {command} --anchor {head}"
    ));
    Exit::Well
}
