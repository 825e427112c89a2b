//! What a run cost, as `sortie stats` shows it.
//!
//! Owns the figures as people and programs read them. Must never assert a time: it depends on the machine.

use crate::fleet::{Fleet, says};
use sortie::simulator::{DeviceKind, FaultMatcher, FaultMoment};

use crate::harness::canned_with;

#[test]
fn stats_account_for_every_request_of_a_run() {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 4);
    let headers = vec![("Retry-After", "1".to_owned())];
    let throttled = canned_with(429, headers, b"slow down", FaultMoment::BeforeApplying);
    fleet.tenant.script(FaultMatcher::action_on("restart", &fleet.ids[1]), throttled);
    let job = fleet.job("restart", 0..4);
    let run = ["run", &*job, "--confirm", "4", "--wait", "2m", "--progress", "none"];
    fleet.bench.sortie(&[&run[..], &["--report-format", "csv,html"]].concat()).expect(0);
    let stats = fleet.bench.sortie(&["stats", "--format", "json"]).expect(0).stdout;
    let stats: serde_json::Value = serde_json::from_str(&stats).expect("JSON");
    let kinds = stats["kinds"].as_array().expect("kinds");
    let count = |kind: &str| {
        let found = kinds.iter().find(|it| it["kind"] == kind).expect("this kind");
        (found["count"].as_u64(), found["timed"].as_u64())
    };
    assert_eq!(count("action"), (Some(5), Some(5)), "{stats}");
    let all: u64 = kinds.iter().filter_map(|kind| kind["count"].as_u64()).sum();
    assert_eq!(stats["requests"].as_u64(), Some(all));
    assert_eq!(stats["settled_devices"].as_u64(), Some(4));
    let hour = &stats["busiest_hour"];
    assert_eq!(hour["kinds"]["action"].as_u64(), Some(5), "{stats}");
    assert!(hour["from"].as_str().is_some_and(|from| from.ends_with('Z')), "{stats}");
    let pauses = stats["pauses"].as_array().expect("pauses");
    assert!(
        pauses.iter().any(|pause| pause["reason"].as_str().is_some_and(|it| it.contains("429")))
    );
    assert!(
        stats["commits"].as_u64() > Some(0)
            && stats["entries"].as_u64() >= stats["commits"].as_u64()
    );

    let shown = fleet.bench.sortie(&["stats"]).expect(0).stdout;
    for text in ["Requests", "actions sent", "Pauses", "429", "4 settled devices", "MEDIAN"] {
        assert!(shown.contains(text), "'{text}' is missing:\n{shown}");
    }
    let page = std::fs::read_to_string(fleet.bench.report_dir().join("report.html")).expect("it");
    for text in ["99% within", "Pauses", "429", "The busiest 60 minutes began", "4 devices came"] {
        assert!(page.contains(text), "'{text}' is missing in the page");
    }
}

#[test]
fn stats_of_an_unknown_run_name_the_list_of_runs() {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 1);
    let job = fleet.job("blank-push", 0..1);
    fleet.run(&job, "1", &["--progress", "none"]).expect(0);
    says(&fleet.bench.sortie(&["stats", "19990101"]).expect(2), &["sortie runs"]);
}
