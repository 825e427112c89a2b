//! The application without the command line: another front end in this process.
//!
//! Owns that acts on runs verify the consent themselves. Must never start the program for what it tests.

use serde_json::json;
use sortie::app::{
    Closing, Consent, DoubtDecision, DoubtsFound, Events, Reason, ResolveRequest, Workspace,
};
use sortie::model::Decision;
use sortie::simulator::{DeviceKind, FaultKind, FaultMatcher, Presence};

use crate::fleet::Fleet;

/// Consents that are not enough for anything.
fn too_little() -> [Consent; 3] {
    let words = Some("ERASE 1 ON acme".to_owned());
    [
        Consent::NONE,
        Consent::InAdvance { yes: false, words },
        Consent::Typed { text: "n".to_owned() },
    ]
}

fn workspace_of(fleet: &Fleet) -> Workspace {
    Workspace::open(&fleet.bench.path("state"), Events::new()).expect("it is ours")
}

#[track_caller]
fn is_refused<T>(ended: Result<T, Reason>) {
    let reason = ended.err().expect("the consent is not enough");
    let kind = json!(reason)["kind"].as_str().unwrap_or_default().to_owned();
    assert!(kind.starts_with("consent_"), "{reason:?}");
}

#[test]
fn no_front_end_closes_a_run_without_consent() {
    let fleet =
        Fleet::with(DeviceKind::MacIntel, 1, |_, device| device.presence = Presence::Offline);
    let job = fleet.job("restart", 0..1);
    fleet.bench.sortie(&["run", &job, "--confirm", "1", "--wait", "300ms"]).expect(10);
    let workspace = workspace_of(&fleet);
    let state = || workspace.runs().expect("the list")[0].row.state.word();
    for consent in too_little() {
        let Closing::Open(run) = workspace.prepare_close("latest").expect("it is ours") else {
            panic!("it can be closed");
        };
        is_refused(workspace.close(*run, &consent));
        assert_eq!(state(), "ended");
    }
    let Closing::Open(run) = workspace.prepare_close("latest").expect("it is ours") else {
        panic!("it can be closed");
    };
    workspace.close(*run, &Consent::Typed { text: "y".to_owned() }).expect("consent");
    assert_eq!(state(), "closed");
    assert!(matches!(workspace.prepare_close("latest"), Ok(Closing::Closed { .. })));
}

#[test]
fn no_front_end_sends_again_without_the_words() {
    let fleet = Fleet::of(DeviceKind::MacIntel, 1);
    fleet.tenant.script(FaultMatcher::action("restart"), FaultKind::CloseBefore);
    let job = fleet.job("restart", 0..1);
    fleet.bench.sortie(&["run", &job, "--confirm", "1", "--wait", "10s"]).expect(11);
    let workspace = workspace_of(&fleet);
    let request = ResolveRequest { run: "latest".to_owned(), devices: Vec::new() };
    let plain_yes = Consent::InAdvance { yes: true, words: None };
    for consent in too_little().into_iter().chain([plain_yes]) {
        let DoubtsFound::Held(held) = workspace.doubts(&request).expect("it is ours") else {
            panic!("something is in doubt");
        };
        let task = held.doubts()[0].index;
        let again = [DoubtDecision { task, decision: Decision::SendAgain }];
        is_refused(workspace.resolve(*held, &again, &consent));
    }
    let status = workspace.status("latest").expect("a run");
    assert_eq!(status.counts.of(sortie::model::Outcome::InDoubt), 1);
}
