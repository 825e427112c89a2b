//! Records that are tied to each other by hashes.
//!
//! Owns what a link covers, what is left out of it, and the walk along a chain. Must never take a secret into a hash:
//! a PIN has six digits, and the hash of one could be turned back; and what is pruned later must not be missed.
//!
//! Invariant: the lengths of fields are hashed with them, so that none can be shifted into another.

use serde::{Serialize, Serializer};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::model::{UnixMillis, hexadecimal, hexadecimal_of};

/// The keys under which PINs, kept secrets and the results of reads are stored in entries. A new kind of entry that holds
/// any has to use one of them: older programs leave out what they find there, at any depth.
const SECRET_KEYS: [&str; 3] = ["pin", "secrets", "result"];

/// Digits of a SHA-256.
const HASH_DIGITS: usize = 64;

/// The first place at which a chain is not what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditFault {
    /// Number of the record; 0 for what comes before the first or beside all of them: header, tasks, outcomes.
    pub seq: u64,
    /// What does not fit, for people.
    pub what: String,
}

/// One record of a chain, without secrets.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRecord {
    /// Its number, from 1.
    pub seq: u64,
    /// When it was formed.
    pub at: UnixMillis,
    /// Kind of the entry, as stored.
    pub kind: String,
    /// The run that a note is about.
    pub run: Option<String>,
    /// What it says; null where it cannot be read.
    pub body: Value,
    /// Its hash: of itself and of everything before it.
    pub hash: String,
    /// Whether it and everything before it is what was written. Only then is the hash worth anything.
    pub fits: bool,
}

/// What the audit of one chain of hashes found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainAudit {
    /// How many records there are.
    pub entries: u64,
    /// The first record that was written with a hash; those before it are covered from there on. `None` where none was.
    pub chained_from: Option<u64>,
    /// The hash that the first record is tied to.
    pub genesis: String,
    /// The hash of the last record; the genesis where there is none.
    pub head: String,
    /// The first place that does not fit.
    pub fault: Option<AuditFault>,
}

/// A hash over fields, one after the other.
pub(super) struct Link(Sha256);

impl Link {
    /// Begins with a text: the hash before, or a word that names the format.
    pub(super) fn new(before: &str) -> Self {
        Self(Sha256::new()).text(before)
    }

    pub(super) fn text(mut self, text: &str) -> Self {
        self.add_bytes(text.as_bytes());
        self
    }

    /// Adds the bytes of a text.
    pub(super) fn add_bytes(&mut self, bytes: &[u8]) {
        self.add_number(bytes.len().try_into().unwrap_or(i64::MAX));
        self.0.update(bytes);
    }

    pub(super) fn number(mut self, number: i64) -> Self {
        self.add_number(number);
        self
    }

    /// Adds a number.
    pub(super) fn add_number(&mut self, number: i64) {
        self.0.update(number.to_be_bytes());
    }

    /// A text that may be missing, which is not the same as an empty one.
    pub(super) fn optional(self, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.number(1).text(text),
            None => self.number(0),
        }
    }

    pub(super) fn hash(self) -> String {
        hexadecimal(&self.0.finalize())
    }
}

/// A hash as it is stored, without memory of its own.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct HexHash([u8; HASH_DIGITS]);

impl HexHash {
    /// SHA-256 of bytes.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut digits = [0; HASH_DIGITS];
        for (place, byte) in digits.chunks_exact_mut(2).zip(Sha256::digest(bytes)) {
            place.copy_from_slice(&hexadecimal_of(byte));
        }
        Self(digits)
    }

    pub(super) fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("digits are ASCII")
    }
}

/// The way along a chain.
pub(super) struct Walk {
    audit: ChainAudit,
    last: i64,
    /// From which record on each has to have a hash.
    hashed_from: Option<i64>,
}

impl Walk {
    /// Before the first record.
    pub(super) fn new(genesis: String) -> Self {
        let audit = ChainAudit {
            entries: 0,
            chained_from: None,
            head: genesis.clone(),
            genesis,
            fault: None,
        };
        Self { audit, last: 0, hashed_from: None }
    }

    /// Every record from this one on was written with a hash.
    pub(super) fn is_chained_from(&mut self, seq: i64) {
        self.hashed_from = Some(seq);
    }

    /// The first place that does not fit so far.
    pub(super) fn found(&self) -> Option<&AuditFault> {
        self.audit.fault.as_ref()
    }

    /// The record that the walk has reached: its number and its hash.
    pub(super) fn stands_at(&self) -> (i64, &str) {
        (self.last, &self.audit.head)
    }

    /// The hash of the record that the walk has reached.
    pub(super) fn head(&self) -> &str {
        &self.audit.head
    }

    /// Notes that something does not fit; only the first place counts.
    pub(super) fn fault(&mut self, seq: i64, what: impl Into<String>) {
        let fault = AuditFault { seq: seq.unsigned_abs(), what: what.into() };
        self.audit.fault.get_or_insert(fault);
    }

    /// Goes on to the next record, which has the hash `found` and should have the hash `expected`; that is `None` for
    /// one that cannot be read. Returns whether everything so far is what was written.
    pub(super) fn step(&mut self, seq: i64, expected: Option<&str>, found: Option<&str>) -> bool {
        if seq != self.last + 1 {
            self.fault(self.last + 1, "it is missing");
        }
        self.last = seq;
        self.audit.entries += 1;
        if found.is_some() {
            self.audit.chained_from.get_or_insert(seq.unsigned_abs());
        }
        let must_be_hashed =
            self.hashed_from.is_some_and(|first| seq >= first) || self.audit.chained_from.is_some();
        match (expected, found) {
            (None, _) => self.fault(seq, "it cannot be read"),
            (Some(_), None) if must_be_hashed => self.fault(seq, "its hash was removed"),
            (Some(expected), Some(found)) if expected != found => {
                self.fault(seq, "this entry or an earlier one was altered");
            }
            _ => {}
        }
        // After a fault the stored hashes show where the rest hangs together.
        if let Some(hash) = found.or(expected) {
            self.audit.head.clear();
            self.audit.head.push_str(hash);
        }
        self.audit.fault.is_none()
    }

    /// What the walk showed, in a database of this format. A newer one may hash in another way.
    pub(super) fn end(mut self, format: u32, known: usize) -> ChainAudit {
        if let Some(fault) = self.audit.fault.as_mut().filter(|_| format as usize > known) {
            fault
                .what
                .push_str("; a newer version of sortie wrote it: verify it with that version");
        }
        self.audit
    }
}

/// Reads JSON as it is in a database; `None` where it is none. The error of the parser is dropped: it could repeat
/// a value, and a value could be a PIN.
pub(super) fn stored_json(body: &str) -> Option<Value> {
    serde_json::from_str(body).ok()
}

/// Whether a PIN, a kept secret or the result of a read is under a key of an entry.
pub(super) fn is_secret_key(key: &[u8]) -> bool {
    SECRET_KEYS.iter().any(|secret| secret.as_bytes() == key)
}

/// What of a body is left alone besides what is sealed in it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    /// A task or a note: every parameter that is a secret is there, without its value. The keys of parameters are the
    /// API's, and so none of them means anything here.
    Keys,
    /// An entry: PINs, kept secrets and the results of reads are left out with their keys.
    Nothing,
}

impl Leave {
    fn drops(self, key: &str) -> bool {
        self == Self::Nothing && is_secret_key(key.as_bytes())
    }
}

/// Writes a stored body as it is hashed, without secrets, into `text`, and returns it.
pub(super) fn write_without_secrets<'a>(
    body: &Value,
    leave: Leave,
    text: &'a mut Vec<u8>,
) -> &'a [u8] {
    text.clear();
    serde_json::to_writer(&mut *text, &Stripped { value: body, leave })
        .expect("JSON that was read can be written to memory");
    text
}

/// A value that is written without its secrets.
struct Stripped<'a> {
    value: &'a Value,
    leave: Leave,
}

impl Serialize for Stripped<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { value, leave } = *self;
        let strip = |value| Stripped { value, leave };
        match value {
            sealed if is_sealed(sealed) => serializer.serialize_unit(),
            Value::Object(fields) => {
                let kept = fields.iter().filter(|(key, _)| !leave.drops(key));
                serializer.collect_map(kept.map(|(key, field)| (key, strip(field))))
            }
            Value::Array(items) => serializer.collect_seq(items.iter().map(strip)),
            plain => plain.serialize(serializer),
        }
    }
}

/// A stored body as it is shown, without secrets.
pub(super) fn without_secrets(mut body: Value, leave: Leave) -> Value {
    drop_secrets(&mut body, leave);
    body
}

/// A note as it is shown: without what is sealed in it.
pub(super) fn without_sealed(body: &str) -> Option<Value> {
    Some(without_secrets(stored_json(body)?, Leave::Keys))
}

fn drop_secrets(value: &mut Value, leave: Leave) {
    match value {
        sealed if is_sealed(sealed) => *sealed = Value::Null,
        Value::Object(fields) => {
            fields.retain(|key, _| !leave.drops(key));
            fields.values_mut().for_each(|field| drop_secrets(field, leave));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| drop_secrets(item, leave)),
        _ => {}
    }
}

/// Gives a stored body the secrets of `rewritten`, a body of the same shape, and changes nothing else in it: a newer
/// program than the one that wrote it may know more fields, and they must not get into what was hashed.
pub(super) fn with_secrets_of(stored: &mut Value, rewritten: &Value) {
    if is_sealed(stored) && is_sealed(rewritten) {
        stored.clone_from(rewritten);
        return;
    }
    match (stored, rewritten) {
        (Value::Object(stored), Value::Object(rewritten)) => {
            for key in SECRET_KEYS {
                match rewritten.get(key) {
                    Some(value) => drop(stored.insert(key.to_owned(), value.clone())),
                    None => drop(stored.remove(key)),
                }
            }
            for (key, value) in stored.iter_mut() {
                if let Some(rewritten) = rewritten.get(key) {
                    with_secrets_of(value, rewritten);
                }
            }
        }
        (Value::Array(stored), Value::Array(rewritten)) => {
            stored.iter_mut().zip(rewritten).for_each(|(one, other)| with_secrets_of(one, other));
        }
        _ => {}
    }
}

/// Whether this is how a sealed value is stored, unencrypted or encrypted.
fn is_sealed(value: &Value) -> bool {
    let Value::Object(fields) = value else { return false };
    fields.len() == 1
        && ["clear", "age"].iter().any(|form| fields.get(*form).is_some_and(Value::is_string))
}
