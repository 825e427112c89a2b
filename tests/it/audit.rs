//! `sortie audit` as people meet it: what it says of a record that is sound, and of one that somebody changed.
//!
//! Owns the command's outside. Must never test the rules of the chains, which stand beside them in the journal.

use serde_json::{Value, json};
use sortie::journal::{Index, RunReader, StateDir};
use sortie::model::UnixMillis;
use sortie::simulator::{DeviceKind, Faults};

use crate::harness::{Bench, Tenant, add, prompt_world, serial};

/// A Mac that was locked by one run, whose head stands in the host's record; with the PIN.
fn locked() -> (Bench, String, String) {
    let mut world = prompt_world(Faults::default());
    let id = add(&mut world, DeviceKind::MacAppleSilicon, &serial(0));
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let lock = ["send", "lock", "--serial", &serial(0), "--reason", "TICKET-7"];
    bench.sortie(&[&lock[..], &["--confirm", "1", "--wait", "10s"]].concat()).expect(0);
    let run = bench.latest_run();
    let pin = tenant.ledger().pins(&id)[0].clone();
    (bench, run, pin)
}

fn state(bench: &Bench) -> StateDir {
    StateDir::at(&bench.path("state"))
}

fn note_left(bench: &Bench, run: &str) {
    let end = RunReader::open(&state(bench), run).and_then(|run| run.head()).expect("it is there");
    let body = json!({ "head": end.head, "entries": end.entries, "by": "ann@host" });
    let mut index = Index::open(&state(bench)).expect("it is there");
    index.note(UnixMillis(1_800_000_000_000), "left", Some(run), &body).expect("written");
}

fn damage(bench: &Bench, run: Option<&str>, sql: &str) {
    let path = match run {
        Some(run) => state(bench).run_path(run),
        None => state(bench).index_path(),
    };
    let database = rusqlite::Connection::open(path).expect("a database");
    assert!(database.execute(sql, []).expect("its owner") > 0, "{sql}");
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

#[test]
fn an_intact_record_shows_no_pins_and_has_its_older_heads() {
    let (bench, run, pin) = locked();
    let shown = bench.sortie(&["audit"]).expect(0);
    for word in ["started", "left", "reason TICKET-7", &run, "RECORD"] {
        assert!(shown.stdout.contains(word), "'{word}' is missing:\n{}", shown.stdout);
    }
    let of_run = bench.sortie(&["audit", "latest"]).expect(0);
    for word in ["reason: TICKET-7", "confirmation: ", "outcomes: 1 completed", "1 accepted"] {
        assert!(of_run.stdout.contains(word), "'{word}' is missing:\n{}", of_run.stdout);
    }
    let json = bench.sortie(&["audit", &run, "--format", "json"]).expect(0);
    let records = lines(&json.stdout);
    let (end, entries) = records.split_last().expect("at least one line");
    assert_eq!((&end["verdict"], &end["noted_heads"]), (&json!("intact"), &json!(1)));
    assert_eq!(end["head"], entries.last().expect("entries")["hash"]);
    let host = bench.sortie(&["audit", "--format", "json"]).expect(0);
    for text in [&shown, &of_run, &json, &host] {
        assert!(!text.stdout.contains(&pin) && !text.stderr.contains(&pin), "{}", text.stdout);
    }
    // A head from the middle of the run, as somebody may have kept it, and one of the host's record.
    let middle = entries[1]["hash"].as_str().expect("a hash");
    bench.sortie(&["audit", &run, "--anchor", middle]).expect(0);
    let head = lines(&host.stdout).pop().expect("a line")["head"].clone();
    note_left(&bench, &run);
    bench.sortie(&["audit", "--anchor", head.as_str().expect("a hash")]).expect(0);
    bench.sortie(&["audit", "--anchor", middle]).expect(12);
    bench.sortie(&["audit", "--anchor", "abc"]).expect(2);
}

#[test]
fn a_changed_record_ends_with_exit_code_12_and_the_place() {
    let (bench, run, _) = locked();
    let last = "DELETE FROM entries WHERE seq = (SELECT max(seq) FROM entries)";
    damage(&bench, Some(&run), last);
    for arguments in [&["audit"][..], &["audit", &run]] {
        let told = bench.sortie(arguments).expect(12);
        for word in
            ["note 2 of the host's record", "were removed or changed", "copy the state directory"]
        {
            assert!(told.stderr.contains(word), "'{word}' is missing:\n{}", told.stderr);
        }
    }
    damage(&bench, Some(&run), "UPDATE entries SET at = at - 1 WHERE seq = 2");
    let told = bench.sortie(&["audit", &run, "--format", "json"]).expect(12);
    let end = lines(&told.stdout).pop().expect("a line");
    assert_eq!((&end["verdict"], &end["faults"][0]["seq"]), (&json!("broken"), &json!(2)));
    assert!(told.stderr.contains(&format!("run {run}, entry 2: ")), "{}", told.stderr);
    damage(&bench, None, "UPDATE audit SET body = replace(body, 'TICKET-7', 'TICKET-8')");
    let told = bench.sortie(&["audit"]).expect(12);
    assert!(told.stderr.contains("the host's record, note 1: "), "{}", told.stderr);
    assert!(told.stdout.contains("(does not fit)"), "{}", told.stdout);
    std::fs::remove_file(state(&bench).run_path(&run)).expect("its owner");
    let told = bench.sortie(&["audit"]).expect(12);
    assert!(told.stderr.contains("cannot read its journal"), "{}", told.stderr);
}
