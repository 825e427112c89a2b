//! Heads that were kept outside of a chain.
//!
//! Owns which heads the host's record keeps of a run, and what is missing when a chain does not contain one. A chain
//! cannot show by itself what was removed at its end: only a head that is kept elsewhere does. Must never take a note
//! for true that does not fit its own chain.

use std::collections::BTreeMap;

use super::chain::{AuditFault, AuditRecord};

/// Kinds of the notes that hold how far a run had come when a process left it, or a person closed it.
const HEADS: [&str; 2] = ["left", "closed"];
/// Kind of the notes that hold with which header and tasks a run began.
const STARTED: &str = "started";
/// Under which key they do.
const BEGINNING: &str = "beginning";

/// A head that a run once had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptHead {
    /// The hash of the head that was stored elsewhere.
    pub head: String,
    /// How many entries it had then, where that is known.
    pub entries: Option<u64>,
    /// Where it is kept, for people.
    pub place: String,
}

impl KeptHead {
    /// What a note says of the run that it is about.
    #[must_use]
    pub fn in_note(note: &AuditRecord) -> Option<(String, Self)> {
        let run = note.run.clone()?;
        let (head, entries) = match note.kind.as_str() {
            kind if HEADS.contains(&kind) => {
                (note.body["head"].as_str()?, note.body["entries"].as_u64())
            }
            STARTED => (note.body[BEGINNING].as_str()?, Some(0)),
            _ => return None,
        };
        let place = format!("note {} of the host's record", note.seq);
        Some((run, Self { head: head.to_owned(), entries, place }))
    }

    /// A head of a chain that a person kept outside of this host, as `sortie audit --anchor` reads it.
    #[must_use]
    pub fn anchor(hash: &str) -> Self {
        Self { head: hash.to_owned(), entries: None, place: "--anchor".to_owned() }
    }

    fn is_at(&self, seq: u64) -> bool {
        self.entries.is_none_or(|entries| entries == seq)
    }

    /// What is wrong when a chain of so many entries does not contain it.
    fn missing(&self, entries: u64) -> AuditFault {
        let (place, head) = (&self.place, &self.head);
        if self.entries == Some(0) {
            let what = format!(
                "{place} shows that the run began with other tasks or another header ({head})"
            );
            return AuditFault { seq: 0, what };
        }
        let (seq, had) = match self.entries {
            Some(had) if had > entries => (entries + 1, format!(" and {had} entries")),
            Some(had) => (had, format!(" with {had} entries")),
            None => (0, String::new()),
        };
        let what = format!(
            "{place} has the head {head}{had}, which is no longer in the chain: entries were removed or changed"
        );
        AuditFault { seq, what }
    }
}

/// Heads that a chain has to contain, by their hashes.
#[derive(Debug, Default)]
pub struct KeptHeads {
    by_hash: BTreeMap<String, Vec<KeptHead>>,
}

impl KeptHeads {
    /// The heads to look for in a chain.
    #[must_use]
    pub fn new(kept: Vec<KeptHead>) -> Self {
        let mut heads = Self::default();
        for kept in kept {
            heads.by_hash.entry(kept.head.clone()).or_default().push(kept);
        }
        heads
    }

    /// Crosses out what is found at one record that fits.
    pub fn see(&mut self, seq: u64, hash: &str) {
        if let Some(kept) = self.by_hash.get_mut(hash) {
            kept.retain(|kept| !kept.is_at(seq));
        }
    }

    /// What was not found in a chain of so many entries that begins with `genesis`, earliest first.
    #[must_use]
    pub fn faults(mut self, genesis: &str, entries: u64) -> Vec<AuditFault> {
        self.see(0, genesis);
        let mut faults: Vec<AuditFault> =
            self.by_hash.values().flatten().map(|kept| kept.missing(entries)).collect();
        faults.sort_by_key(|fault| fault.seq);
        faults
    }
}
