//! Rows as they are on disk, a stretch at a time.
//!
//! Owns the memory that they are read into, and the division of work: rows are read and judged on the calling thread, while
//! another one reads what the stretch before says. A million entries are verified before a run goes on. Must never judge
//! an entry, nor change the order of rows.

use rusqlite::Row;
use std::ops::Range;
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, ScopedJoinHandle, scope};
use zeroize::Zeroizing;

use super::chain::HexHash;
use super::error::JournalError;
use super::run_chain::{EntryHasher, EntryKey, text_at};
use super::run_reader::from_json;
use super::stored_event::read_event;
use crate::model::{Event, Task};

/// Entries of one stretch: handing it to a thread costs nothing beside them, and they are a few megabytes.
pub(super) const ENTRIES_MAX: usize = 8_192;
/// Bytes that a stretch has room for at first; it grows where its texts are longer.
const STRETCH_BYTES: usize = 1 << 20;
/// Stretches that are with the other thread: one is read while the next one waits.
const UNDER_WAY_MAX: usize = 2;

/// Texts of several rows in one piece of memory, which is wiped when it is given up: there may be secrets in them.
pub(super) struct Texts(Zeroizing<String>);

impl Texts {
    fn new() -> Self {
        Self(Zeroizing::new(String::with_capacity(STRETCH_BYTES)))
    }

    fn add(&mut self, text: &str) -> Range<usize> {
        let from = self.0.len();
        let needed = from + text.len();
        if needed > self.0.capacity() {
            // What grows by itself leaves a copy behind.
            let mut larger = Zeroizing::new(String::with_capacity(needed * 2));
            larger.push_str(&self.0);
            self.0 = larger;
        }
        self.0.push_str(text);
        from..needed
    }

    fn get(&self, place: &Range<usize>) -> &str {
        &self.0[place.clone()]
    }
}

/// Entries as they are on disk.
pub(super) struct Stretch {
    texts: Texts,
    entries: Vec<StoredPlace>,
}

/// Where the parts of an entry are.
struct StoredPlace {
    seq: i64,
    at: i64,
    task: Option<u32>,
    kind: Range<usize>,
    body: Range<usize>,
    hash: Option<Range<usize>>,
}

/// An entry as it is on disk.
#[derive(Copy, Clone)]
pub(super) struct StoredEntry<'a> {
    pub seq: i64,
    pub at: i64,
    pub task: Option<u32>,
    pub kind: &'a str,
    /// Its body, secrets included.
    pub body: &'a str,
    pub hash: Option<&'a str>,
}

/// What the body of an entry says.
pub(super) struct ReadEntry {
    /// What happened; `None` where this program cannot read it.
    pub event: Option<Event>,
    /// The hash that it has to have behind the entry before it; `None` where it is not JSON.
    pub expected: Option<HexHash>,
}

impl Stretch {
    /// Takes in a row with the columns of [`StoredEntry`], in their order.
    pub(super) fn add(&mut self, row: &Row<'_>) -> Result<(), rusqlite::Error> {
        let hash = row.get_ref(5)?.as_str_or_null()?;
        self.entries.push(StoredPlace {
            seq: row.get(0)?,
            at: row.get(1)?,
            task: row.get(2)?,
            kind: self.texts.add(text_at(row, 3)?),
            body: self.texts.add(text_at(row, 4)?),
            hash: hash.map(|hash| self.texts.add(hash)),
        });
        Ok(())
    }

    /// The entries, in order.
    pub(super) fn entries(&self) -> impl Iterator<Item = StoredEntry<'_>> {
        let text = |place: &Range<usize>| self.texts.get(place);
        self.entries.iter().map(move |StoredPlace { seq, at, task, kind, body, hash }| {
            let hash = hash.as_ref().map(text);
            StoredEntry {
                seq: *seq,
                at: *at,
                task: *task,
                kind: text(kind),
                body: text(body),
                hash,
            }
        })
    }
}

impl Stretch {
    /// Reads what the entries say, in order, without verifying any.
    pub(super) fn events(&self, path: &Path) -> Result<Vec<Event>, JournalError> {
        let read = |entry: StoredEntry<'_>| match read_event(entry.body) {
            Some(event) => Ok(event),
            None => from_json(entry.body, path),
        };
        self.entries().map(read).collect()
    }
}

/// Reads what entries say, one stretch after the other.
pub(super) struct EntryReading {
    hasher: EntryHasher,
    /// The hash that the next entry is tied to: as for the walk along the chain, the stored one where there is one.
    before: String,
}

impl EntryReading {
    /// Before the first entry, which is tied to `genesis`.
    pub(super) fn new(genesis: &str) -> Self {
        Self { hasher: EntryHasher::default(), before: genesis.to_owned() }
    }

    /// Reads the entries of the next stretch.
    pub(super) fn read(&mut self, stretch: &Stretch) -> Vec<ReadEntry> {
        let read = |entry: StoredEntry<'_>| {
            let StoredEntry { seq, at, task, kind, body, hash } = entry;
            let key = EntryKey { seq, at, task, kind };
            let expected = self.hasher.hash(&self.before, key, body);
            if let Some(next) = hash.or(expected.as_ref().map(HexHash::as_str)) {
                self.before.clear();
                self.before.push_str(next);
            }
            ReadEntry { event: read_event(body), expected }
        };
        stretch.entries().map(read).collect()
    }
}

/// Bodies of tasks as they are on disk.
pub(super) struct TaskStretch {
    texts: Texts,
    bodies: Vec<Range<usize>>,
}

impl TaskStretch {
    /// Takes in a row of the tasks, with the body in this column.
    pub(super) fn add(&mut self, row: &Row<'_>, body: usize) -> Result<(), rusqlite::Error> {
        self.bodies.push(self.texts.add(text_at(row, body)?));
        Ok(())
    }

    /// The bodies, in order.
    pub(super) fn bodies(&self) -> impl Iterator<Item = &str> {
        self.bodies.iter().map(|place| self.texts.get(place))
    }

    /// Reads the tasks, in order.
    pub(super) fn read(&self, path: &Path) -> Result<Vec<Task>, JournalError> {
        self.bodies().map(|body| from_json(body, path)).collect()
    }
}

/// Rows that are read together.
pub(super) trait StretchRows: Send {
    /// No rows yet.
    fn new() -> Self;
    /// Forgets the rows and keeps the memory.
    fn clear(&mut self);
    /// How many there are.
    fn count(&self) -> usize;
}

impl StretchRows for Stretch {
    fn new() -> Self {
        Self { texts: Texts::new(), entries: Vec::with_capacity(ENTRIES_MAX) }
    }

    fn clear(&mut self) {
        self.texts.0.clear();
        self.entries.clear();
    }

    fn count(&self) -> usize {
        self.entries.len()
    }
}

impl StretchRows for TaskStretch {
    fn new() -> Self {
        Self { texts: Texts::new(), bodies: Vec::with_capacity(ENTRIES_MAX) }
    }

    fn clear(&mut self) {
        self.texts.0.clear();
        self.bodies.clear();
    }

    fn count(&self) -> usize {
        self.bodies.len()
    }
}

/// Fills stretches with `add`, which says whether there was one more row, and gives each to `read` and then, with what that
/// returned, to `take`, in order. `read` goes on in a thread of its own; where the system gives none, one comes after the
/// other.
pub(super) fn for_each_stretch<R: StretchRows, T: Send, E>(
    mut add: impl FnMut(&mut R) -> Result<bool, E>,
    read: impl FnMut(&R) -> T + Send,
    mut take: impl FnMut(&R, T),
) -> Result<(), E> {
    let read = Mutex::new(read);
    let locked = || read.lock().unwrap_or_else(PoisonError::into_inner);
    scope(|scope| {
        let (rows, waiting) = sync_channel::<R>(UNDER_WAY_MAX);
        let (results, done) = sync_channel::<(R, T)>(UNDER_WAY_MAX);
        let work = || {
            let (waiting, results, mut read) = (waiting, results, locked());
            for stretch in waiting {
                let result = read(&stretch);
                if results.send((stretch, result)).is_err() {
                    return;
                }
            }
        };
        let reading = Builder::new().spawn_scoped(scope, work).ok();
        let (mut under_way, mut spent) = (0, None);
        loop {
            let mut stretch: R = spent.take().unwrap_or_else(R::new);
            while stretch.count() < ENTRIES_MAX && add(&mut stretch)? {}
            let is_last = stretch.count() < ENTRIES_MAX;
            if reading.is_none() {
                let result = locked()(&stretch);
                take(&stretch, result);
                spent = Some(stretch);
            } else {
                // A thread that panicked shows below.
                under_way += usize::from(rows.send(stretch).is_ok());
            }
            while under_way == UNDER_WAY_MAX || (is_last && under_way > 0) {
                let Ok((mut stretch, result)) = done.recv() else { break };
                under_way -= 1;
                take(&stretch, result);
                stretch.clear();
                spent = Some(stretch);
            }
            if is_last || reading.as_ref().is_some_and(ScopedJoinHandle::is_finished) {
                break;
            }
        }
        drop(rows);
        match reading.map(ScopedJoinHandle::join) {
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            Some(Ok(())) | None => Ok(()),
        }
    })
}
