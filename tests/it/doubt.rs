//! What people do about commands that have not ended and requests that nobody answered: `watch`, `resolve`.
//!
//! Owns these two commands from the outside. What the machines do is tested where they are.

use sortie::simulator::{
    DeviceKind, FaultKind, FaultMatcher, FaultMoment, Faults, NewDevice, Presence,
};

use crate::harness::{Bench, Ran, Tenant, add, canned_with, prompt_world, serial};

fn says(ran: &Ran, words: &[&str]) {
    for word in words {
        assert!(ran.stderr.contains(word), "'{word}' is missing:\n{}", ran.stderr);
    }
}

/// Two restarts, both without an answer: the first was applied after all, the second was not. Both are
/// left in doubt by a run that was told to leave.
fn two_in_doubt() -> (Tenant, Bench, [String; 2]) {
    let mut world = prompt_world(Faults::default());
    let ids = [0, 1].map(|at| add(&mut world, DeviceKind::MacAppleSilicon, &serial(at)));
    let tenant = Tenant::serving(world);
    tenant.script(FaultMatcher::action_on("restart", &ids[0]), FaultKind::CloseAfter);
    tenant.script(FaultMatcher::action_on("restart", &ids[1]), FaultKind::CloseBefore);
    let bench = Bench::at(&tenant);
    let job = format!("serial_number,action\n{},restart\n{},restart\n", serial(0), serial(1));
    bench.write("job.csv", &job);
    (tenant, bench, ids)
}

const RUN: [&str; 6] = ["run", "job.csv", "--confirm", "2", "--wait", "10s"];

#[test]
fn what_was_applied_is_adopted_and_the_rest_is_for_a_person() {
    let (tenant, bench, ids) = two_in_doubt();
    says(&bench.sortie(&RUN).expect(11), &["is in doubt: no answer came", "sortie resolve"]);
    let outcomes = bench.report();
    assert_eq!((&*outcomes[0]["outcome"], &*outcomes[1]["outcome"]), ("completed", "in_doubt"));
    assert!(!outcomes[0]["command_uuid"].is_empty(), "{:?}", outcomes[0]);
    let evidence = bench.sortie(&["resolve", "--no-input"]).expect(0);
    for words in [&*serial(1), "no usable answer", "no RestartDevice since", "sortie commands"] {
        assert!(evidence.stdout.contains(words), "{words}:\n{}", evidence.stdout);
    }
    says(&evidence, &["nothing was changed", "--as done|not-done|again"]);
    assert_eq!(bench.sortie(&["resolve", "--as", "again"]).code, 2, "nobody is named");
    assert_eq!(bench.sortie(&["resolve", "--as", "again", "--all", "--no-input"]).code, 8);
    // To repeat it takes what the run took: a yes is no number, and one device is not two.
    let again = ["resolve", "--as", "again", "--device", &serial(1)];
    for agree in [&["--yes"][..], &["--confirm", "2"], &["--confirm", "y", "--yes"]] {
        let ran = bench.sortie(&[&again[..], agree].concat()).expect(8);
        says(&ran, &["--confirm 1", "nothing was changed"]);
    }
    let ran = bench.sortie(&[&again[..], &["--confirm", "1"]].concat());
    says(&ran.expect(0), &["nothing was sent yet", "sortie resume"]);
    let audit = bench.sortie(&["audit"]).expect(0).stdout;
    let note = audit.lines().find(|line| line.contains("resolved")).expect("it was noted");
    assert!(note.contains("1 task marked to be sent again") && note.contains("(uid "), "{note}");
    assert_eq!(tenant.seen("restart"), 2, "resolve sends nothing");
    bench.sortie(&["resume"]).expect(0);
    assert_eq!(bench.report()[1]["outcome"], "completed");
    assert_eq!([&ids[0], &ids[1]].map(|id| tenant.ledger().count(id, "restart")), [1, 1]);
    says(&bench.sortie(&["resolve"]).expect(0), &["run ", "has no tasks in doubt"]);
}

#[test]
fn a_person_may_take_it_as_done_or_as_not_done() {
    for (decision, outcome, code) in [("done", "completed", 0), ("not-done", "failed", 0)] {
        let (tenant, bench, _) = two_in_doubt();
        bench.sortie(&RUN).expect(11);
        bench.sortie(&["resolve", "--as", decision, "--all", "--yes"]).expect(code);
        let row = &bench.report()[1];
        assert_eq!(row["outcome"], outcome);
        assert!(row["reason"].contains(&format!("marked as {}", decision.replace('-', " "))));
        // Nothing is left to go on with, and nothing is sent by trying.
        bench.sortie(&["resume"]).expect(0);
        assert_eq!(tenant.seen("restart"), 2);
    }
}

#[test]
fn nothing_is_sent_again_while_a_lost_request_may_take_effect() {
    let (tenant, bench, _) = two_in_doubt();
    let mut child = bench.command();
    child.args(RUN).args(["--quarantine", "10m"]);
    child.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut child = child.spawn().expect("the program starts");
    // An intent without an answer counts as doubt, too, before its request has left.
    crate::harness::eventually("both requests are received", || tenant.seen("restart") == 2);
    child.kill().expect("it can be killed");
    child.wait().expect("it can be waited for");
    let again = bench.sortie(&["resolve", "--as", "again", "--all", "--confirm", "2"]).expect(8);
    says(&again, &["may still take effect until", "take effect twice", "sortie resume"]);
    assert_eq!(tenant.seen("restart"), 2);
}

#[test]
fn an_erase_is_repeated_for_its_phrase_and_nothing_less() {
    let mut world = prompt_world(Faults::default());
    let ids = [0, 1].map(|at| add(&mut world, DeviceKind::IPad, &serial(at)));
    let tenant = Tenant::serving(world);
    for id in &ids {
        tenant.script(FaultMatcher::action_on("erase", id), FaultKind::CloseBefore);
    }
    let bench = Bench::at(&tenant);
    bench.write(
        "job.csv",
        &format!("serial_number,action\n{},erase\n{},erase\n", serial(0), serial(1)),
    );
    let phrase = "ERASE 2 ON 127.0.0.1";
    let run = ["run", "job.csv", "--confirm", phrase, "--wait", "0", "--secrets-elsewhere"];
    says(&bench.sortie(&run).expect(11), &["sortie resolve"]);
    let sent = tenant.seen("erase");
    let again = ["resolve", "--as", "again", "--all"];
    for agree in [&["--yes"][..], &["--confirm", "2"], &["--confirm", "ERASE 1 ON 127.0.0.1"], &[]]
    {
        let ran = bench.sortie(&[&again[..], agree].concat()).expect(8);
        says(&ran, &["--confirm \"ERASE 2 ON 127.0.0.1\"", "nothing was changed"]);
    }
    bench.sortie(&["resume"]).expect(11);
    assert_eq!(tenant.seen("erase"), sent);
    bench.sortie(&[&again[..], &["--confirm", phrase]].concat()).expect(0);
    bench.sortie(&["resume"]).expect(0);
    assert_eq!(tenant.seen("erase"), sent + 2);
}

#[test]
fn watch_looks_again_and_sends_nothing() {
    let mut world = prompt_world(Faults::default());
    let device = NewDevice {
        presence: Presence::Offline,
        serial_number: serial(0),
        ..NewDevice::new(DeviceKind::MacAppleSilicon)
    };
    let id = world.add_device(device);
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let job = format!(
        "version: 1\nname: two\ntargets: {{ devices: [{{ serial_number: {} }}] }}\n\
         steps:\n  - action: restart\n  - action: shutdown\nwait: 1s\n",
        serial(0)
    );
    bench.write("job.yaml", &job);
    bench.sortie(&["run", "job.yaml", "--confirm", "1"]).expect(7);
    assert_eq!(bench.report()[0]["outcome"], "pending");
    bench.sortie(&["watch", "--once"]).expect(7);
    assert_eq!(bench.report()[0]["outcome"], "pending");
    tenant.with_world(|world| world.wake(&id));
    crate::harness::eventually("the device restarts", || {
        tenant.with_world(|world| world.advance(sortie::simulator::wall_clock()));
        bench.sortie(&["watch", "--once"]).expect(7);
        bench.report()[0]["outcome"] == "completed"
    });
    assert_eq!(tenant.seen("shutdown"), 0, "the next step is for a resume");
    bench.sortie(&["resume", "--wait", "2s"]);
    assert_eq!(tenant.seen("shutdown"), 1);
}

/// A lock of one Mac that a proxy answers with a page, after the tenant has locked it.
#[test]
fn a_lock_answered_by_the_429_of_a_proxy_is_not_sent_again() {
    let mut world = prompt_world(Faults::default());
    let id = add(&mut world, DeviceKind::MacIntel, &serial(0));
    let tenant = Tenant::serving(world);
    let page = canned_with(
        429,
        vec![("Content-Type", "text/html".to_owned()), ("Retry-After", "1".to_owned())],
        b"<html>Too Many Requests</html>",
        FaultMoment::AfterApplying,
    );
    tenant.script(FaultMatcher::action_on("lock", &id), page);
    let bench = Bench::at(&tenant);
    let lock = ["send", "lock", "--serial", &serial(0), "--confirm", "1", "--wait", "20s"];
    bench.sortie(&lock).expect(0);
    let row = &bench.report()[0];
    assert_eq!(row["outcome"], "completed", "{row:?}");
    assert_eq!(tenant.seen("lock"), 1);
    assert_eq!(Some(&row["lock_pin"]), tenant.ledger().pins(&id).last());
}

#[test]
fn a_rate_limit_of_hours_ends_the_run_and_the_resume_says_so() {
    let mut world = prompt_world(Faults::default());
    let ids = [0, 1].map(|at| add(&mut world, DeviceKind::MacAppleSilicon, &serial(at)));
    let tenant = Tenant::serving(world);
    let hours = canned_with(
        429,
        vec![("Content-Type", "application/json".to_owned()), ("Retry-After", "7200".to_owned())],
        b"{\"message\":\"API rate limit exceeded\"}",
        FaultMoment::BeforeApplying,
    );
    tenant.script(FaultMatcher::action_on("restart", &ids[1]), hours);
    let bench = Bench::at(&tenant);
    let job = format!("serial_number,action\n{},restart\n{},restart\n", serial(0), serial(1));
    bench.write("job.csv", &job);
    let ran = bench.sortie(&["run", "job.csv", "--confirm", "2", "--wait", "5s", "-j", "1"]);
    says(&ran.expect(6), &["asks to wait until", "more than an hour", "sortie resume"]);
    assert_eq!(bench.report()[1]["outcome"], "not_attempted");
    let ran = bench.sortie(&["resume", "--no-input"]).expect(6);
    says(&ran, &["paused until", "more than an hour", "sortie resume"]);
    assert_eq!(tenant.seen("restart"), 2, "the resume sent nothing");
}
