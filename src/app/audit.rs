//! Audits: whether what is recorded is what was written.
//!
//! Owns which chains are followed, and which heads they have to contain. Must never write, contact a tenant, or stop at a
//! fault in one run: every chain is checked.

use std::collections::BTreeMap;

use crate::app::Workspace;
use crate::app::audit_reason::{AuditReason, ChainFault};
use crate::app::refusal::Reason;
use crate::journal::{
    AuditRecord, AuditedEntry, ChainAudit, JournalError, KeptHead, KeptHeads, RunHead, RunReader,
};

/// Hexadecimal digits of a hash.
pub const HASH_DIGITS: usize = 64;

/// A head that was kept elsewhere: SHA-256 as 64 hexadecimal digits in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor(String);

impl Anchor {
    /// Reads a head as an earlier audit showed it.
    ///
    /// # Errors
    /// It is not a hash of 64 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, AuditReason> {
        let hash = text.trim().to_ascii_lowercase();
        let is_hash =
            hash.len() == HASH_DIGITS && hash.bytes().all(|digit| digit.is_ascii_hexdigit());
        if is_hash {
            Ok(Self(hash))
        } else {
            Err(AuditReason::AnchorMalformed { given: text.to_owned() })
        }
    }
}

/// The audit of the host's record and of every run that it names.
#[derive(Debug)]
pub struct HostAudit {
    /// The last hash of the record.
    pub head: String,
    /// Number of its notes.
    pub notes: u64,
    /// The runs whose heads it contains, each with the result of its chain.
    pub runs: Vec<(String, ChainAudit)>,
    /// What is not what was written, the record's own first.
    pub faults: Vec<ChainFault>,
}

/// The audit of one run.
#[derive(Debug)]
pub struct RunAudit {
    /// Id of the run.
    pub run: String,
    /// The result of its chain.
    pub chain: ChainAudit,
    /// Its header as it is stored; null where it has none.
    pub header: serde_json::Value,
    /// The outcome of each task, as words.
    pub outcomes: Vec<String>,
    /// Number of heads of it in the host's record.
    pub noted_heads: usize,
    /// The host's record knows how long the run is: what was cut off at its end would be seen.
    pub is_end_known: bool,
    /// An older sortie wrote it without hashes: a change would not be seen.
    pub is_unchained: bool,
    /// What is not what was written in the host's record.
    pub host_fault: Option<ChainFault>,
    /// What is not what was written in the run.
    pub faults: Vec<ChainFault>,
}

impl HostAudit {
    /// Whether everything is what was written.
    ///
    /// # Errors
    /// [`AuditReason::Broken`] with what is not.
    pub fn check(&self) -> Result<(), Reason> {
        check(&self.faults)
    }
}

impl RunAudit {
    /// Whether everything of the run is what was written.
    ///
    /// # Errors
    /// [`AuditReason::Broken`] with what is not.
    pub fn check(&self) -> Result<(), Reason> {
        check(&self.faults)
    }
}

fn check(faults: &[ChainFault]) -> Result<(), Reason> {
    match faults {
        [] => Ok(()),
        faults => Err(AuditReason::Broken { faults: faults.to_vec() }.into()),
    }
}

impl Workspace {
    /// Verifies the host's record and every run that it names. `take` receives each note as it is read.
    ///
    /// # Errors
    /// The index cannot be read. Alterations are no error: [`HostAudit::check`] reports them.
    pub fn audit_host(
        &self,
        anchor: Option<&Anchor>,
        mut take: impl FnMut(&AuditRecord),
    ) -> Result<HostAudit, Reason> {
        let mut wanted = KeptHeads::new(kept_elsewhere(anchor));
        let mut by_run: BTreeMap<String, Vec<KeptHead>> = BTreeMap::new();
        let audit = self.index().for_each_note(|note| {
            if note.fits {
                wanted.see(note.seq, &note.hash);
            }
            if let Some((run, kept)) = KeptHead::in_note(&note) {
                by_run.entry(run).or_default().push(kept);
            }
            take(&note);
        })?;
        let mut faults: Vec<ChainFault> = ChainFault::of(None, &audit).into_iter().collect();
        let missing = wanted.faults(&audit.genesis, audit.entries);
        faults.extend(missing.into_iter().map(|fault| ChainFault::at(None, fault)));
        let runs = check_runs(self, by_run, &mut faults);
        Ok(HostAudit { head: audit.head, notes: audit.entries, runs, faults })
    }

    /// Verifies one run. `name` is its id, a unique beginning of it, or `latest`; `take` receives each entry as it is read.
    ///
    /// # Errors
    /// The run does not exist or cannot be read. Alterations are no error: [`RunAudit::check`] reports them.
    pub fn audit_run(
        &self,
        name: &str,
        anchor: Option<&Anchor>,
        take: impl FnMut(&AuditedEntry<'_>),
    ) -> Result<RunAudit, Reason> {
        let run = self.index().find_run(name)?.id;
        let mut kept = kept_elsewhere(anchor);
        let host = self.index().for_each_note(|note| {
            let of_run = KeptHead::in_note(&note).filter(|(of, _)| *of == run);
            kept.extend(of_run.map(|(_, kept)| kept));
        })?;
        let noted_heads =
            kept.iter().filter(|kept| kept.entries.is_some_and(|had| had > 0)).count();
        let is_end_known = noted_heads > 0 || self.index().head_of(&run)?.is_some();
        let (chain, faults) = check_run(self, &run, kept, take)?;
        let is_unchained = faults.is_empty() && chain.chained_from.is_none() && chain.entries > 0;
        let reader = RunReader::open(&self.dir, &run)?;
        Ok(RunAudit {
            header: reader.header_body()?.unwrap_or_default(),
            outcomes: reader.outcomes()?,
            noted_heads,
            is_end_known,
            is_unchained,
            host_fault: ChainFault::of(None, &host),
            faults,
            chain,
            run,
        })
    }

    /// The id of the state directory's database, which its record begins with.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn database_id(&self) -> Result<String, Reason> {
        Ok(self.index().database_id()?)
    }
}

fn kept_elsewhere(anchor: Option<&Anchor>) -> Vec<KeptHead> {
    anchor.map(|anchor| KeptHead::anchor(&anchor.0)).into_iter().collect()
}

/// Follows the chain of a run; returns it with everything that does not fit.
fn check_run(
    workspace: &Workspace,
    run: &str,
    kept: Vec<KeptHead>,
    mut take: impl FnMut(&AuditedEntry<'_>),
) -> Result<(ChainAudit, Vec<ChainFault>), JournalError> {
    let mut wanted = KeptHeads::new(kept);
    // Read before the run: it may go on meanwhile, and then has more than this.
    let (row, is_held) = (workspace.index().head_of(run)?, workspace.dir.is_held(run));
    let audit = RunReader::open(&workspace.dir, run)?.for_each_audited(|entry| {
        if entry.fits {
            wanted.see(entry.seq, entry.hash);
        }
        take(entry);
    })?;
    let mut faults: Vec<ChainFault> = ChainFault::of(Some(run), &audit).into_iter().collect();
    // Where the header or the first entry does not fit, no head can: one fault says it.
    if faults.is_empty() {
        let missing = wanted.faults(&audit.genesis, audit.entries);
        let end = RunHead { entries: audit.entries, head: audit.head.clone() };
        let is_under_way = is_held || workspace.dir.is_held(run);
        let ended = row.filter(|_| !is_under_way).and_then(|row| row.end_fault(&end));
        let found = missing.into_iter().chain(ended);
        faults.extend(found.map(|fault| ChainFault::at(Some(run), fault)));
    }
    Ok((audit, faults))
}

/// Follows the chain of every run of which a head was noted.
fn check_runs(
    workspace: &Workspace,
    by_run: BTreeMap<String, Vec<KeptHead>>,
    faults: &mut Vec<ChainFault>,
) -> Vec<(String, ChainAudit)> {
    let mut runs = Vec::new();
    for (run, kept) in by_run {
        match check_run(workspace, &run, kept, |_| {}) {
            Ok((audit, found)) => {
                faults.extend(found);
                runs.push((run, audit));
            }
            Err(error) => {
                let what = format!("cannot read its journal: {error}");
                faults.push(ChainFault { run: Some(run), seq: 0, what });
            }
        }
    }
    runs
}
