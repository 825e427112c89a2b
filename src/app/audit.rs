//! `sortie audit`: whether what is recorded is what was written.
//!
//! Owns which chains are followed, which heads they have to contain, and what is said when one does not. Must never
//! write, speak to a tenant, or take a fault in one run for the end: everything is looked at.

use std::collections::BTreeMap;

use crate::app::Workspace;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::with_runs;
use crate::cli::options::{AuditOptions, GlobalOptions, ListingFormat};
use crate::cli::terminal::printer::{Printer, counted, table};
use crate::cli::text::audit::{NOTE_COLUMNS, RunSummary, note_row, record_json};
use crate::journal::{
    AuditFault, AuditRecord, ChainAudit, JournalError, KeptHead, KeptHeads, RunHead, RunReader,
};

/// Hexadecimal digits of a hash.
const HASH_DIGITS: usize = 64;

pub(crate) fn audit(
    global: &GlobalOptions,
    options: &AuditOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let anchor = options.anchor.as_deref().map(hash_of).transpose()?;
    let state = with_runs(global, printer)?;
    match &options.run {
        None => audit_host(&state, anchor.as_deref(), printer),
        Some(name) => audit_run(&state, name, anchor.as_deref(), printer),
    }
}

fn hash_of(text: &str) -> Result<String, Failure> {
    let hash = text.trim().to_ascii_lowercase();
    let is_hash = hash.len() == HASH_DIGITS && hash.bytes().all(|digit| digit.is_ascii_hexdigit());
    if is_hash {
        return Ok(hash);
    }
    Err(Failure::usage(format!("--anchor {text}: not a hash of {HASH_DIGITS} hexadecimal digits"))
        .next("give a head in full, as an earlier 'sortie audit' printed it"))
}

/// A place that is not what was written.
struct Fault {
    /// The run; `None` for the host's record.
    run: Option<String>,
    seq: u64,
    what: String,
}

impl Fault {
    /// The fault of a chain, if it has one.
    fn of(run: Option<&str>, audit: &ChainAudit) -> Option<Self> {
        audit.fault.clone().map(|fault| Self::at(run, fault))
    }

    fn at(run: Option<&str>, fault: AuditFault) -> Self {
        Self { run: run.map(str::to_owned), seq: fault.seq, what: fault.what }
    }

    fn text(&self) -> String {
        let chain =
            self.run.as_ref().map_or("the host's record".to_owned(), |run| format!("run {run}"));
        match (self.seq, &self.run) {
            (0, _) => format!("{chain}: {}", self.what),
            (seq, None) => format!("{chain}, note {seq}: {}", self.what),
            (seq, Some(_)) => format!("{chain}, entry {seq}: {}", self.what),
        }
    }

    fn json(&self) -> serde_json::Value {
        serde_json::json!({ "run": self.run, "seq": self.seq, "what": self.what })
    }
}

/// Follows the chain of a run; returns it with everything that does not fit.
fn check_run(
    state: &Workspace,
    run: &str,
    kept: Vec<KeptHead>,
    mut take: impl FnMut(AuditRecord),
) -> Result<(ChainAudit, Vec<Fault>), JournalError> {
    let mut wanted = KeptHeads::new(kept);
    // Looked at before the run: it may go on meanwhile, and then has more than this.
    let (row, is_held) = (state.index().head_of(run)?, state.dir.is_held(run));
    let audit = RunReader::open(&state.dir, run)?.for_each_audited(|record| {
        if record.fits {
            wanted.see(record.seq, &record.hash);
        }
        take(record);
    })?;
    let mut faults: Vec<Fault> = Fault::of(Some(run), &audit).into_iter().collect();
    // Where the header or the first entry does not fit, no head can: one fault says it.
    if faults.is_empty() {
        let missing = wanted.faults(&audit.genesis, audit.entries);
        let end = RunHead { entries: audit.entries, head: audit.head.clone() };
        let is_under_way = is_held || state.dir.is_held(run);
        let ended = row.filter(|_| !is_under_way).and_then(|row| row.end_fault(&end));
        faults.extend(missing.into_iter().chain(ended).map(|fault| Fault::at(Some(run), fault)));
    }
    Ok((audit, faults))
}

fn audit_host(state: &Workspace, anchor: Option<&str>, printer: &Printer) -> Result<Exit, Failure> {
    let mut wanted = KeptHeads::new(anchor.map(KeptHead::anchor).into_iter().collect());
    let mut by_run: BTreeMap<String, Vec<KeptHead>> = BTreeMap::new();
    let mut rows = Vec::new();
    let audit = state.index().for_each_note(|note| {
        if note.fits {
            wanted.see(note.seq, &note.hash);
        }
        if let Some((run, kept)) = KeptHead::in_note(&note) {
            by_run.entry(run).or_default().push(kept);
        }
        match printer.format {
            ListingFormat::Json => printer.data(&record_json(&note).to_string()),
            _ => rows.push(note_row(&note)),
        }
    })?;
    let mut faults: Vec<Fault> = Fault::of(None, &audit).into_iter().collect();
    let missing = wanted.faults(&audit.genesis, audit.entries);
    faults.extend(missing.into_iter().map(|fault| Fault::at(None, fault)));
    let runs = check_runs(state, by_run, &mut faults);
    if printer.format == ListingFormat::Json {
        let runs: Vec<serde_json::Value> = runs
            .iter()
            .map(|(run, audit)| {
                serde_json::json!({ "run": run, "entries": audit.entries, "head": audit.head })
            })
            .collect();
        let verdict = serde_json::json!({
            "verdict": verdict(&faults), "head": audit.head, "notes": audit.entries,
            "database_id": state.index().database_id()?, "runs": runs, "faults": faults_json(&faults),
        });
        printer.data(&verdict.to_string());
    } else {
        printer.show(&table(&NOTE_COLUMNS, &rows));
        for (run, audit) in &runs {
            let entries = audit.entries;
            printer.show(&format!("run {run}: entries {entries}, head {}", audit.head));
        }
        let notes = counted(usize::try_from(audit.entries).unwrap_or(usize::MAX), "note");
        printer.show(&format!("host: {notes}, head {}", audit.head));
    }
    end(printer, &faults, "sortie audit", &audit.head)
}

/// Follows the chain of every run of which a head was noted.
fn check_runs(
    state: &Workspace,
    by_run: BTreeMap<String, Vec<KeptHead>>,
    faults: &mut Vec<Fault>,
) -> Vec<(String, ChainAudit)> {
    let mut runs = Vec::new();
    for (run, kept) in by_run {
        match check_run(state, &run, kept, drop) {
            Ok((audit, found)) => {
                faults.extend(found);
                runs.push((run, audit));
            }
            Err(error) => {
                let what = format!("its journal cannot be read: {error}");
                faults.push(Fault { run: Some(run), seq: 0, what });
            }
        }
    }
    runs
}

fn audit_run(
    state: &Workspace,
    name: &str,
    anchor: Option<&str>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let run = state.index().find_run(name)?.id;
    let mut kept: Vec<KeptHead> = anchor.map(KeptHead::anchor).into_iter().collect();
    let host = state.index().for_each_note(|note| {
        kept.extend(KeptHead::in_note(&note).filter(|(of, _)| *of == run).map(|(_, kept)| kept));
    })?;
    if let Some(fault) = Fault::of(None, &host) {
        printer.warn(&format!("{}; look at it with: sortie audit", fault.text()));
    }
    let noted = kept.iter().filter(|kept| kept.entries.is_some_and(|had| had > 0)).count();
    let is_known = noted > 0 || state.index().head_of(&run)?.is_some();
    let mut summary = RunSummary::default();
    let (audit, faults) = check_run(state, &run, kept, |record| {
        summary.add(&record);
        if printer.format == ListingFormat::Json {
            printer.data(&record_json(&record).to_string());
        }
    })?;
    let is_unchained = faults.is_empty() && audit.chained_from.is_none() && audit.entries > 0;
    let reader = RunReader::open(&state.dir, &run)?;
    let header = reader.header_body()?.unwrap_or_default();
    let outcomes = reader.outcomes()?;
    if printer.format == ListingFormat::Json {
        let mut line = summary.json(&header, &outcomes);
        line["verdict"] = if is_unchained { "unchained" } else { verdict(&faults) }.into();
        line["run"] = run.clone().into();
        line["head"] = audit.head.clone().into();
        line["entries"] = audit.entries.into();
        line["chained_from"] = audit.chained_from.into();
        line["noted_heads"] = noted.into();
        line["faults"] = faults_json(&faults);
        printer.data(&line.to_string());
    } else {
        printer.show(&summary.text(&run, &header, &outcomes, &audit));
        let heads = counted(noted, "head");
        printer.data(&format!("{heads} of it in the host's record\nhead {}", audit.head));
    }
    if !is_known {
        printer.say("the host's record holds no head of this run: what was cut off at its end would not be seen");
    }
    if is_unchained {
        printer.warn(
            "an older sortie wrote this run without hashes: a change of it would not be seen",
        );
        return Ok(Exit::Well);
    }
    end(printer, &faults, &format!("sortie audit {run}"), &audit.head)
}

fn verdict(faults: &[Fault]) -> &'static str {
    if faults.is_empty() { "intact" } else { "broken" }
}

fn faults_json(faults: &[Fault]) -> serde_json::Value {
    faults.iter().map(Fault::json).collect()
}

fn end(printer: &Printer, faults: &[Fault], command: &str, head: &str) -> Result<Exit, Failure> {
    let [first, more @ ..] = faults else {
        printer.say("everything is what was written; nothing was changed");
        printer.say(&format!(
            "keep the head elsewhere; that it is still contained shows later: {command} --anchor {head}"
        ));
        return Ok(Exit::Well);
    };
    for fault in more {
        printer.warn(&fault.text());
    }
    Err(Failure::new(Exit::Journal, first.text())
        .state("what stands before it is what was written; nothing was changed by looking")
        .next(
            "copy the state directory before anything else is done with it, and compare it with a \
             backup or with a head that was kept elsewhere (--anchor)",
        ))
}
