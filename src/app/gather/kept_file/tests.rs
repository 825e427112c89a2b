//! Tests of the file that keeps what was gathered.

use serde_json::json;

use super::*;

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
const TENANT: &str = "acme";

fn read_of(number: u32) -> SectionRead {
    let device = DeviceId::from_api(&format!("{number:08x}-0000-4000-8000-000000000000"));
    SectionRead { device, section: DeviceSection::Details }
}

/// A file with two sections, the second a minute after the first.
fn filled(path: &Path, is_ended: bool) {
    let mut kept = KeptFile::open(path, TENANT, NOW, false).expect("a file");
    for number in 1..=2_u32 {
        let at = NOW.plus_ms(u64::from(number - 1) * 60_000);
        kept.keep(&read_of(number), at, json!({ "number": number })).expect("kept");
    }
    if is_ended {
        kept.end(NOW.plus_ms(60_000)).expect("ended");
    }
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("gathered/acme.jsonl");
    (directory, path)
}

/// What is used of the file after so long.
fn used(path: &Path, after_ms: u64) -> (usize, Option<SetAside>) {
    let kept = KeptFile::open(path, TENANT, NOW.plus_ms(after_ms), false).expect("a file");
    (kept.places.len(), kept.set_aside)
}

#[test]
fn sections_are_read_back_from_the_file() {
    let (_directory, path) = place();
    filled(&path, false);
    let mut kept = KeptFile::open(&path, TENANT, NOW.plus_ms(90_000), false).expect("a file");
    let (at, body) = kept.body(&read_of(2)).expect("readable").expect("kept");
    assert_eq!((at, &body["number"]), (NOW.plus_ms(60_000), &json!(2)));
    assert!(kept.body(&read_of(3)).expect("readable").is_none());
}

#[test]
fn an_interrupted_gather_counts_longer_than_one_that_ended() {
    for (is_ended, after_ms, expected) in [
        (false, 60_000, (2, None)),
        (false, ENDED_MS_MAX + 60_001, (2, None)),
        (false, INTERRUPTED_MS_MAX + 1, (1, None)),
        (false, INTERRUPTED_MS_MAX + 60_001, (0, Some(SetAside::Old))),
        (true, ENDED_MS_MAX + 60_000, (2, None)),
        (true, ENDED_MS_MAX + 60_001, (0, Some(SetAside::Old))),
        // A clock that was set back says nothing of the age.
        (true, 0, (0, Some(SetAside::Old))),
    ] {
        let (_directory, path) = place();
        filled(&path, is_ended);
        assert_eq!(used(&path, after_ms), expected, "{is_ended} {after_ms}");
    }
}

#[test]
fn a_torn_line_is_dropped_and_a_changed_file_is_set_aside() {
    let (_directory, path) = place();
    filled(&path, false);
    let whole = std::fs::read_to_string(&path).expect("a text");
    std::fs::write(&path, &whole[..whole.len() - 10]).expect("written");
    assert_eq!(used(&path, 60_000), (1, None), "the last line is torn");
    let mut kept = KeptFile::open(&path, TENANT, NOW.plus_ms(60_000), false).expect("a file");
    kept.keep(&read_of(9), NOW.plus_ms(60_000), json!({})).expect("kept");
    drop(kept);
    assert_eq!(used(&path, 60_000), (2, None), "it goes on behind the last whole line");
    for changed in [whole.replace("\"number\":1", "\"number\":7"), "no gather\n".to_owned()] {
        std::fs::write(&path, changed).expect("written");
        assert_eq!(used(&path, 60_000), (0, Some(SetAside::Altered)));
    }
    std::fs::write(&path, &whole).expect("written");
    let other = KeptFile::open(&path, "globex", NOW, false).expect("a file");
    assert_eq!(other.set_aside, Some(SetAside::Altered), "it is of another tenant");
}

#[test]
fn what_was_asked_for_anew_is_not_used() {
    let (_directory, path) = place();
    filled(&path, true);
    let kept = KeptFile::open(&path, TENANT, NOW.plus_ms(60_000), true).expect("a file");
    assert_eq!((kept.places.len(), kept.set_aside), (0, Some(SetAside::Asked)));
}

#[test]
fn two_processes_never_write_one_file() {
    let (_directory, path) = place();
    let _first = KeptFile::open(&path, TENANT, NOW, false).expect("a file");
    let second = KeptFile::open(&path, TENANT, NOW, false);
    assert!(matches!(second, Err(GatherReason::Busy { .. })));
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_read_is_not_used_and_closed_to_them() {
    use std::os::unix::fs::PermissionsExt;
    let (_directory, path) = place();
    let mode = || std::fs::metadata(&path).expect("a file").permissions().mode() & 0o777;
    filled(&path, false);
    assert_eq!(mode(), 0o600);
    for open in [0o644, 0o660] {
        let permissions = std::fs::Permissions::from_mode(open);
        std::fs::set_permissions(&path, permissions).expect("set");
        assert_eq!(used(&path, 60_000), (0, Some(SetAside::Open)), "{open:o}");
        assert_eq!(mode(), 0o600);
        filled(&path, false);
    }
}
