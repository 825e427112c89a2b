//! What is asked on a terminal, and what the answers come to: the real program on a pseudo terminal, with a person
//! who types.
//!
//! Owns the dialogues. Must never wait for ever: a prompt that nobody can answer fails its test.

use crate::bypass::{bob_approves, keys};
use crate::fleet::{Fleet, erase_of, says};
use crate::harness::{Bench, canned, eventually, serial};
use crate::pseudo_terminal::{Terminal, answered};
use sortie::simulator::{DeviceKind, FaultMatcher, FaultMoment};

#[test]
fn only_the_number_of_devices_confirms_at_the_prompt() {
    let fleet = Fleet::of(DeviceKind::IPad, 3);
    let job = fleet.job("restart", 0..3);
    let run = ["run", &job, "--wait", "0"];
    let question = "Restart 3 devices on 127.0.0.1? Type \"3\" to confirm: ";
    // The last is the end of input: somebody closes the question.
    for line in ["2\n", "4\n", "y\n", "yes\n", "\n", "33\n", "\u{4}"] {
        says(&answered(&fleet.bench, &run, question, line).expect(8), &["nothing was sent"]);
    }
    // Words that were agreed to in advance and are wrong are not asked about again.
    Terminal::with(&fleet.bench, &[&run[..], &["--confirm", "2"]].concat()).ends().expect(8);
    Terminal::with(&fleet.bench, &[&run[..], &["--yes"]].concat()).ends().expect(8);
    Terminal::with(&fleet.bench, &[&run[..], &["--no-input"]].concat()).ends().expect(8);
    assert_eq!(fleet.writes(), 0);
    answered(&fleet.bench, &run, question, "3\n").expect(0);
    assert_eq!(fleet.reached("restart"), [1, 1, 1]);
    says(&fleet.bench.sortie(&["audit", "latest"]).expect(0), &["'3' on the terminal"]);
}

#[test]
fn a_person_types_the_phrase_under_what_can_never_be_undone() {
    let fleet = Fleet::of(DeviceKind::IPad, 3);
    let job = fleet.job("erase", 0..3);
    let run = ["run", &job, "--wait", "0"];
    let question = "Erase 3 devices on 127.0.0.1? Type \"ERASE 3 ON 127.0.0.1\" to confirm: ";
    for line in ["3\n", "y\n", "ERASE 2 ON 127.0.0.1\n", "erase 3 on 127.0.0.1\n", "ERASE 3\n"] {
        let ran = answered(&fleet.bench, &run, question, line).expect(8);
        says(&ran, &["not confirmed", "nothing was sent"]);
    }
    assert_eq!(fleet.writes(), 0);
    let ran = answered(&fleet.bench, &run, question, &format!("{}\n", erase_of(3))).expect(0);
    says(&ran, &["3 of 3 devices on 127.0.0.1 (100.0 %)", &serial(0), "iPad"]);
    assert_eq!(fleet.reached("erase"), [1, 1, 1]);
    // The question comes after everything that it is about.
    let screen = ran.stdout;
    let at = |words: &str| screen.find(words).expect("it was shown");
    assert!(at("devices on 127.0.0.1 (100.0 %)") < at(question), "{screen}");
}

#[test]
fn what_was_typed_before_a_question_does_not_answer_it() {
    let fleet = Fleet::of(DeviceKind::IPad, 101);
    let restart = fleet.job("restart", 0..3);
    let push = fleet.job("blank-push", 0..101);
    for (arguments, question, early) in [
        (&["run", &restart, "--wait", "0"][..], "Type \"3\" to confirm: ", "3\n3\n"),
        (&["run", &restart, "--wait", "0"], "Type \"3\" to confirm: ", "3"),
        (&["run", &push, "--wait", "0"], "Type \"y\" to confirm: ", "y\ny\n"),
    ] {
        let mut terminal = Terminal::with(&fleet.bench, arguments);
        terminal.types(early);
        terminal.shows(question);
        terminal.types("\n");
        says(&terminal.ends().expect(8), &["not confirmed"]);
    }
    assert_eq!(fleet.writes(), 0);
}

#[test]
fn a_signer_revoked_during_the_prompt_does_not_count() {
    let fleet = Fleet::of(DeviceKind::IPad, 2);
    let key = bob_approves(&fleet);
    let path = fleet.plan(&fleet.job("erase", 0..2), "erase.plan");
    fleet.bench.sortie(&["approve", &path, "--key", &key, "--yes"]).expect(0);
    let mut terminal = Terminal::with(&fleet.bench, &["run", &path]);
    terminal.shows("Type \"ERASE 2 ON 127.0.0.1\" to confirm: ");
    keys(&fleet.bench, &["carol"], &["carol"]);
    terminal.types("ERASE 2 ON 127.0.0.1\n");
    says(&terminal.ends().expect(8), &["not signed by a key"]);
    assert_eq!(fleet.writes(), 0);
}

#[test]
fn a_plan_from_a_file_is_confirmed_at_the_prompt_like_others() {
    let fleet = Fleet::of(DeviceKind::IPad, 2);
    let path = fleet.plan(&fleet.job("erase", 0..2), "erase.plan");
    let question = "Type \"ERASE 2 ON 127.0.0.1\" to confirm: ";
    answered(&fleet.bench, &["run", &path], question, "2\n").expect(8);
    assert_eq!(fleet.writes(), 0);
    answered(&fleet.bench, &["run", &path], question, "ERASE 2 ON 127.0.0.1\n").expect(0);
    assert_eq!(fleet.reached("erase"), [1, 1]);
}

#[test]
fn a_check_in_on_sixty_devices_needs_no_question_at_all() {
    let fleet = Fleet::of(DeviceKind::IPad, 60);
    let job = fleet.job("daily-checkin", 0..60);
    let run = ["run", &job, "--per-second", "40"];
    fleet.bench.sortie(&run).expect(0);
    assert_eq!(fleet.reached("daily-checkin"), [1; 60]);
    let ran = Terminal::with(&fleet.bench, &run).ends().expect(0);
    assert!(
        !ran.stdout.contains("Type ") && !ran.stdout.contains("to confirm: "),
        "{}",
        ran.stdout
    );
    assert_eq!(fleet.reached("daily-checkin"), [2; 60]);
}

#[test]
fn harmless_work_on_more_than_a_hundred_devices_takes_a_yes() {
    let fleet = Fleet::of(DeviceKind::IPad, 101);
    let job = fleet.job("blank-push", 0..101);
    let run = ["run", &job, "--per-second", "40"];
    let question = "Send a blank push to 101 devices on 127.0.0.1? Type \"y\" to confirm: ";
    for line in ["n\n", "\n", "101 \n", "\u{4}"] {
        answered(&fleet.bench, &run, question, line).expect(8);
    }
    fleet.bench.sortie(&run).expect(8);
    assert_eq!(fleet.writes(), 0);
    answered(&fleet.bench, &run, question, "y\n").expect(0);
    fleet.bench.sortie(&[&run[..], &["--yes"]].concat()).expect(0);
    assert_eq!(fleet.reached("blank-push"), [2; 101]);
}

#[test]
fn routine_never_uses_up_the_locks_that_a_person_confirms() {
    let fleet = Fleet::of(DeviceKind::IPad, 14);
    fleet.policy("[caps.action.lock]\nper_day = 3\nper_run = 3\n");
    fleet.run(&fleet.job("lock", 0..3), "3", &[]).expect(0);
    // The day is used up: for cron, for a script, and for a script that has a terminal.
    let one = fleet.job("lock", 3..4);
    fleet.run(&one, "1", &[]).expect(8);
    let typed_before = ["run", &one, "--wait", "0", "--confirm", "1"];
    Terminal::with(&fleet.bench, &typed_before).ends().expect(8);
    assert_eq!(fleet.writes(), 3);
    let question = "to confirm: ";
    let by_hand = |job: &str, line: &str| {
        answered(&fleet.bench, &["run", job, "--wait", "0"], question, line)
    };
    by_hand(&one, "1\n").expect(0);
    by_hand(&fleet.job("lock", 4..13), "9\n").expect(0);
    assert_eq!(fleet.writes(), 13);
    // The eleventh is one too many, and no other action has such a rest.
    let eleventh = fleet.job("lock", 13..14);
    let ran = Terminal::with(&fleet.bench, &["run", &eleventh, "--wait", "0"]).ends().expect(8);
    says(&ran, &["at most 3 are allowed"]);
    fleet.policy("[caps.action.restart]\nper_run = 0\n");
    let restart = fleet.job("restart", 0..1);
    Terminal::with(&fleet.bench, &["run", &restart, "--wait", "0"]).ends().expect(8);
    // Nothing is kept free of what the policy forbids.
    for key in ["per_run", "per_day"] {
        fleet.policy(&format!(
            "[emergency]\nlock_devices_per_day = 100\n[caps.action.lock]\n{key} = 0\n"
        ));
        let ran = Terminal::with(&fleet.bench, &["run", &eleventh, "--wait", "0"]).ends().expect(8);
        says(&ran, &["at most 0 are allowed"]);
    }
    let expected: Vec<u32> = (0..14).map(|at| u32::from(at < 13)).collect();
    assert_eq!((fleet.reached("lock"), fleet.writes()), (expected, 13));
}

#[test]
fn a_stopped_emergency_resumes_as_an_emergency() {
    let fleet = Fleet::of(DeviceKind::IPad, 5);
    fleet.policy("[caps.action.lock]\nper_day = 3\nper_run = 3\n");
    fleet.run(&fleet.job("lock", 0..3), "3", &[]).expect(0);
    let refused = canned(400, r#"{"detail":"no"}"#, FaultMoment::BeforeApplying);
    fleet.tenant.script(FaultMatcher::action_on("lock", &fleet.ids[3]), refused);
    let job = fleet.job("lock", 3..5);
    let run = ["run", &job, "--wait", "0", "-j", "1", "--max-errors", "0"];
    answered(&fleet.bench, &run, "Type \"2\" to confirm: ", "2\n").expect(9);
    assert_eq!(fleet.reached("lock"), [1, 1, 1, 0, 0]);
    fleet.bench.sortie(&["resume"]).expect(7);
    assert_eq!(fleet.reached("lock"), [1, 1, 1, 0, 1]);
}

#[test]
fn a_person_opens_each_wave_or_ends_the_run() {
    for (line, code, reached) in [("n\n", 9, [1, 0, 0]), ("\n", 9, [1, 0, 0]), ("y\n", 0, [1; 3])] {
        let fleet = Fleet::of(DeviceKind::IPad, 3);
        let job = fleet.job("lock", 0..3);
        let waves = ["--waves", "1", "--gate", "operator", "--wave-pause", "0"];
        let run = [&["run", &job, "--confirm", "3", "--wait", "20s"][..], &waves].concat();
        // Where nobody can be asked between the waves, nothing begins.
        fleet.bench.sortie(&run).expect(8);
        fleet.bench.sortie(&[&run[..], &["--no-input"]].concat()).expect(8);
        assert_eq!(fleet.writes(), 0);
        let mut terminal = Terminal::with(&fleet.bench, &run);
        terminal.shows("Start wave 2, 2 requests to 127.0.0.1?\r\nType \"y\" to start it; anything else stops the run: ");
        assert_eq!(fleet.reached("lock").iter().sum::<u32>(), 1, "one device before the question");
        terminal.types(line);
        terminal.ends().expect(code);
        if code != 0 {
            // Nor does it go on where nobody can be asked.
            let resume = ["resume", "--no-input"];
            for ran in [fleet.bench.sortie(&["resume"]), fleet.bench.sortie(&resume)] {
                says(&ran.expect(8), &["prompts between waves"]);
            }
            Terminal::with(&fleet.bench, &resume).ends().expect(8);
        }
        let mut got = fleet.reached("lock");
        got.sort_unstable_by(|one, other| other.cmp(one));
        assert_eq!(got, reached);
    }
}

/// Sees to it that the programs that this process starts end at Ctrl-C, and that it does itself. A shell starts
/// its background jobs with Ctrl-C ignored, and they hand that on; what a process listens for, its children get as
/// the system's default.
fn hear_ctrl_c() {
    use tokio::signal::unix::{SignalKind, signal};
    let (sender, listening) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let mut interrupts = signal(SignalKind::interrupt()).expect("it can be heard");
            sender.send(()).expect("the test waits for it");
            interrupts.recv().await;
            std::process::exit(130);
        });
    });
    listening.recv().expect("it listens");
}

#[test]
fn ctrl_c_at_a_question_sends_nothing() {
    hear_ctrl_c();
    let fleet = Fleet::of(DeviceKind::IPad, 1);
    let job = fleet.job("restart", 0..1);
    let run = ["run", &job, "--wait", "0"];
    let ran = answered(&fleet.bench, &run, "Type \"1\" to confirm: ", "\u{3}");
    assert_ne!(ran.code, 0);
    assert_eq!(fleet.writes(), 0);
    assert_eq!(fleet.bench.sortie(&["runs", "--format", "json"]).expect(0).stdout.trim(), "[]");
}

#[test]
fn in_the_background_of_a_terminal_it_refuses_and_does_not_hang() {
    let fleet = Fleet::of(DeviceKind::IPad, 3);
    let (restart, erase) = (fleet.job("restart", 0..3), fleet.job("erase", 0..3));
    let operator = ["--waves", "1", "--gate", "operator", "--confirm", "3"];
    for arguments in
        [&["run", &restart][..], &["run", &erase], &[&["run", &restart][..], &operator].concat()]
    {
        // A shell with job control gives the program a group of its own, behind the terminal.
        let script = "set -m\n\"$@\" &\nwait $!\necho \"ended with $?\"";
        let shell = ["-c", script, "sh", env!("CARGO_BIN_EXE_sortie")];
        let terminal =
            Terminal::with_program(&fleet.bench, "/bin/sh", &[&shell[..], arguments].concat());
        says(&terminal.ends(), &["ended with 8", "nothing was sent"]);
    }
    assert_eq!(fleet.writes(), 0);
    eventually("nothing is left behind", || {
        fleet.bench.sortie(&["runs", "--format", "json"]).expect(0).stdout.trim() == "[]"
    });
}

#[test]
fn a_pager_that_fails_hides_nothing() {
    let bench = Bench::offline();
    let shell = format!("stty rows 10 columns 80; exec {} help pins", env!("CARGO_BIN_EXE_sortie"));
    for pager in ["false", "/nonexistent", "sh -c 'exit 3'"] {
        let script = format!("export PAGER=\"{pager}\"; {shell}");
        let ran = Terminal::with_program(&bench, "/bin/sh", &["-c", &script]).ends().expect(0);
        assert!(ran.stdout.contains("sortie pins"), "{pager}: {}", ran.stdout);
    }
}
