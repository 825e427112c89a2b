//! The records of format 1, as they are in journals that people keep.
//!
//! Owns the proof that today's program reads them to the same values and writes them the same way. The file
//! is never changed: a new kind of entry gets a line of its own in a further file.

use super::*;
use crate::model::{Answer, ApiRefusal, CommandStatus, PinReading, Sealed, Secret, SecretSource};
use std::collections::BTreeSet;

const FORMAT_1: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/entries-v1.jsonl"));

/// What was added to format 1 later; an older program refuses a journal that holds it.
const ADDED: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/entries-v1-added.jsonl"));

/// What was added with the third format of a run's database.
const PROVING: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/entries-v3.jsonl"));

/// What was added after that.
const ADDED_LATER: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/entries-v1-added-2.jsonl"));

/// Notes about devices.
const NOTES: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/entries-v1-added-3.jsonl"));

const TASK: TaskIndex = TaskIndex(7);

fn at(event: Event) -> Entry {
    Entry { at: UnixMillis(1_800_000_000_123), event }
}

fn why() -> String {
    "the API's \"own\" words: ä€\n".to_owned()
}

fn verdicts() -> Vec<(Option<u16>, Verdict)> {
    let lost =
        |ends_run, retry_after_ms| Verdict::Unknown { reason: why(), ends_run, retry_after_ms };
    let refused = |kind| Verdict::Refused { kind, reason: why() };
    vec![
        (Some(200), Verdict::Accepted(Answer::default())),
        (
            Some(200),
            Verdict::Accepted(Answer {
                pin: Some(Sealed::clear("012345".to_owned())),
                pin_flaw: None,
                pin_missing: false,
                proven: None,
                result: Some("{\"commands\":[]}".to_owned()),
                note: Some("a PIN of unusual form".to_owned()),
            }),
        ),
        (Some(200), Verdict::Accepted(Answer { pin_missing: true, ..Answer::default() })),
        (Some(400), Verdict::InEffect { reason: why() }),
        (Some(401), refused(ApiRefusal::Unauthorized)),
        (Some(403), refused(ApiRefusal::Forbidden)),
        (Some(404), refused(ApiRefusal::NotFound)),
        (Some(400), refused(ApiRefusal::Rejected)),
        (Some(429), Verdict::Throttled { retry_after_ms: Some(17_000), reason: why() }),
        (Some(429), Verdict::Throttled { retry_after_ms: None, reason: why() }),
        (None, Verdict::NotSent { reason: why(), ends_run: false }),
        (None, Verdict::NotSent { reason: why(), ends_run: true }),
        (None, lost(false, None)),
        (Some(503), lost(false, Some(2_000))),
        (Some(302), lost(true, None)),
    ]
}

/// What the lines of the file say, in order.
fn format_1() -> Vec<Entry> {
    let mut entries = vec![
        at(Event::Opened { program: "sortie 0.1.0".to_owned() }),
        at(Event::Intent { task: TASK, attempt: 3, pin: None, sends: None, lists: None }),
    ];
    for (http_status, verdict) in verdicts() {
        entries.push(at(Event::Answered { task: TASK, attempt: 3, http_status, verdict }));
    }
    for counted in [true, false] {
        let until = UnixMillis(1_800_000_060_000);
        entries.push(at(Event::Postponed { task: TASK, until, counted, reason: why() }));
    }
    entries.push(at(Event::Doubted { task: TASK, reason: why() }));
    for status in 1..=5 {
        let command = CommandSeen {
            uuid: "d2b2eafe-2dc2-4b13-bd2b-f93735f0e59f".to_owned(),
            status: CommandStatus::from_number(status).expect("one of the five"),
            completed_at: (status == 3).then_some(UnixMillis(1_800_000_030_000)),
            reason: why(),
            candidates: 2,
        };
        entries.push(at(Event::Observed { task: TASK, command }));
    }
    for outcome in Outcome::ALL {
        entries.push(at(Event::Settled { task: TASK, outcome, reason: String::new() }));
    }
    entries.push(at(Event::ActionStopped { action: "lock".to_owned(), reason: why() }));
    entries.push(at(Event::Paused { until: UnixMillis(1_800_000_017_123), reason: why() }));
    for cause in [
        StopCause::Operator,
        StopCause::Errors,
        StopCause::Unauthorized,
        StopCause::Unreachable,
        StopCause::NotTheApi,
        StopCause::Deadline,
        StopCause::Clock,
    ] {
        entries.push(at(Event::Stopped { cause, reason: why() }));
    }
    entries.push(at(Event::Unseen { task: TASK, reason: why() }));
    entries.push(at(Event::Closed));
    entries
}

/// What the lines of the second file say, in order.
fn added() -> Vec<Entry> {
    let clear = || Sealed::clear("012345".to_owned());
    let closed = || Sealed::encrypted("-----BEGIN AGE ENCRYPTED FILE-----\n".to_owned(), None);
    let mut entries = vec![
        at(Event::Intent { task: TASK, attempt: 1, pin: Some(clear()), sends: None, lists: None }),
        at(Event::Intent { task: TASK, attempt: 2, pin: Some(closed()), sends: None, lists: None }),
        at(Event::Absent { task: TASK, evidence: why() }),
        at(Event::Adopted { task: TASK, evidence: why() }),
    ];
    for decision in [Decision::Done, Decision::NotDone, Decision::SendAgain] {
        entries.push(at(Event::Resolved { task: TASK, decision, by: why() }));
    }
    for reading in [
        PinReading::Found { pin: clear(), agrees: None },
        PinReading::Found { pin: closed(), agrees: Some(true) },
        PinReading::Found { pin: clear(), agrees: Some(false) },
        PinReading::Nothing,
        PinReading::Unreadable { reason: why(), is_forbidden: true },
        PinReading::Unreadable { reason: why(), is_forbidden: false },
    ] {
        entries.push(at(Event::PinRead { task: TASK, reading }));
    }
    for source in SecretSource::ALL {
        let secrets = vec![Secret { name: "key".to_owned(), value: closed() }];
        entries.push(at(Event::SecretsRead { task: TASK, source, secrets }));
    }
    entries.push(at(Event::SecretsRead {
        task: TASK,
        source: SecretSource::BypassCode,
        secrets: Vec::new(),
    }));
    let not_before = UnixMillis(1_800_000_060_000);
    entries.extend([
        at(Event::Rechecked { task: TASK }),
        at(Event::WaveBegun { wave: 2, not_before, reason: why() }),
        at(Event::CanaryAdded { device: 9, reason: why() }),
        at(Event::Woke { slept_ms: 7_200_000 }),
    ]);
    for cause in [
        StopCause::StopFile,
        StopCause::ErrorsInARow,
        StopCause::PinMissing,
        StopCause::WrongDevice,
        StopCause::WrongTenant,
        StopCause::Canary,
        StopCause::Wave,
        StopCause::Window,
        StopCause::Policy,
    ] {
        entries.push(at(Event::Stopped { cause, reason: why() }));
    }
    entries.push(at(Event::Answered {
        task: TASK,
        attempt: 1,
        http_status: Some(200),
        verdict: Verdict::OtherDevice { reason: why() },
    }));
    entries
}

/// What the lines of the third file say, in order.
fn proving() -> Vec<Entry> {
    let sends = Some(Box::new(SentRequest {
        device: crate::model::DeviceId::from_api("0b1b7c5e-3b0c-4a92-9ad2-7d3e0a3a1f11"),
        action: "lock".to_owned(),
        params: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".to_owned(),
    }));
    vec![
        at(Event::Intent { task: TASK, attempt: 1, pin: None, sends, lists: None }),
        at(Event::Ended { by: "ann@host".to_owned() }),
    ]
}

/// What the lines of the fourth file say, in order.
fn added_later() -> Vec<Entry> {
    let pin = || Sealed::clear("******".to_owned());
    let flaw = || "is 6 characters without a digit, like a placeholder".to_owned();
    let answer =
        Answer { pin: Some(pin()), pin_flaw: Some(flaw()), pin_missing: true, ..Answer::default() };
    vec![
        at(Event::Stopped { cause: StopCause::Throttled, reason: why() }),
        at(Event::Answered {
            task: TASK,
            attempt: 1,
            http_status: Some(200),
            verdict: Verdict::Accepted(answer),
        }),
        at(Event::PinRead { task: TASK, reading: PinReading::Odd { pin: pin(), flaw: flaw() } }),
        at(Event::PinRead {
            task: TASK,
            reading: PinReading::Known {
                pin: Sealed::clear("012345".to_owned()),
                run: "20260102-030405-abcde".to_owned(),
            },
        }),
    ]
}

/// What the lines of the fifth file say, in order.
fn notes() -> Vec<Entry> {
    let results = [
        NoteResult::Written,
        NoteResult::NotWritten { reason: why(), is_forbidden: true },
        NoteResult::Later { reason: why(), retry_after_ms: Some(7_000) },
        NoteResult::Unknown { reason: why() },
    ];
    let answered = results.map(|result| at(Event::NoteAnswered { task: TASK, result }));
    [at(Event::NoteIntended { task: TASK })].into_iter().chain(answered).collect()
}

/// One word for each kind, verdicts apart. A new kind does not compile here until it has one.
fn kind(event: &Event) -> &'static str {
    match event {
        Event::Opened { .. } => "opened",
        Event::Intent { .. } => "intent",
        Event::Answered { verdict: Verdict::Accepted(_), .. } => "accepted",
        Event::Answered { verdict: Verdict::InEffect { .. }, .. } => "in effect",
        Event::Answered { verdict: Verdict::Refused { .. }, .. } => "refused",
        Event::Answered { verdict: Verdict::Throttled { .. }, .. } => "throttled",
        Event::Answered { verdict: Verdict::NotSent { .. }, .. } => "not sent",
        Event::Answered { verdict: Verdict::Unknown { .. }, .. } => "unknown",
        Event::Answered { verdict: Verdict::OtherDevice { .. }, .. } => "other device",
        Event::Postponed { .. } => "postponed",
        Event::Doubted { .. } => "doubted",
        Event::Observed { .. } => "observed",
        Event::Absent { .. } => "absent",
        Event::Adopted { .. } => "adopted",
        Event::Resolved { .. } => "resolved",
        Event::PinRead { .. } => "pin read",
        Event::SecretsRead { .. } => "secrets read",
        Event::Rechecked { .. } => "rechecked",
        Event::WaveBegun { .. } => "wave begun",
        Event::CanaryAdded { .. } => "canary added",
        Event::Woke { .. } => "woke",
        Event::Settled { .. } => "settled",
        Event::NoteIntended { .. } => "note intended",
        Event::NoteAnswered { .. } => "note answered",
        Event::ActionStopped { .. } => "action stopped",
        Event::Paused { .. } => "paused",
        Event::Stopped { .. } => "stopped",
        Event::Unseen { .. } => "unseen",
        Event::Closed => "closed",
        Event::Ended { .. } => "ended",
    }
}

#[test]
fn format_1_is_read_to_the_same_values_and_written_the_same_way() {
    reads_and_writes(FORMAT_1, &format_1());
    reads_and_writes(ADDED, &added());
    reads_and_writes(PROVING, &proving());
    reads_and_writes(ADDED_LATER, &added_later());
    reads_and_writes(NOTES, &notes());
}

fn reads_and_writes(file: &str, expected: &[Entry]) {
    let lines: Vec<&str> = file.lines().collect();
    for (line, entry) in lines.iter().zip(expected) {
        let read: Entry = serde_json::from_str(line).expect("format 1 is read for ever");
        assert_eq!(&read, entry, "{line}");
        let kind = format!(r#""kind":"{}""#, entry.event.word());
        assert!(line.contains(&kind), "{line}");
        assert_eq!(&serde_json::to_string(&read).expect("JSON"), line);
    }
    assert_eq!(lines.len(), expected.len());
}

#[test]
fn every_kind_of_entry_has_a_line() {
    let all = format_1().into_iter().chain(added()).chain(proving()).chain(notes());
    let kinds: BTreeSet<&str> = all.map(|entry| kind(&entry.event)).collect();
    assert_eq!(kinds.len(), 30);
}

#[test]
fn an_answer_of_an_older_program_may_lack_what_was_added_later() {
    let text = r#"{"at":1,"event":{"kind":"answered","task":0,"attempt":1,"http_status":200,"verdict":{"accepted":{}}}}"#;
    let read: Entry = serde_json::from_str(text).expect("missing fields have defaults");
    let verdict = Verdict::Accepted(Answer::default());
    let event = Event::Answered { task: TaskIndex(0), attempt: 1, http_status: Some(200), verdict };
    assert_eq!(read, Entry { at: UnixMillis(1), event });
}
