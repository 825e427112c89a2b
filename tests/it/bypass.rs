//! Attempts to get round each guard, with the real program against a simulated tenant.
//!
//! Owns the attempts; what they must come to is always the same: the tenant sees nothing that was not allowed. Must
//! never take a message for a proof: the ledger is one.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sortie::journal::{Index, PlanRow, StateDir};
use sortie::model::UnixMillis;
use sortie::plan::PlanFile;
use sortie::simulator::{
    CommandEnd, DeviceKind, FaultKind, FaultMatcher, FaultMoment, Faults, NewDevice, SimUser,
};

use crate::fleet::{Fleet, end_of, erase_of, says, set_mode};
use crate::harness::{Bench, Ran, canned, eventually, on_threads, prompt_world, serial};

/// A lost answer is looked for soon, and then the request is in doubt.
const IMPATIENT: [&str; 4] = ["--timeout", "1s", "--quarantine", "2s"];

/// A file as it is written: keys in order, a line break at the end.
fn canonical(value: &Value) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).expect("JSON");
    bytes.push(b'\n');
    bytes
}

/// Gives a plan the digest that fits what it says.
fn sign_again(plan: &mut Value) {
    let object = plan.as_object_mut().expect("an object");
    object.remove("digest");
    let digest: String =
        Sha256::digest(canonical(plan)).iter().map(|byte| format!("{byte:02x}")).collect();
    plan["digest"] = json!(digest);
}

/// Every place of a value, containers included.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                places(value, &format!("{at}/{key}"), found);
            }
        }
        Value::Array(items) => {
            for (number, value) in items.iter().enumerate() {
                places(value, &format!("{at}/{number}"), found);
            }
        }
        _ => {}
    }
}

/// Another value of the same kind; a container gets one more.
fn other(value: &Value) -> Value {
    match value {
        Value::Null => json!("x"),
        Value::Bool(is_so) => json!(!is_so),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => json!(whole + 1),
            None => json!(number.as_f64().unwrap_or_default() + 1.0),
        },
        Value::String(text) => json!(format!("{text}x")),
        Value::Array(items) => {
            let mut items = items.clone();
            items.push(items.last().cloned().unwrap_or(json!("x")));
            Value::Array(items)
        }
        Value::Object(map) => {
            let mut map = map.clone();
            map.insert("zeal".to_owned(), json!(true));
            Value::Object(map)
        }
    }
}

/// The plan without what stands at this place; `None` for the whole.
fn without(plan: &Value, place: &str) -> Option<Value> {
    let (parent, key) = place.rsplit_once('/')?;
    let mut plan = plan.clone();
    let key = key.replace("~1", "/").replace("~0", "~");
    match plan.pointer_mut(parent)? {
        Value::Object(map) => drop(map.remove(&key)),
        Value::Array(items) => drop(items.remove(key.parse().ok()?)),
        _ => return None,
    }
    Some(plan)
}

#[test]
fn a_plan_of_which_anything_was_changed_is_refused() {
    let fleet = Fleet::of(DeviceKind::IPad, 2);
    let path = fleet.plan(&fleet.job("erase", 0..1), "erase.plan");
    let bytes = std::fs::read(fleet.bench.path(&path)).expect("it was written");
    let plan: Value = serde_json::from_slice(&bytes).expect("JSON");
    assert_eq!(canonical(&plan), bytes, "this test writes plans as the program does");
    let mut again = plan.clone();
    sign_again(&mut again);
    assert_eq!(again, plan, "this test signs plans as the program does");

    let mut found = Vec::new();
    places(&plan, "", &mut found);
    assert!(found.len() > 60, "{}", found.len());
    let mut changed: Vec<(String, Value)> = Vec::new();
    for place in found {
        let mut one = plan.clone();
        let value = one.pointer_mut(&place).expect("it was found there");
        *value = other(value);
        changed.push((format!("another {place}"), one));
        changed.extend(without(&plan, &place).map(|one| (format!("no {place}"), one)));
    }
    // The other device in place of the one that was planned, as somebody would do it on purpose.
    let text = String::from_utf8(bytes.clone()).expect("text");
    let swapped = text.replace(&fleet.ids[0], &fleet.ids[1]).replace(&serial(0), &serial(1));
    changed.push(("another device".to_owned(), serde_json::from_str(&swapped).expect("JSON")));

    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for (what, mut one) in changed {
        files.push((what.clone(), canonical(&one)));
        if !what.ends_with("/digest") && one.is_object() {
            sign_again(&mut one);
            files.push((format!("{what}, signed again"), canonical(&one)));
        }
    }
    let minified = serde_json::to_vec(&plan).expect("JSON");
    let twice = text.replacen("{\n", "{\n  \"break_glass\": \"x\",\n", 1);
    for (what, bytes) in [
        ("a space", format!("{text} ").into_bytes()),
        ("other line ends", text.replace('\n', "\r\n").into_bytes()),
        ("a byte order mark", format!("\u{feff}{text}").into_bytes()),
        ("no line breaks", minified),
        ("a key twice", twice.into_bytes()),
        ("half", text.as_bytes()[..text.len() / 2].to_vec()),
        ("nothing", Vec::new()),
    ] {
        files.push((what.to_owned(), bytes));
    }
    on_threads(files.into_iter().enumerate(), |(number, (what, bytes))| {
        let name = format!("changed-{number}.plan");
        std::fs::write(fleet.bench.path(&name), bytes).expect("written");
        let phrases = [erase_of(1), erase_of(2)];
        let ran = fleet.run_plan(&name, &phrases[usize::from(what.contains("/tasks,"))], &[]);
        assert!(matches!(ran.code, 2 | 8), "{what}: {}\n{}", ran.code, ran.stderr);
        assert_eq!(fleet.writes(), 0, "{what}");
    });
    // What was not changed still runs: nothing above was refused for another reason.
    fleet.run_plan(&path, &erase_of(1), &[]).expect(0);
    assert_eq!(fleet.reached("erase"), [1, 0]);
}

#[test]
fn a_plan_runs_once_however_often_it_is_started() {
    let fleet = Fleet::of(DeviceKind::IPad, 2);
    let path = fleet.plan(&fleet.job("erase", 0..2), "erase.plan");
    let phrase = erase_of(2);
    let start = ["run", &path, "--confirm", &phrase];
    let together: Vec<_> = (0..4).map(|_| fleet.spawn(&start)).collect();
    let mut codes: Vec<i32> = together.into_iter().map(|child| end_of(child).code).collect();
    codes.sort_unstable();
    assert_eq!(codes[0], 0, "{codes:?}");
    assert!(codes[1..].iter().all(|code| matches!(code, 8 | 13)), "{codes:?}");
    let late = fleet.run_plan(&path, &phrase, &[]).expect(8);
    says(&late, &["already run, as run", "sortie resume"]);
    std::fs::copy(fleet.bench.path(&path), fleet.bench.path("copy.plan")).expect("copied");
    fleet.run_plan("copy.plan", &phrase, &[]).expect(8);
    assert_eq!(fleet.reached("erase"), [1, 1]);
    assert_eq!(fleet.writes(), 2);
}

/// Lets a state directory believe that it made this plan, as if it had been made at another time.
fn plant(bench: &Bench, plan: &PlanFile, name: &str) {
    let state = StateDir::at(&bench.path("state"));
    let row = PlanRow {
        digest: plan.digest(),
        made_at: plan.made_at,
        made_by: plan.made_by.clone(),
        job: plan.job.clone(),
        tenant: plan.tenant.clone(),
        run: None,
    };
    Index::open(&state).and_then(|index| index.add_plan(&row)).expect("it is ours");
    std::fs::write(bench.path(name), plan.to_bytes().expect("no secrets")).expect("written");
}

#[test]
fn a_plan_is_started_in_time_or_not_at_all() {
    let fleet = Fleet::of(DeviceKind::IPad, 3);
    for (action, hours, agree) in [
        ("erase", 1, erase_of(3)),
        ("restart", 24, "3".to_owned()),
        ("blank-push", 7 * 24, "y".to_owned()),
    ] {
        let path = fleet.plan(&fleet.job(action, 0..3), &format!("{action}.plan"));
        let bytes = std::fs::read(fleet.bench.path(&path)).expect("it was written");
        let fresh = PlanFile::from_bytes(&bytes).expect("a plan");
        assert_eq!(fresh.start_until.since(fresh.made_at), hours * 3_600_000, "{action}");
        let shifted = |ms: i64| PlanFile {
            made_at: UnixMillis(fresh.made_at.0 + ms),
            start_until: UnixMillis(fresh.start_until.0 + ms),
            ..fresh.clone()
        };
        for (name, ms, why) in [
            ("late.plan", -hours * 3_600_000, "expired at"),
            ("early.plan", 3_600_000, "the clock was set back"),
        ] {
            std::fs::remove_file(fleet.bench.path(name)).ok();
            plant(&fleet.bench, &shifted(ms), name);
            says(&fleet.run_plan(name, &agree, &[]).expect(8), &[why]);
            assert_eq!(fleet.writes(), 0, "{action} {name}");
        }
        plant(&fleet.bench, &shifted(-60_000), &format!("{action}-good.plan"));
    }
    // Such a plan runs while its time is right: the others were refused for nothing else.
    fleet.run_plan("restart-good.plan", "3", &[]).expect(0);
    assert_eq!((fleet.reached("restart"), fleet.writes()), (vec![1, 1, 1], 3));
}

#[test]
fn a_plan_is_for_its_tenant_its_state_directory_and_its_policy() {
    let fleet = Fleet::of(DeviceKind::IPad, 2);
    let elsewhere = Fleet::of(DeviceKind::IPad, 2);
    let path = fleet.plan(&fleet.job("erase", 0..2), "erase.plan");
    let phrase = erase_of(2);
    let run = ["run", &path, "--confirm", &phrase];

    let mut other = fleet.bench.command();
    other.env("SORTIE_BASE_URL", elsewhere.tenant.base_url());
    let ran = Ran::of(other.args(run).output().expect("it starts"));
    says(&ran.expect(2), &["another tenant is given"]);
    let url = elsewhere.tenant.base_url();
    fleet.bench.sortie(&[&run[..], &["--base-url", &url]].concat()).expect(2);
    fleet.bench.sortie(&[&run[..], &["--simulate"]].concat()).expect(2);

    let state = fleet.bench.path("another-state").display().to_string();
    let ran = fleet.bench.sortie(&[&run[..], &["--state-dir", &state]].concat()).expect(8);
    says(&ran, &["another state directory"]);

    for text in ["# nothing but a remark\n", "[caps.irreversible]\nper_run = 100\n"] {
        fleet.policy(text);
        says(&fleet.bench.sortie(&run).expect(8), &["the policy changed"]);
    }
    let under = fleet.plan(&fleet.job("erase", 0..2), "under.plan");
    std::fs::remove_file(fleet.bench.path("state/policy.toml")).expect("it is ours");
    says(&fleet.run_plan(&under, &phrase, &[]).expect(8), &["the policy changed"]);

    // A plan is run as it is: flags that would make it another one are refused.
    for flags in [
        &["--action", "restart"][..],
        &["--break-glass", "now"],
        &["--max-errors", "100%"],
        &["--waves", "100%"],
        &["--send-until", "48h"],
        &["--skip-refused", "removed"],
        &["--secrets-elsewhere"],
        &["--per-second", "50"],
        &["--report-dir", "x"],
    ] {
        let ran = fleet.bench.sortie(&[&run[..], flags].concat()).expect(2);
        says(&ran, &["a plan is run as it is"]);
    }
    assert_eq!((fleet.writes(), elsewhere.writes()), (0, 0));
    fleet.bench.sortie(&run).expect(0);
    assert_eq!((fleet.writes(), elsewhere.writes()), (2, 0));
}

#[test]
fn a_plan_is_a_file_and_no_job() {
    let fleet = Fleet::of(DeviceKind::IPad, 1);
    let path = fleet.plan(&fleet.job("erase", 0..1), "erase.plan");
    let text = std::fs::read_to_string(fleet.bench.path(&path)).expect("it was written");
    let phrase = erase_of(1);
    let ran = fleet.bench.sortie_with_input(&["run", "-", "--confirm", &phrase], &text).expect(2);
    says(&ran, &["is a plan, not a job", "give the plan as a file"]);
    for (name, ending) in [("erase.plan", ""), ("job.yaml", ""), ("job.csv", "\n")] {
        std::fs::write(fleet.bench.path(name), format!("{text}{ending}")).expect("written");
        for command in ["check", "plan"] {
            fleet.bench.sortie(&[command, name]).expect(2);
        }
    }
    fleet.bench.sortie(&["run", "job.csv", "--confirm", &phrase]).expect(8);
    std::fs::create_dir(fleet.bench.path("directory.plan")).expect("made");
    fleet.bench.sortie(&["run", "directory.plan", "--confirm", &phrase]).expect(2);
    fleet.bench.sortie(&["run", "missing.plan", "--confirm", &phrase]).expect(2);
    assert_eq!(fleet.writes(), 0);
    // A plan is not written over, whatever lies there.
    let job = fleet.job("erase", 0..1);
    fleet.bench.sortie(&["plan", &job, "--out", &path]).expect(2);
    let ran = fleet.bench.sortie(&["plan", &job, "--out", "x.plan", "--simulate"]);
    assert_eq!((ran.code, fleet.bench.path("x.plan").exists()), (2, false));
}

#[test]
fn a_plan_holds_no_pin_and_none_can_be_put_into_it() {
    let fleet = Fleet::of(DeviceKind::MacIntel, 1);
    let rows = [format!("{},erase,482913", serial(0))];
    let job = fleet.bench.job("pin.csv", "serial_number,action,PIN", &rows);
    let plan = ["plan", &job, "--out", "pin.plan", "--secrets-elsewhere"];
    says(&fleet.bench.sortie(&plan).expect(8), &["a plan file cannot contain PINs"]);
    assert!(!fleet.bench.path("pin.plan").exists());

    let job = fleet.job("erase", 0..1);
    let plan = ["plan", &job, "--out", "erase.plan", "--secrets-elsewhere", "--wait", "0"];
    fleet.bench.sortie(&plan).expect(0);
    let text = std::fs::read(fleet.bench.path("erase.plan")).expect("it was written");
    let mut plan: Value = serde_json::from_slice(&text).expect("JSON");
    for value in [json!({"secret": "482913"}), json!({"text": "482913"}), json!("secret")] {
        plan["plan"]["tasks"][0]["params"]["PIN"] = value;
        sign_again(&mut plan);
        std::fs::write(fleet.bench.path("pin.plan"), canonical(&plan)).expect("written");
        let ran = fleet.run_plan("pin.plan", &erase_of(1), &[]);
        assert!(matches!(ran.code, 2 | 8), "{}", ran.stderr);
    }
    assert_eq!(fleet.writes(), 0);
}

#[test]
fn only_the_very_words_of_a_plan_agree_to_it() {
    let fleet = Fleet::of(DeviceKind::IPad, 3);
    let (restart, erase) = (fleet.job("restart", 0..3), fleet.job("erase", 0..3));
    for text in ["2", "4", "3 devices", "03", "+3", "3.0", "three", "y", "yes", "", " ", "３", "-3"]
    {
        let ran = fleet.bench.sortie(&["run", &restart, &format!("--confirm={text}")]).expect(8);
        says(&ran, &["--confirm 3"]);
    }
    for text in [
        "3",
        "ERASE 3",
        "ERASE 3 ON",
        "ERASE 3 ON acme",
        "erase 3 on 127.0.0.1",
        "ERASE 2 ON 127.0.0.1",
        "ERASE 4 ON 127.0.0.1",
        "ERASE  3 ON 127.0.0.1",
        "ERASE 3 ON 127.0.0.1.",
        "DELETE 3 ON 127.0.0.1",
        "ERASE 3 ON 127.0.0.1 AND DELETE 3 ON 127.0.0.1",
        "yes",
        "",
    ] {
        let ran = fleet.bench.sortie(&["run", &erase, "--confirm", text]).expect(8);
        says(&ran, &["--confirm \"ERASE 3 ON 127.0.0.1\""]);
        fleet.bench.sortie(&["run", &erase, "--confirm", text, "--yes"]).expect(8);
    }
    // Nor does anything else that a script might try.
    let serials: Vec<String> = (0..3).map(serial).collect();
    fleet.bench.job("serials.csv", "serial_number", &serials);
    let bounded = "version: 1\nname: bounded\ntargets: { file: serials.csv }\naction: erase\n\
                   limits: { max_devices: 3 }\nsend_until: 1h\n";
    fleet.bench.write("bounded.yaml", bounded);
    for flags in [&["--yes"][..], &["--no-input"], &[], &["--yes", "--no-input", "--quiet"]] {
        for job in [&*restart, &*erase, "bounded.yaml"] {
            fleet.bench.sortie(&[&["run", job], flags].concat()).expect(8);
        }
    }
    for text in ["ERASE 3 ON 127.0.0.1\n", "y\n"] {
        let ran = fleet.bench.sortie_with_input(&["run", &erase], text).expect(8);
        says(&ran, &["there is no terminal for the prompt"]);
    }
    assert_eq!(fleet.writes(), 0);
    fleet.run(&restart, " 3 ", &[]).expect(0);
    fleet.run(&erase, &erase_of(3), &[]).expect(0);
    assert_eq!((fleet.reached("restart"), fleet.reached("erase")), (vec![1; 3], vec![1; 3]));
    assert_eq!(fleet.writes(), 6);
}

#[test]
fn a_wrong_device_count_confirms_no_plan() {
    let fleet = Fleet::of(DeviceKind::IPad, 101);
    let job = fleet.job("blank-push", 0..101);
    for text in ["100", "102", "1", "no", "n", ""] {
        fleet.bench.sortie(&["run", &job, "--confirm", text]).expect(8);
    }
    fleet.bench.sortie(&["run", &job, "--no-input"]).expect(8);
    fleet.bench.sortie(&["run", &job]).expect(8);
    // Nor for so few that nobody would be asked.
    let few = fleet.job("blank-push", 0..60);
    for text in ["5", "600", "ERASE 60 ON 127.0.0.1"] {
        says(&fleet.run(&few, text, &[]).expect(8), &["--confirm 60"]);
    }
    assert_eq!(fleet.writes(), 0);
    let run = ["run", &job, "--per-second", "50", "--confirm", "101"];
    fleet.bench.sortie(&run).expect(0);
    assert_eq!(fleet.reached("blank-push"), [1; 101]);
}

#[test]
fn a_cap_is_exact_and_no_flag_raises_it() {
    let fleet = Fleet::of(DeviceKind::IPad, 4);
    fleet.policy("[caps.disruptive]\nper_run = 2\n[caps.action.erase]\nper_run = 2\n");
    for (action, agree) in [("restart", "3".to_owned()), ("erase", erase_of(3))] {
        let job = fleet.job(action, 0..3);
        for flags in [
            &[][..],
            &["--yes"],
            &["--break-glass", "now"],
            &["--max-errors", "100%"],
            &["--waves", "1,2,3"],
            &["--skip-refused", "removed,not_found,unsupported"],
            &["--skip-done"],
            &["--reason", "INC-1"],
        ] {
            let ran = fleet.run(&job, &agree, flags).expect(8);
            says(&ran, &["at most 2 are allowed", "no flag raises a cap"]);
        }
        fleet.bench.sortie(&["plan", &job, "--out", "over.plan"]).expect(8);
        fleet.bench.sortie(&["send", action, "--all", "--confirm", &agree]).expect(8);
    }
    assert!(!fleet.bench.path("over.plan").exists());
    assert_eq!(fleet.writes(), 0);
    fleet.run(&fleet.job("restart", 0..2), "2", &[]).expect(0);
    fleet.run(&fleet.job("erase", 2..4), &erase_of(2), &[]).expect(0);
    assert_eq!(fleet.reached("restart"), [1, 1, 0, 0]);
    assert_eq!(fleet.reached("erase"), [0, 0, 1, 1]);
}

#[test]
fn a_days_cap_holds_over_runs_and_over_a_resume() {
    let fleet = Fleet::of(DeviceKind::IPad, 6);
    fleet.policy("[caps.action.erase]\nper_day = 4\n");
    // The first device is refused, and the run stops with two left.
    let refused = canned(400, r#"{"detail":"no"}"#, FaultMoment::BeforeApplying);
    fleet.tenant.script(FaultMatcher::action("erase"), refused);
    let job = fleet.job("erase", 0..3);
    fleet.run(&job, &erase_of(3), &["-j", "1", "--max-errors", "0"]).expect(9);
    assert_eq!(fleet.writes(), 1);
    let stopped = fleet.bench.latest_run();
    // What was left undone is free for others: one is spent, three are left, and not four.
    let rows = |range: std::ops::Range<usize>| {
        let rows: Vec<String> = range.map(|at| format!("{},erase", serial(at))).collect();
        fleet.bench.job("others.csv", "serial_number,action", &rows)
    };
    fleet.run(&rows(2..6), &erase_of(4), &[]).expect(8);
    fleet.run(&rows(3..6), &erase_of(3), &[]).expect(0);
    assert_eq!(fleet.writes(), 4);
    for arguments in [&["resume", &stopped][..], &["resume", &stopped, "--per-second", "1"]] {
        let ran = fleet.bench.sortie(arguments).expect(8);
        says(&ran, &["plus 4 in the last 24 hours", "at most 4"]);
    }
    for (more, count) in [(&[][..], 2), (&["--refused"], 3)] {
        let phrase = erase_of(count);
        let retry = ["retry", &stopped, "--confirm", &phrase];
        fleet.bench.sortie(&[&retry[..], more].concat()).expect(8);
    }
    assert_eq!(fleet.writes(), 4);
    assert_eq!(fleet.reached("erase"), [0, 0, 0, 1, 1, 1]);
    // It is not the job that was wrong: with room it goes on.
    fleet.policy("[caps.action.erase]\nper_day = 6\n");
    fleet.bench.sortie(&["resume", &stopped]).expect(7);
    assert_eq!(fleet.reached("erase"), [0, 1, 1, 1, 1, 1]);
}

#[test]
fn a_tenant_at_another_address_keeps_its_caps_doubts_and_runs() {
    let fleet = Fleet::of(DeviceKind::IPad, 6);
    fleet.policy("[caps.action.erase]\nper_day = 3\n[caps.action.restart]\nper_day = 2\n");
    let other = fleet.tenant.base_url().replace("127.0.0.1", "localhost");
    let elsewhere = |arguments: &[&str]| {
        let mut command = fleet.bench.command();
        command.env("SORTIE_BASE_URL", &other).args(arguments);
        Ran::of(command.output().expect("it starts"))
    };
    // Caps: what one address has used up is used up by the other one.
    fleet.run(&fleet.job("restart", 0..2), "2", &[]).expect(0);
    let job = fleet.job("restart", 2..3);
    let ran = elsewhere(&["run", &job, "--confirm", "1", "--wait", "0"]).expect(8);
    says(&ran, &["plus 2 in the last 24 hours"]);
    // The past.
    let job = fleet.job("restart", 0..2);
    let ran = elsewhere(&["run", &job, "--skip-done", "--confirm", "2", "--wait", "0"]);
    assert!(!ran.stderr.contains("24 hours"), "{}", ran.stderr);
    assert_eq!(fleet.writes(), 2);
    // Doubts.
    fleet.tenant.script(FaultMatcher::action("erase"), FaultKind::CloseBefore);
    let job = fleet.job("erase", 3..4);
    fleet.run(&job, &erase_of(1), &IMPATIENT).expect(11);
    let phrase = "ERASE 1 ON localhost";
    let ran = elsewhere(&["run", &job, "--confirm", phrase, "--wait", "0"]).expect(8);
    says(&ran, &["is in doubt", "sortie resolve"]);
    assert_eq!(fleet.tenant.seen("erase"), 1);
    // Runs under way.
    fleet.tenant.script(FaultMatcher::action("shutdown"), FaultKind::Hang);
    let job = fleet.job("shutdown", 4..5);
    let first = fleet.spawn(&["run", &job, "--confirm", "1", "--wait", "0"]);
    eventually("the request", || fleet.tenant.seen("shutdown") == 1);
    let ran = elsewhere(&["run", &job, "--confirm", "1", "--wait", "0"]).expect(13);
    says(&ran, &["still in progress"]);
    stop(first);
    assert_eq!(fleet.tenant.seen("shutdown"), 1);
}

#[test]
fn what_is_in_doubt_is_not_done_again_by_any_way_to_send() {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 4);
    // Everything that could lock the device a second time stands ready before the doubt comes up.
    let lock = |name: &str, message: &str, devices: &[usize]| {
        let row = |at: &usize| format!("{},lock,{message}", serial(*at));
        let rows: Vec<String> = devices.iter().map(row).collect();
        fleet.bench.job(name, "serial_number,action,Message", &rows)
    };
    let (first, other) = (lock("first.csv", "one", &[0]), lock("other.csv", "two", &[0]));
    let plan = fleet.plan(&other, "lock.plan");
    let refused = |at: usize| {
        let no = canned(400, r#"{"detail":"no"}"#, FaultMoment::BeforeApplying);
        fleet.tenant.script(FaultMatcher::action_on("lock", &fleet.ids[at]), no);
    };
    refused(0);
    fleet.run(&lock("failed.csv", "three", &[0]), "1", &[]).expect(7);
    let failed = fleet.bench.latest_run();
    refused(1);
    let stopping = ["-j", "1", "--max-errors", "0"];
    fleet.run(&lock("stopped.csv", "four", &[1, 0]), "2", &stopping).expect(9);
    let stopped = fleet.bench.latest_run();

    let before = fleet.tenant.seen("lock");
    let lost = FaultMatcher::action_on("lock", &fleet.ids[0]);
    fleet.tenant.script(lost, FaultKind::CloseBefore);
    fleet.run(&first, "1", &IMPATIENT).expect(11);
    let doubtful = fleet.bench.latest_run();
    for arguments in [
        &["run", &other, "--confirm", "1"][..],
        &["run", &other, "--confirm", "1", "--skip-done"],
        &["run", &plan, "--confirm", "1"],
        &["retry", &failed, "--refused", "--confirm", "1"],
        &["resume", &stopped],
    ] {
        let ran = fleet.bench.sortie(arguments).expect(8);
        says(&ran, &["lock", &format!("sortie resolve {doubtful}")]);
        assert!(
            ran.stderr.contains(&fleet.ids[0]) || ran.stderr.contains(&serial(0)),
            "{arguments:?} names no device:\n{}",
            ran.stderr
        );
        assert_eq!(fleet.tenant.seen("lock"), before + 1, "{arguments:?}");
    }
    // The run itself goes on, and once the doubt is settled the others do.
    fleet.bench.sortie(&["resume", &doubtful, "--timeout", "1s"]).expect(11);
    fleet.bench.sortie(&["resolve", &doubtful, "--as", "not-done", "--all", "--yes"]).expect(0);
    fleet.run_plan(&plan, "1", &[]).expect(0);
    assert_eq!(fleet.reached("lock"), [1, 0, 0, 0]);
}

/// Lets all charges be so many milliseconds older than they are.
fn age_charges(bench: &Bench, ms: i64) {
    let index = rusqlite::Connection::open(bench.path("state/sortie.db")).expect("it opens");
    index.execute("UPDATE charges SET at = at - ?", [ms]).expect("it can be written");
}

#[test]
fn what_a_run_may_still_send_counts_however_long_ago_it_began() {
    const DAY_MS: i64 = 86_400_000;
    let fleet = Fleet::of(DeviceKind::IPad, 6);
    fleet.policy("[caps.action.restart]\nper_day = 3\n");
    let waiting = |name: &str, devices: &[usize]| {
        let devices: Vec<String> =
            devices.iter().map(|at| format!("{{ serial_number: {} }}", serial(*at))).collect();
        let text = format!(
            "version: 1\nname: {name}\ntargets: {{ devices: [{}] }}\naction: restart\nwait: 0\n\
             send_until: 7d\nwindow: {{ days: [{}], from: \"10:00\", to: \"11:00\", \
             timezone: UTC, outside: wait }}\n",
            devices.join(", "),
            closed_window(),
        );
        fleet.bench.write(&format!("{name}.yaml"), &text);
        format!("{name}.yaml")
    };
    // Two devices that are sent to in three days, and it is charged for them until then.
    let saturday = waiting("saturday", &[0, 1]);
    let first = fleet.spawn(&["run", &saturday, "--confirm", "2"]);
    eventually("it is under way", || {
        let runs = fleet.bench.sortie(&["runs", "--format", "json"]);
        runs.code == 0 && runs.stdout.contains("\"open\"")
    });
    age_charges(&fleet.bench, 2 * DAY_MS);
    let sunday = waiting("sunday", &[2, 3]);
    let ran = fleet.bench.sortie(&["run", &sunday, "--confirm", "2"]).expect(8);
    says(&ran, &["plus 2 in the last 24 hours", "at most 3"]);
    fleet.run(&fleet.job("restart", 2..4), "2", &[]).expect(8);
    // Its process is gone: nothing is sent before it is resumed, and then it is charged again.
    stop(first);
    let old = fleet.bench.latest_run();
    fleet.run(&fleet.job("restart", 2..4), "2", &[]).expect(0);
    says(&fleet.bench.sortie(&["resume", &old]).expect(8), &["plus 2 in the last 24 hours"]);
    assert_eq!(fleet.reached("restart"), [0, 0, 1, 1, 0, 0]);
    // What was sent counts from its request on, and not from the end of the time that it might have taken.
    age_charges(&fleet.bench, DAY_MS + 60_000);
    fleet.run(&fleet.job("restart", 3..6), "3", &[]).expect(0);
    assert_eq!(fleet.reached("restart"), [0, 0, 1, 2, 1, 1]);
}

/// The names of what lies in a directory of the bench; none where there is no such directory.
fn names_in(bench: &Bench, directory: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(bench.path(directory)) else { return Vec::new() };
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.expect("an entry").file_name().to_string_lossy().into_owned()
    };
    let mut names: Vec<String> = entries.map(name).collect();
    names.sort();
    names
}

#[test]
fn a_run_that_comes_to_nothing_costs_nothing_and_leaves_nothing() {
    let fleet = Fleet::of(DeviceKind::IPad, 3);
    fleet.policy("[caps.action.restart]\nper_day = 2\n");
    let job = fleet.job("restart", 0..2);
    // Its reports cannot be written; this is found out after it was charged.
    fleet.bench.write("file", "in the way of a directory");
    for _ in 0..2 {
        fleet.run(&job, "2", &["--report-dir", "file/reports"]).expect(12);
    }
    assert_eq!(names_in(&fleet.bench, "state/runs"), [] as [&str; 0]);
    assert_eq!(fleet.bench.sortie(&["runs", "--format", "json"]).expect(0).stdout.trim(), "[]");
    // Of many that begin at the same moment one does, and the others leave nothing behind.
    let run = ["run", &job, "--confirm", "2", "--wait", "0"];
    let together: Vec<_> = (0..4).map(|_| fleet.spawn(&run)).collect();
    let codes: Vec<i32> = together.into_iter().map(|child| end_of(child).code).collect();
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1, "{codes:?}");
    assert_eq!(fleet.writes(), 2);
    let id = fleet.bench.latest_run();
    assert_eq!(names_in(&fleet.bench, "reports"), [format!("restart-2-{id}")]);
    let files = names_in(&fleet.bench, "state/runs");
    assert!(files.iter().all(|name| name.starts_with(&id)), "{files:?}");
}

#[cfg(unix)]
#[test]
fn a_policy_that_others_could_write_refuses_everything() {
    let fleet = Fleet::of(DeviceKind::IPad, 1);
    let policy = fleet.policy("[caps.disruptive]\nper_run = 100\n");
    let job = fleet.job("restart", 0..1);
    for mode in [0o666, 0o664, 0o646, 0o620, 0o602, 0o777] {
        set_mode(&policy, mode);
        for arguments in [&["run", &job, "--confirm", "1"][..], &["plan", &job]] {
            let ran = fleet.bench.sortie(arguments).expect(8);
            says(&ran, &["is writable by its group or by other users", "chmod go-w"]);
        }
    }
    let dangling = fleet.bench.path("state/policy.toml");
    std::fs::remove_file(&dangling).expect("it is ours");
    std::os::unix::fs::symlink("nowhere", &dangling).expect("made");
    fleet.bench.sortie(&["run", &job, "--confirm", "1"]).expect(8);
    assert_eq!(fleet.writes(), 0);
    fleet.policy("[caps.disruptive]\nper_run = 100\n");
    fleet.run(&job, "1", &[]).expect(0);
    assert_eq!(fleet.writes(), 1);
}

/// The date so many days from now, in UTC.
fn in_days(days: i64) -> jiff::civil::Date {
    let now = sortie::simulator::wall_clock().0;
    let now = jiff::Timestamp::from_millisecond(now).expect("a moment");
    let today = jiff::tz::TimeZone::UTC.to_datetime(now).date();
    today.checked_add(jiff::Span::new().days(days)).expect("a date")
}

/// The same as it is written.
fn date(days: i64) -> String {
    in_days(days).to_string()
}

#[test]
fn an_exception_is_for_its_job_and_ends_on_its_day() {
    let fleet = Fleet::of(DeviceKind::IPad, 3);
    let cap = "[caps.irreversible]\nper_run = 1\n";
    let exception = |job: &str, action: &str, max: u32, until: &str| {
        format!(
            "{cap}[[exception]]\njob = \"{job}\"\naction = \"{action}\"\nmax = {max}\nuntil = \"{until}\"\n"
        )
    };
    let job = fleet.job("erase", 0..3);
    for text in [
        exception("erase-3", "erase", 3, &date(-1)),
        exception("erase-3", "erase", 2, &date(1)),
        exception("erase", "erase", 3, &date(1)),
        exception("erase-3", "restart", 3, &date(1)),
        exception("erase-3", "delete-device", 3, &date(1)),
        exception("erase-3", "erase", 3, "soon"),
        exception("*", "erase", 3, &date(1)),
    ] {
        fleet.policy(&text);
        fleet.run(&job, &erase_of(3), &[]).expect(8);
    }
    assert_eq!(fleet.writes(), 0);
    fleet.policy(&exception("erase-3", "erase", 3, &date(1)));
    fleet.run(&job, &erase_of(3), &[]).expect(0);
    assert_eq!(fleet.reached("erase"), [1, 1, 1]);
}

#[test]
fn an_empty_identity_or_half_a_serial_matches_no_device() {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 3);
    let whole = serial(0);
    for (arguments, code) in [
        (vec!["send", "lock", "--serial", ""], 2),
        (vec!["send", "lock", "--serial", " "], 2),
        (vec!["send", "lock", "--device", ""], 2),
        (vec!["send", "lock", "--user-email", ""], 2),
        (vec!["send", "lock"], 2),
        (vec!["send", "lock", "--serial", &whole[..5]], 4),
        (vec!["send", "lock", "--serial", &whole[2..]], 4),
        (vec!["send", "lock", "--serial", "*"], 2),
        (vec!["send", "lock", "--platform", "AppleTV"], 4),
        (vec!["send", "lock", "--blueprint", ""], 2),
        (vec!["send", "lock", "--tag", "nobody-has-it"], 4),
        (vec!["send", "lock", "--all", "--platform", "Mac"], 2),
    ] {
        for agree in [&["--yes"][..], &["--confirm", "3"], &["--confirm", "0"], &["--confirm", ""]]
        {
            let ran = fleet.bench.sortie(&[&arguments[..], agree].concat());
            assert_eq!(ran.code, code, "{arguments:?}\n{}", ran.stderr);
        }
    }
    assert_eq!(fleet.writes(), 0);
}

/// Five devices, each of which another list of the policy names, and one that none does.
fn protected_fleet() -> (Fleet, String) {
    let user =
        |at: usize| SimUser { email: format!("user{at}@example.com"), name: format!("U {at}") };
    let fleet = Fleet::with(DeviceKind::IPad, 6, |at, device| {
        device.user = Some(user(at));
        match at {
            3 => device.blueprint = "Kiosk".to_owned(),
            4 => device.tags = vec!["loan".to_owned(), "do-not-touch".to_owned()],
            _ => {}
        }
    });
    let policy = format!(
        "[protect]\ndevice_ids = [\"{}\"]\nserial_numbers = [\" {} \"]\nuser_emails = [\"USER2@example.com\"]\n\
         blueprints = [\"kiosk\"]\ntags = [\"Do-Not-Touch\"]\n",
        fleet.ids[0].to_uppercase(),
        serial(1).to_lowercase(),
    );
    (fleet, policy)
}

#[test]
fn a_protected_device_is_protected_under_every_identity() {
    let (fleet, policy) = protected_fleet();
    fleet.policy(&policy);
    for at in 0..5 {
        for (action, agree) in [("restart", "1".to_owned()), ("erase", erase_of(1))] {
            let id = fleet.ids[at].clone();
            for (column, value) in [
                ("device_id", id.to_uppercase()),
                ("serial_number", serial(at)),
                ("user_email", format!("user{at}@example.com")),
            ] {
                let rows = [format!("{value},{action}")];
                let job = fleet.bench.job("one.csv", &format!("{column},action"), &rows);
                for flags in [
                    &[][..],
                    &["--skip-refused", "unsupported,removed,not_found"],
                    &["--break-glass", "now"],
                ] {
                    let ran = fleet.run(&job, &agree, flags).expect(8);
                    says(&ran, &["protected by the policy", "no flag overrides that"]);
                }
                fleet.bench.sortie(&["plan", &job, "--out", "one.plan"]).expect(8);
            }
        }
    }
    assert_eq!(fleet.writes(), 0);
    let notes = fleet.bench.sortie(&["audit", "--format", "json"]).expect(0).stdout;
    let refused: Vec<&str> = notes.lines().filter(|line| line.contains("refused")).collect();
    assert!(!refused.is_empty() && refused.iter().all(|line| !line.contains("line 2")), "{notes}");
    // One protected device refuses a list of names, and a selection goes round all of them.
    fleet.run(&fleet.job("erase", 0..6), &erase_of(6), &[]).expect(8);
    fleet.run(&fleet.job("erase", 0..6), &erase_of(1), &[]).expect(8);
    assert_eq!(fleet.writes(), 0);
    fleet.bench.sortie(&["send", "erase", "--all", "--confirm", &erase_of(6)]).expect(8);
    fleet
        .bench
        .sortie(&["send", "erase", "--all", "--confirm", &erase_of(1), "--wait", "0"])
        .expect(0);
    assert_eq!(fleet.reached("erase"), [0, 0, 0, 0, 0, 1]);
    // What is harmless is not held up by any of this.
    fleet.bench.sortie(&["run", &fleet.job("blank-push", 0..5)]).expect(0);
    assert_eq!(fleet.reached("blank-push"), [1, 1, 1, 1, 1, 0]);
}

#[test]
fn every_refusal_by_the_policy_is_in_the_host_s_record() {
    let fleet = Fleet::of(DeviceKind::MacIntel, 2);
    fleet.policy("[caps.disruptive]\nper_run = 1\n");
    let job = fleet.job("restart", 0..2);
    let refused = || {
        let notes = fleet.bench.sortie(&["audit", "--format", "json"]).expect(0).stdout;
        notes.matches("over the cap: restart").count()
    };
    fleet.run(&job, "2", &["--dry-run"]).expect(8);
    assert_eq!(refused(), 1);
    fleet.run(&job, "2", &[]).expect(8);
    assert_eq!(refused(), 2);
    assert_eq!(fleet.writes(), 0);
}

#[test]
fn a_device_protected_during_a_run_is_not_sent_to() {
    for (action, agree) in [("restart", "4".to_owned()), ("erase", erase_of(4))] {
        let slow = Faults { latency_ms: 300..=300, ..Faults::default() };
        let fleet = Fleet::in_world(prompt_world(slow), DeviceKind::IPad, 4, |_, _| {});
        let job = fleet.job(action, 0..4);
        let run = fleet.spawn(&["run", &job, "--confirm", &agree, "--wait", "0", "-j", "1"]);
        eventually("the first request", || fleet.tenant.seen(action) >= 1);
        fleet.policy(&format!("[protect]\nserial_numbers = [\"{}\"]\n", serial(3)));
        let ran = end_of(run);
        assert_eq!(fleet.reached(action), [1, 1, 1, 0], "{action}: {}", ran.stderr);
        ran.expect(7);
        assert_eq!(fleet.bench.outcomes()[&serial(3)], "skipped");
        let row = fleet.bench.report().remove(3);
        assert!(row["reason"].contains("protected by the policy"), "{row:?}");
    }
}

#[test]
fn a_policy_that_breaks_while_a_run_is_under_way_stops_it() {
    let slow = Faults { latency_ms: 300..=300, ..Faults::default() };
    let fleet = Fleet::in_world(prompt_world(slow), DeviceKind::IPad, 6, |_, _| {});
    let job = fleet.job("restart", 0..6);
    let run = fleet.spawn(&["run", &job, "--confirm", "6", "--wait", "0", "-j", "1"]);
    eventually("the first request", || fleet.tenant.seen("restart") >= 1);
    fleet.policy("[protect]\nserial_number = []\n");
    let before = fleet.tenant.seen("restart");
    says(&end_of(run).expect(9), &["serial_number"]);
    let after = fleet.tenant.seen("restart");
    assert!(after <= before + 1, "{before} {after}");
    fleet.bench.sortie(&["resume"]).expect(8);
    assert_eq!(fleet.tenant.seen("restart"), after);
}

/// A window that is closed today, tomorrow and the day after.
pub fn closed_window() -> String {
    in_days(3).strftime("%a").to_string().to_lowercase()
}

#[test]
fn a_closed_window_holds_and_break_glass_is_recorded_and_capped() {
    let fleet = Fleet::of(DeviceKind::IPad, 3);
    let day = closed_window();
    let cap = "[caps.disruptive]\nper_run = 2\n";
    fleet.policy(&format!(
        "{cap}[window]\ndays = [\"{day}\"]\nfrom = \"10:00\"\nto = \"11:00\"\ntimezone = \"UTC\"\n"
    ));
    let job = fleet.job("restart", 0..2);
    for flags in
        [&["--yes"][..], &["--confirm", "2"], &["--confirm", "2", "--yes"], &["--no-input"]]
    {
        let ran = fleet.bench.sortie(&[&["run", &job], flags].concat()).expect(8);
        says(&ran, &["is closed until", "--break-glass"]);
    }
    for reason in ["", "  "] {
        fleet.run(&job, "2", &["--break-glass", reason]).expect(2);
    }
    // The job's own window is no less closed.
    let own = format!(
        "version: 1\nname: own\ntargets: {{ all: true }}\naction: blank-push\n\
         window: {{ days: [{day}], from: \"10:00\", to: \"11:00\", timezone: UTC }}\n"
    );
    fleet.bench.write("own.yaml", &own);
    fleet.bench.sortie(&["run", "own.yaml", "--yes"]).expect(8);
    // A window that is broken is no bound that makes a yes enough.
    let one = format!("{{ devices: [{{ serial_number: {} }}] }}", serial(0));
    let bounded = own.replace("blank-push", "restart\nlimits: { max_devices: 3 }");
    let bounded = bounded.replace("{ all: true }", &one);
    fleet.bench.write("bounded.yaml", &bounded);
    let broken = ["run", "bounded.yaml", "--yes", "--break-glass", "INC-7"];
    says(&fleet.bench.sortie(&broken).expect(8), &["--yes is not enough"]);
    // Made in good time, started in bad: a plan is no way round.
    let path = fleet.plan(&job, "window.plan");
    fleet.run_plan(&path, "2", &[]).expect(8);
    let glass = ["--break-glass", "INC-7: the lab is on fire"];
    fleet.run(&fleet.job("restart", 0..3), "3", &glass).expect(8);
    assert_eq!(fleet.writes(), 0);
    fleet.run(&job, "2", &glass).expect(0);
    assert_eq!(fleet.reached("restart"), [1, 1, 0]);
    for arguments in [&["audit"][..], &["audit", "latest"]] {
        says(&fleet.bench.sortie(arguments).expect(0), &["INC-7: the lab is on fire"]);
    }
    // What is harmless has no window that it did not ask for.
    fleet.bench.sortie(&["run", &fleet.job("blank-push", 0..3)]).expect(0);
}

#[test]
fn a_dry_run_says_what_the_run_would_come_to() {
    let fleet = Fleet::of(DeviceKind::IPad, 3);
    let (erase, restart) = (fleet.job("erase", 0..3), fleet.job("restart", 0..2));
    let raised = "[caps.irreversible]\nper_run = 2\n[maximum.irreversible]\nper_run = 3\n";
    let signers = "allowed_signers = \"allowed_signers\"\n";
    let day = closed_window();
    let window = format!(
        "[window]\ndays = [\"{day}\"]\nfrom = \"10:00\"\nto = \"11:00\"\ntimezone = \"UTC\"\n"
    );
    for (policy, job, code, words) in [
        (raised.to_owned(), &erase, 8, "have another person approve the plan"),
        (
            format!("[approval]\nalways = true\n{signers}"),
            &erase,
            8,
            "requires the approval of another person",
        ),
        ("[reason]\nrequired_from = \"disruptive\"\n".to_owned(), &restart, 8, "requires a reason"),
        ("[caps.disruptive]\nper_run = 1\n".to_owned(), &restart, 8, "at most 1 are allowed"),
        (window, &restart, 0, "a run started now would be refused: the window"),
        ("# nothing\n".to_owned(), &restart, 0, "dry run: nothing was sent"),
    ] {
        fleet.policy(&policy);
        says(&fleet.bench.sortie(&["run", job, "-n", "--no-input"]).expect(code), &[words]);
    }
    // With a gate that asks somebody, and nobody who could be asked.
    let asking = ["run", &restart, "-n", "--waves", "1", "--gate", "operator"];
    says(&fleet.bench.sortie(&asking).expect(8), &["there is no terminal"]);
    std::fs::write(fleet.bench.path("state/STOP"), "").expect("the state directory is there");
    says(&fleet.bench.sortie(&["run", &restart, "-n"]).expect(0), &["STOP", "nothing was sent"]);
    assert_eq!(fleet.writes(), 0);
    assert_eq!(fleet.bench.sortie(&["runs", "--format", "json"]).expect(0).stdout.trim(), "[]");
}

/// A key for each of these people, and the lines of `allowed_signers` for some of them.
pub fn keys(bench: &Bench, people: &[&str], allowed: &[&str]) {
    let mut lines = String::new();
    for who in people {
        let path = bench.path(who);
        let mut keygen = std::process::Command::new("ssh-keygen");
        keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", who, "-f"]).arg(&path);
        assert!(keygen.status().expect("OpenSSH is installed").success());
        let public = std::fs::read_to_string(path.with_extension("pub")).expect("it was written");
        if allowed.contains(who) {
            lines.push_str(&format!("{who}@example.com {public}"));
        }
    }
    let signers = bench.path("state/allowed_signers");
    std::fs::write(&signers, lines).expect("the state directory is there");
    set_mode(&signers, 0o644);
}

/// The user who runs the tests, as plans name them.
pub fn user_of(bench: &Bench, plan: &str) -> String {
    let text = std::fs::read(bench.path(plan)).expect("it was written");
    let plan: Value = serde_json::from_slice(&text).expect("JSON");
    let made_by = plan["made_by"].as_str().expect("text");
    made_by.split_once(" (uid ").expect("a user with a number").0.to_owned()
}

#[test]
fn an_approval_is_by_another_person_for_one_plan_and_one_run() {
    let fleet = Fleet::of(DeviceKind::IPad, 3);
    let job = fleet.job("erase", 0..3);
    fleet.plan(&job, "first.plan");
    let me = user_of(&fleet.bench, "first.plan");
    let rules = |people: &str| {
        format!(
            "[caps.irreversible]\nper_run = 2\n[maximum.irreversible]\nper_run = 3\n\
             [approval]\nalways = true\nallowed_signers = \"allowed_signers\"\n{people}"
        )
    };
    let people = format!("[approval.people]\n{me} = \"Me@example.com\"\n");
    fleet.policy(&rules(&people));
    keys(&fleet.bench, &["me", "bob", "eve"], &["me", "bob"]);
    let (phrase, key) = (erase_of(3), |who: &str| fleet.bench.path(who).display().to_string());
    let approve = |plan: &str, who: &str, out: &str| {
        fleet.bench.sortie(&["approve", plan, "--key", &key(who), "--out", out, "--yes"]).expect(0);
    };
    let try_with = |approval: &str, why: &str| {
        let ran = fleet.run_plan("erase.plan", &phrase, &["--approval", approval]).expect(8);
        says(&ran, &[why]);
    };
    for (name, devices) in [("erase.plan", 3), ("again.plan", 3), ("other.plan", 2)] {
        fleet.plan(&fleet.job("erase", 0..devices), name);
    }
    says(&fleet.run_plan("erase.plan", &phrase, &[]).expect(8), &["sortie approve"]);
    says(&fleet.run(&job, &phrase, &[]).expect(8), &["sortie approve"]);
    fleet.run(&job, &phrase, &["--approval", "none"]).expect(2);

    approve("erase.plan", "me", "own.approval");
    try_with("own.approval", "another person must approve it");
    approve("erase.plan", "eve", "eve.approval");
    try_with("eve.approval", "not signed by a key");
    approve("other.plan", "bob", "other.approval");
    try_with("other.approval", "is for another plan");
    try_with("missing.approval", "missing.approval");

    approve("erase.plan", "bob", "good.approval");
    let good = std::fs::read_to_string(fleet.bench.path("good.approval")).expect("written");
    let mut tampered: Value = serde_json::from_str(&good).expect("JSON");
    let statement = tampered["statement"].as_str().expect("text").to_owned();
    let expires = serde_json::from_str::<Value>(&statement).expect("JSON")["expires_at"].clone();
    let longer = statement
        .replace(&expires.to_string(), &format!("{}", expires.as_i64().expect("a number") - 1));
    assert_ne!(longer, statement);
    for (name, statement) in
        [("time.approval", longer), ("who.approval", statement.replace("uid", "UID"))]
    {
        tampered["statement"] = json!(statement);
        fleet.bench.write(name, &tampered.to_string());
        try_with(name, "its signature does not match its content");
    }
    let eves = std::fs::read_to_string(fleet.bench.path("eve.approval")).expect("written");
    let eves: Value = serde_json::from_str(&eves).expect("JSON");
    tampered["signature"] = eves["signature"].clone();
    fleet.bench.write("mixed.approval", &tampered.to_string());
    try_with("mixed.approval", "its signature does not match its content");
    fleet.bench.write("empty.approval", "{}");
    try_with("empty.approval", "the file is not an approval");

    let signers = fleet.bench.path("state/allowed_signers");
    set_mode(&signers, 0o666);
    try_with("good.approval", "is writable by its group or by other users");
    set_mode(&signers, 0o644);

    // An approval takes the place of no confirmation, and of no maximum.
    for agree in [&["--yes"][..], &["--confirm", "3"], &[]] {
        let run = ["run", "erase.plan", "--approval", "good.approval"];
        fleet.bench.sortie(&[&run[..], agree].concat()).expect(8);
    }
    assert_eq!(fleet.writes(), 0);
    fleet.run_plan("erase.plan", &phrase, &["--approval", "good.approval"]).expect(0);
    fleet.run_plan("erase.plan", &phrase, &["--approval", "good.approval"]).expect(8);
    let again = fleet.run_plan("again.plan", &phrase, &["--approval", "good.approval"]).expect(8);
    says(&again, &["is for another plan"]);
    assert_eq!(fleet.reached("erase"), [1, 1, 1]);
    assert_eq!(fleet.writes(), 3);
    says(&fleet.bench.sortie(&["audit"]).expect(0), &["bob@example.com"]);
}

/// A policy by which every irreversible plan needs an approval, and the key of Bob, who may give it.
pub fn bob_approves(fleet: &Fleet) -> String {
    fleet.plan(&fleet.job("erase", 0..2), "first.plan");
    let me = user_of(&fleet.bench, "first.plan");
    fleet.policy(&format!(
        "[approval]\nalways = true\nallowed_signers = \"allowed_signers\"\n\
         [approval.people]\n{me} = \"me@example.com\"\n"
    ));
    keys(&fleet.bench, &["bob"], &["bob"]);
    fleet.bench.path("bob").display().to_string()
}

#[test]
fn no_file_of_the_runner_decides_whose_approval_counts() {
    let fleet = Fleet::of(DeviceKind::IPad, 2);
    let key = bob_approves(&fleet);
    fleet.plan(&fleet.job("erase", 0..2), "erase.plan");
    fleet.bench.sortie(&["approve", "erase.plan", "--key", &key, "--yes"]).expect(0);
    // What the runner controls: the directory for temporary files, and the programs of PATH.
    let mut command = fleet.bench.command();
    command.args(["run", "erase.plan", "--confirm", &erase_of(2)]);
    command.env("TMPDIR", fleet.bench.path("nowhere")).env("PATH", "");
    crate::harness::Ran::of(command.output().expect("it starts")).expect(0);
    assert_eq!(fleet.reached("erase"), [1, 1]);
}

#[test]
fn a_plan_by_an_unlisted_user_cannot_be_approved() {
    let fleet = Fleet::of(DeviceKind::IPad, 4);
    fleet.policy(
        "[caps.irreversible]\nper_run = 2\n[maximum.irreversible]\nper_run = 3\n\
         [approval]\nallowed_signers = \"allowed_signers\"\n",
    );
    keys(&fleet.bench, &["bob"], &["bob"]);
    // Beyond what an approval can raise there is no plan to approve at all.
    fleet.bench.sortie(&["plan", &fleet.job("erase", 0..4), "--out", "four.plan"]).expect(8);
    fleet.plan(&fleet.job("erase", 0..3), "three.plan");
    let key = fleet.bench.path("bob").display().to_string();
    fleet.bench.sortie(&["approve", "three.plan", "--key", &key, "--yes"]).expect(0);
    let ran = fleet.run_plan("three.plan", &erase_of(3), &[]).expect(8);
    says(&ran, &["is not listed in [approval.people]"]);
    assert_eq!(fleet.writes(), 0);
}

#[test]
fn a_job_does_not_overlap_itself_or_unsent_work_on_a_device() {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 3);
    fleet.tenant.script(FaultMatcher::action("restart"), FaultKind::Hang);
    let job = fleet.job("restart", 0..2);
    let run = ["run", &job, "--confirm", "2", "--wait", "0", "-j", "1"];
    let first = fleet.spawn(&run);
    eventually("the first request", || fleet.tenant.seen("restart") == 1);
    says(&fleet.bench.sortie(&run).expect(13), &["of job", "still in progress"]);
    let ran = fleet.bench.sortie(&[&run[..], &["--if-running", "skip"]].concat()).expect(0);
    says(&ran, &["skipped, nothing was sent"]);
    let send = |action: &str, at: usize, more: &[&str]| {
        let serial = serial(at);
        let send = ["send", action, "--serial", &serial, "--confirm", "1", "--wait", "0"];
        fleet.bench.sortie(&[&send[..], more].concat())
    };
    says(&send("shutdown", 1, &[]).expect(13), &["still has to send to device"]);
    send("shutdown", 1, &["--if-running", "skip"]).expect(0);
    fleet.bench.sortie(&["send", "restart", "--all", "--confirm", "3"]).expect(13);
    assert_eq!((fleet.tenant.seen("restart"), fleet.tenant.seen("shutdown")), (1, 0));
    // Another device is free, and so is one that only reads are sent to.
    send("shutdown", 2, &[]).expect(0);
    fleet.bench.sortie(&["send", "get-commands", "--serial", &serial(1)]).expect(0);
    // An emergency does not wait for routine.
    send("lock", 1, &[]).expect(0);
    assert_eq!(fleet.tenant.seen("restart"), 1);
    end_of(first);
    assert_eq!((fleet.reached("shutdown"), fleet.reached("lock")), (vec![0, 0, 1], vec![0, 1, 0]));
    assert!(fleet.tenant.ledger().duplicates().is_empty());
}

#[test]
fn a_stolen_mac_is_locked_while_its_check_in_is_pending() {
    let fleet = Fleet::with(DeviceKind::MacAppleSilicon, 2, |_, device| {
        device.command_end = CommandEnd::NeverEnds;
    });
    fleet.tenant.script(FaultMatcher::action("daily-checkin"), FaultKind::Hang);
    let job = fleet.job("daily-checkin", 0..2);
    let routine = fleet.spawn(&["run", &job, "--wait", "60s", "-j", "1"]);
    eventually("the first check-in", || fleet.tenant.seen("daily-checkin") == 1);
    let lock = |at: usize| {
        let serial = serial(at);
        let lock = ["send", "lock", "--serial", &serial, "--confirm", "1", "--wait", "0"];
        fleet.bench.sortie(&lock).expect(0);
    };
    lock(1);
    assert_eq!((fleet.reached("lock"), fleet.tenant.seen("daily-checkin")), (vec![0, 1], 1));
    eventually("both check-ins", || fleet.reached("daily-checkin") == [1, 1]);
    lock(0);
    assert_eq!(fleet.reached("lock"), [1, 1]);
    assert!(fleet.tenant.ledger().duplicates().is_empty());
    stop(routine);
}

#[test]
fn an_old_run_that_is_only_watched_blocks_no_run() {
    let fleet = Fleet::with(DeviceKind::MacAppleSilicon, 3, |_, device| {
        device.command_end = CommandEnd::NeverEnds;
    });
    fleet.tenant.script(FaultMatcher::action_on("restart", &fleet.ids[1]), FaultKind::Hang);
    let job = fleet.job("restart", 0..3);
    let died = fleet.spawn(&["run", &job, "--confirm", "3", "--wait", "60s", "-j", "1"]);
    eventually("two requests", || fleet.tenant.seen("restart") == 2);
    stop(died);
    let watching = fleet.spawn(&["watch", "--wait", "60s"]);
    eventually("somebody watches", || {
        let status = fleet.bench.sortie(&["status", "--format", "json"]);
        status.stdout.contains("\"running\":true") && status.stdout.contains("\"open\"")
    });
    // The device that the old run never sent to, and then the same job: neither waits for whoever watches.
    let serial = serial(2);
    let send = ["send", "shutdown", "--serial", &serial, "--confirm", "1", "--wait", "0"];
    fleet.bench.sortie(&send).expect(0);
    let nightly = ["run", &job, "--confirm", "3", "--wait", "0", "--if-running", "skip"];
    let ran = fleet.bench.sortie(&nightly).expect(0);
    assert!(!ran.stderr.contains("skipped"), "{}", ran.stderr);
    assert_eq!((fleet.reached("shutdown"), fleet.tenant.seen("restart")), (vec![0, 0, 1], 5));
    stop(watching);
}

/// Ends a run that has shown what it was to show.
fn stop(mut run: std::process::Child) {
    run.kill().expect("it can be killed");
    run.wait().expect("it can be waited for");
}

#[test]
fn a_stop_file_stops_before_and_during_a_run() {
    const IN_FLIGHT: u64 = 2;
    let slow = Faults { latency_ms: 200..=200, ..Faults::default() };
    let fleet = Fleet::in_world(prompt_world(slow), DeviceKind::IPad, 24, |_, _| {});
    fleet.policy("[caps.disruptive]\nshare = \"100%\"\n");
    let job = fleet.job("restart", 0..24);
    let path = fleet.plan(&job, "restart.plan");
    let stop_file = fleet.bench.path("state/STOP");
    std::fs::write(&stop_file, "").expect("the state directory is there");
    for arguments in [
        &["run", &job, "--confirm", "24"][..],
        &["run", &path, "--confirm", "24"],
        &["run", &fleet.job("blank-push", 0..1)],
        &["send", "restart", "--all", "--confirm", "24", "--break-glass", "now"],
    ] {
        says(&fleet.bench.sortie(arguments).expect(9), &["sending is blocked by the file"]);
    }
    std::fs::remove_file(&stop_file).expect("it is ours");
    // A link to nowhere is no less a sign.
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", &stop_file).expect("made");
        let ran = fleet.bench.sortie(&["run", &job, "--confirm", "24"]).expect(9);
        says(&ran, &["sending is blocked by the file"]);
        std::fs::remove_file(&stop_file).expect("it is ours");
    }
    assert_eq!(fleet.writes(), 0);

    let concurrency = IN_FLIGHT.to_string();
    let run = ["run", &job, "--confirm", "24", "--wait", "0", "-j", &concurrency];
    let run = fleet.spawn(&run);
    eventually("a few requests", || fleet.tenant.seen("restart") >= 4);
    std::fs::write(&stop_file, "").expect("the state directory is there");
    let before = fleet.tenant.seen("restart");
    let ran = end_of(run).expect(9);
    let after = fleet.tenant.seen("restart");
    assert!(after <= before + IN_FLIGHT, "{before} {after}");
    says(&ran, &["STOP", "sortie resume"]);
    // Nothing goes on while it stands; what was in flight is accounted for.
    fleet.bench.sortie(&["resume"]).expect(9);
    fleet.bench.sortie(&["retry", "--confirm", &(24 - after).to_string()]).expect(9);
    assert_eq!(fleet.tenant.seen("restart"), after);
    let report = fleet.bench.report();
    let left = report.iter().filter(|row| row["outcome"] == "not_attempted").count();
    assert_eq!((report.len(), left as u64), (24, 24 - after));
    std::fs::remove_file(&stop_file).expect("it is ours");
    fleet.bench.sortie(&["resume", "-j", "1"]).expect(0);
    assert_eq!(fleet.reached("restart"), [1; 24]);
}

#[test]
fn a_target_that_changed_is_skipped_and_the_others_are_done() {
    let owned = |at: usize, device: &mut NewDevice| {
        let email = format!("user{at}@example.com");
        device.user = Some(SimUser { email, name: format!("User {at}") });
    };
    let fleet = Fleet::with(DeviceKind::IPad, 6, owned);
    let path = fleet.plan(&fleet.job("erase", 0..6), "erase.plan");
    fleet.tenant.with_world(|world| {
        for (at, id) in fleet.ids.iter().enumerate() {
            // A device with the id of another takes its place.
            let mut device = world.device(id).expect("it is there").clone();
            match at {
                1 => device.serial_number = serial(99),
                2 => owned(99, &mut device),
                3 => device.blueprint = "Executives".to_owned(),
                4 => device.user = None,
                _ => continue,
            }
            world.add_device(device);
        }
    });
    fleet.run_plan(&path, &erase_of(6), &[]).expect(7);
    assert_eq!(fleet.reached("erase"), [1, 0, 0, 0, 0, 1]);
    assert_eq!(fleet.writes(), 2);
    let report = fleet.bench.report();
    for (at, word) in [(1, "serial number"), (2, "user"), (3, "blueprint"), (4, "user")] {
        assert_eq!(report[at]["outcome"], "skipped", "{:?}", report[at]);
        assert!(report[at]["reason"].contains(word), "{:?}", report[at]);
    }
}

#[test]
fn device_names_are_harmless_on_terminals_and_exact_in_data() {
    let name = "pad\u{1b}[2J\u{202e}\n    9999  erase";
    let fleet = Fleet::with(DeviceKind::IPad, 1, |_, device| device.name = name.to_owned());
    let job = fleet.job("erase", 0..1);
    for arguments in [&["plan", &job][..], &["run", &job], &["run", &job, "--dry-run"]] {
        let ran = fleet.bench.sortie(arguments);
        let all = format!("{}{}", ran.stdout, ran.stderr);
        assert!(all.contains("pad\u{fffd}[2J"), "{arguments:?}\n{all}");
        assert!(!all.contains(['\u{1b}', '\u{202e}']), "{arguments:?}\n{all}");
        assert!(!all.lines().any(|line| line.trim_start().starts_with("9999")), "{all}");
    }
    let path = fleet.plan(&job, "exact.plan");
    let plan = std::fs::read(fleet.bench.path(&path)).expect("it was written");
    let plan: Value = serde_json::from_slice(&plan).expect("JSON");
    assert_eq!(plan["plan"]["tasks"][0]["device"]["name"], name);
}

/// Erases three iPads, of which the first refuses and stops the run: two are left.
fn stopped_erase(fleet: &Fleet) -> String {
    let refused = canned(400, r#"{"detail":"no"}"#, FaultMoment::BeforeApplying);
    fleet.tenant.script(FaultMatcher::action("erase"), refused);
    let job = fleet.job("erase", 0..3);
    fleet.run(&job, &erase_of(3), &["-j", "1", "--max-errors", "0"]).expect(9);
    assert_eq!(fleet.writes(), 1);
    fleet.bench.latest_run()
}

#[test]
fn what_is_left_of_a_run_falls_under_the_policy_of_today() {
    let fleet = Fleet::of(DeviceKind::IPad, 3);
    let run = stopped_erase(&fleet);
    fleet.policy("[approval]\nalways = true\nallowed_signers = \"allowed_signers\"\n");
    let phrase = erase_of(2);
    // Neither can be approved: it takes a plan of what is left.
    let report = format!("sortie report {run}");
    let cure = [
        "requires the approval of another person",
        &*report,
        "unprocessed.csv",
        "--out PLAN",
        "sortie approve",
    ];
    says(&fleet.bench.sortie(&["resume", &run]).expect(8), &cure);
    says(&fleet.bench.sortie(&["retry", &run, "--confirm", &phrase]).expect(8), &cure);
    fleet.policy("[reason]\nrequired_from = \"irreversible\"\n");
    says(&fleet.bench.sortie(&["resume", &run]).expect(8), &["requires a reason"]);
    fleet.bench.sortie(&["retry", &run, "--confirm", &phrase]).expect(8);
    assert_eq!(fleet.writes(), 1);
    fleet.bench.sortie(&["retry", &run, "--confirm", &phrase, "--reason", "CHG-1"]).expect(0);
    assert_eq!(fleet.reached("erase"), [0, 1, 1]);
}
