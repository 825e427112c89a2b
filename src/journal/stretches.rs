//! Entries as they are on disk, a stretch at a time.
//!
//! Owns the reading of events while the stretch before is verified: each takes about half of the time, and a million
//! entries are verified before a run goes on. Must never judge an entry, nor change the order of entries.

use rusqlite::Rows;
use std::path::Path;
use std::thread::{Builder, scope};
use zeroize::Zeroizing;

use super::error::{At, JournalError};
use super::run_chain::text_at;
use crate::model::Event;

/// Entries of one stretch: starting a thread for it costs nothing beside them, and they are a few megabytes.
pub(super) const ENTRIES_MAX: usize = 8_192;

/// An entry as it is on disk.
pub(super) struct StoredEntry {
    pub seq: i64,
    pub at: i64,
    pub task: Option<u32>,
    pub kind: String,
    /// Its body, secrets included.
    pub body: Zeroizing<String>,
    pub hash: Option<String>,
}

impl StoredEntry {
    /// What it says; `None` where this program cannot read it.
    fn event(&self) -> Option<Event> {
        serde_json::from_str(&self.body).ok()
    }
}

/// Gives every entry to `take`, in order, with what it says. `rows` has the columns of [`StoredEntry`].
pub(super) fn for_each_stored(
    mut rows: Rows<'_>,
    path: &Path,
    mut take: impl FnMut(StoredEntry, Option<Event>),
) -> Result<(), JournalError> {
    let mut stretch = next_stretch(&mut rows, path)?;
    let mut events: Vec<Option<Event>> = stretch.iter().map(StoredEntry::event).collect();
    while !stretch.is_empty() {
        let next = next_stretch(&mut rows, path)?;
        events = events_beside(&next, || {
            stretch.drain(..).zip(events.drain(..)).for_each(|(entry, event)| take(entry, event));
        });
        stretch = next;
    }
    Ok(())
}

/// Reads the events of a stretch in a thread of its own while `work` goes on here. Where the system gives no thread,
/// one comes after the other.
fn events_beside(entries: &[StoredEntry], work: impl FnOnce()) -> Vec<Option<Event>> {
    let read = || entries.iter().map(StoredEntry::event).collect();
    scope(|scope| {
        let reading = Builder::new().spawn_scoped(scope, read);
        work();
        match reading.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(events)) => events,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(_) => read(),
        }
    })
}

fn next_stretch(rows: &mut Rows<'_>, path: &Path) -> Result<Vec<StoredEntry>, JournalError> {
    let mut entries = Vec::new();
    while entries.len() < ENTRIES_MAX
        && let Some(row) = rows.next().at(path)?
    {
        entries.push(StoredEntry {
            seq: row.get(0).at(path)?,
            at: row.get(1).at(path)?,
            task: row.get(2).at(path)?,
            kind: text_at(row, 3).at(path)?.to_owned(),
            body: Zeroizing::new(text_at(row, 4).at(path)?.to_owned()),
            hash: row.get(5).at(path)?,
        });
    }
    Ok(entries)
}
