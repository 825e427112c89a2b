//! YAML jobs: what is accepted, what is refused and with which words.
//!
//! Owns the lines of `reference/bad-inputs.md` that concern YAML. Must never test what tables say.

use super::*;
use crate::model::settings::{
    SettingSource, SettingValue, following, output, pace, safety, targets,
};
use crate::model::{Gate, MaxErrors, ParamValue, WaveEnd, Window};

#[test]
fn a_whole_yaml_job_is_read() {
    let job = yaml_job(LAB);
    assert_eq!(
        (job.name.as_str(), job.reason.as_deref()),
        ("design-lab-restart", Some("CHG-1042"))
    );
    let [first, second] = &job.rows[..] else { panic!("two rows") };
    assert_eq!((first.number, first.line, second.line), (1, 6, 8));
    assert_eq!(first.target.serial_number.as_deref(), Some("0012345"));
    assert_eq!(first.steps[1].after, Some(Gate::Accepted));
    let notify = |row: &Row| row.steps[1].params.get("NotifyUser").cloned();
    assert_eq!(notify(first), Some(ParamValue::Bool(true)));
    assert_eq!(notify(second), Some(ParamValue::Bool(false)));
    assert_eq!(job.exclude.serial_numbers, ["A9"]);
    assert_eq!(job.exclude.filter.platform, [crate::model::Platform::Windows]);
    let values = &job.settings.values;
    assert!(!job.settings.is_deactivation_allowed() && job.settings.require.is_none());
    assert_eq!((job.settings.before_loss(), values.texts(&safety::ENCRYPT_TO)), (None, None));
    for (setting, line, expect) in [
        (&following::WAIT, 16, SettingValue::Duration(7_200_000)),
        (&pace::SEND_UNTIL, 17, SettingValue::Duration(28_800_000)),
        (&pace::CONCURRENCY, 18, SettingValue::Count(16)),
        (&pace::PER_SECOND, 18, SettingValue::Count(20)),
        (&pace::PER_HOUR, 18, SettingValue::Count(4_000)),
        (&safety::MAX_DEVICES, 18, SettingValue::Count(200)),
        (&pace::RETRY_COUNT, 19, SettingValue::Count(4)),
        (&pace::RETRY_DELAY, 19, SettingValue::Duration(1_000)),
        (&pace::RETRY_DELAY_MAX, 19, SettingValue::Duration(60_000)),
        (&pace::RETRY_JITTER, 19, SettingValue::Switch(true)),
        (&safety::MAX_ERRORS, 20, SettingValue::MaxErrors(MaxErrors::Percent(5.0))),
        (&safety::ERRORS_IN_A_ROW, 20, SettingValue::Count(5)),
        (
            &safety::WAVES,
            21,
            SettingValue::Waves(vec![WaveEnd::Devices(1), WaveEnd::Percent(20.0)]),
        ),
        (&safety::WAVE_PAUSE, 21, SettingValue::Duration(300_000)),
        (&safety::GATE, 21, SettingValue::Word("operator")),
        (
            &safety::WINDOW,
            22,
            SettingValue::Window(
                Window::new(&["sat", "sun"], "22:00", "06:00", "Europe/Berlin").expect("a window"),
            ),
        ),
        (&safety::OUTSIDE_WINDOW, 22, SettingValue::Word("wait")),
        (&output::REPORT_DIR, 23, SettingValue::Path("reports".into())),
        (&output::REPORT_FORMAT, 23, SettingValue::Words(vec!["csv", "jsonl"])),
        (&targets::SKIP_REFUSED, 24, SettingValue::Words(vec!["unsupported", "not_found"])),
    ] {
        let placed = values.placed(setting).unwrap_or_else(|| panic!("{}", setting.name));
        assert_eq!(placed.value, expect, "{}", setting.name);
        assert_eq!(placed.source, SettingSource::Job { line }, "{}", setting.name);
    }
    assert_eq!(values.get(&safety::GATE_TIMEOUT), None);
    assert_eq!(job.settings.skip_refused(), [SkipKind::Unsupported, SkipKind::NotFound]);
}

#[test]
fn what_a_job_says_about_secrets_is_read() {
    let read = |lines: &str| {
        let settings = yaml_job(&with_lines(lines)).settings;
        let keys = settings.values.texts(&safety::ENCRYPT_TO).map(<[String]>::to_vec);
        (settings.before_loss(), keys, settings.values.is_on(&safety::SINGLE_KEY))
    };
    assert_eq!(read("wait: 1h"), (None, None, false));
    let capture = (Some(BeforeLoss::Capture), None, false);
    assert_eq!(read("secrets: capture"), capture);
    assert_eq!(read("secrets: {before_loss: capture}"), capture);
    let keys = vec!["age1qq".to_owned(), "age1pp".to_owned()];
    let lines =
        "secrets:\n  before_loss: elsewhere\n  encrypt_to: [age1qq, age1pp]\n  single_key: true";
    assert_eq!(read(lines), (Some(BeforeLoss::Elsewhere), Some(keys), true));
}

#[test]
fn windows_waves_and_stops_are_checked() {
    let window = |keys: &str| format!("window: {{{keys}}}");
    let berlin = "to: \"06:00\", timezone: Europe/Berlin";
    for (lines, expect) in [
        (window(&format!("days: [sat], from: 22:00, {berlin}")), "ok"),
        (window("days: sat, from: 00:00, to: 24:00, timezone: UTC, outside: refuse"), "ok"),
        (
            window(&format!("days: [sat], from: 22.00, {berlin}")),
            "4:29: '22.00' is not a time of day",
        ),
        (window(&format!("days: [sat], from: 6:00, {berlin}")), "write it in quotation marks"),
        (window(&format!("days: [sat], from: 1320, {berlin}")), "'1320' is not a time of day"),
        (window(&format!("days: [sat], from: \"06:00\", {berlin}")), "4:9: from and to are equal"),
        (window(&format!("days: [sat, so], from: 22:00, {berlin}")), "4:22: 'so' is not a day, or"),
        (
            window(&format!("days: [sat, sat], from: 22:00, {berlin}")),
            "4:22: 'sat' is not a day, or",
        ),
        (window(&format!("days: [], from: 22:00, {berlin}")), "days is an empty list"),
        (
            window("days: [sat], from: 22:00, to: 6, timezone: UTC"),
            "4:40: '6' is not a time of day",
        ),
        (
            window("days: [sat], from: 22:00, to: 06:00, timezone: CET-ish"),
            "4:57: 'CET-ish' is not a time zone",
        ),
        (
            window("days: [sat], from: 22:00, to: 06:00, timezone: \"\\e[2J\""),
            "'\\u{1b}[2J' is not a time zone",
        ),
        (window("days: [sat], from: 22:00, to: 06:00"), "4:9: window has no timezone"),
        (window("outside: wait"), "window has no days, from, to, timezone"),
        (
            window(&format!("days: [sat], from: 22:00, {berlin}, outside: go")),
            "must be refuse or wait, not 'go'",
        ),
        (window("days: [sat], from: 22:00, to: 6:00, timezon: UTC"), "did you mean 'timezone'?"),
        ("windo: {days: [sat]}".to_owned(), "did you mean 'window'?"),
        ("window: sat".to_owned(), "window must be a map"),
    ] {
        check_yaml(&with_lines(&lines), expect);
    }
    let many: Vec<String> = (1..=21).map(|wave| wave.to_string()).collect();
    let many = format!("rollout: {{waves: [{}]}}", many.join(", "));
    for (lines, expect) in [
        ("rollout: {waves: [1, 5, 20%, 100%], pause: 0, gate: settled, gate_timeout: 15m}", "ok"),
        ("rollout: {pause: 7d, gate: accepted}", "ok"),
        ("rollout: {waves: [20%, 5, 100%]}", "ok"),
        ("rollout: {}", "rollout is empty"),
        ("rollout: {waves: []}", "waves is an empty list"),
        ("rollout: {waves: [1, all]}", "4:22: a wave must be a number or a share, not 'all'"),
        ("rollout: {waves: [0]}", "not '0'"),
        ("rollout: {waves: [101%]}", "not '101%'"),
        ("rollout: {waves: [5, 20%, 5]}", "4:27: the wave of 5 after the wave of 5"),
        ("rollout: {waves: [5%, 9, 2%]}", "the wave of 2% after the wave of 5%"),
        ("rollout: {waves: [5, 1]}", "each must be larger than the one before"),
        (&many, "waves has 21 items; at most 20"),
        ("rollout: {pause: 8d}", "pause is longer than a week"),
        ("rollout: {pause: 5}", "pause must be a duration"),
        ("rollout: {gate_timeout: 1ms}", "gate_timeout must be at least 1 s"),
        ("rollout: {gate_timeout: 8d}", "gate_timeout is longer than a week"),
        ("rollout: {gate: setled}", "gate must be one of settled, accepted, operator"),
        ("rollout: {wavs: [1]}", "did you mean 'waves'?"),
        ("roll_out: {waves: [1]}", "did you mean 'rollout'?"),
        ("stop: {in_a_row: 0}", "in_a_row must be a whole number from 1 to 1000, not '0'"),
        ("stop: {in_a_row: 1001}", "from 1 to 1000"),
        ("stop: {in_a_rwo: 3}", "did you mean 'in_a_row'?"),
        ("stop: {in_a_row: 1000}", "ok"),
    ] {
        check_yaml(&with_lines(lines), expect);
    }
}

/// A short job with one line put in the place of another.
fn with_lines(lines: &str) -> String {
    format!("version: 1\naction: restart\ntargets: {{all: true}}\n{lines}\n")
}

#[test]
fn yaml_that_a_job_may_not_use_is_refused() {
    for (lines, expect) in [
        ("", "ok"),
        ("forse: true", "job.yaml:4:1: unknown key 'forse' in the job"),
        ("dry_runn: true", "unknown key 'dry_runn'"),
        ("wiat: 2h", "did you mean 'wait'?"),
        ("wait: 2h\nwait: 3h", "job.yaml:5:1: key 'wait' is given twice"),
        ("reason: &a x", "job.yaml:4:12: anchors and aliases"),
        ("reason: &a x\nname: *a", "job.yaml:5:7: anchors and aliases"),
        ("name: *a", "job.yaml:4:7: anchors and aliases"),
        ("limits: {<<: {per_hour: 1}}", "job.yaml:4:10: merge keys"),
        ("reason: !!str x", "tags ('!...') are not allowed"),
        ("reason: !x x", "tags"),
        ("---\nversion: 1", "job.yaml:4:1: a second document begins"),
        ("limits:\n\tper_hour: 1", "job.yaml:5:"),
        ("limits:\n\tper_hour: 1", "indented with a tab"),
        ("name: x\n\treason: y", "job.yaml:5:1: the line is indented with a tab"),
        ("name: x\nfoo: 1\nwait: 1", "job.yaml:6:7: wait must"),
        ("limits: {per_hour: 1", "not YAML"),
        ("[a]: b", "job.yaml:4:1: found a list or map instead of a key"),
        ("limits: [1]", "job.yaml:4:9: limits must be a map"),
        ("limits:", "limits has no value"),
        ("limits: {concurrency: 0}", "from 1 to 256, not '0'"),
        (
            "limits: {concurrency: \"4\"}",
            "must be a whole number, but 4 in quotation marks is text",
        ),
        ("limits: {concurrency: '4'}", "hint: remove the quotation marks: 4"),
        ("limits: {concurrency: '4x'}", "from 1 to 256, not '4x'"),
        ("limits: {per_second: 51}", "from 1 to 50"),
        ("limits: {per_hour: 1e3}", "must be a whole number"),
        ("wait: 10", "wait must be a duration, not '10'"),
        ("wait: 900d", "longer than a year"),
        ("send_until: \"18:00\"", "a time with UTC offset"),
        ("send_until: 2026-11-23T18:00:00Z", "ok"),
        ("retries: {delay: 2m, max_delay: 1m}", "delay is longer than max_delay"),
        ("retries: {jitter: yes}", "jitter must be true or false"),
        ("stop: {max_errors: 200%}", "max_errors must be a number or a share"),
        ("report: {formats: [pdf]}", "the formats are csv, jsonl"),
        ("allow_deactivation: maybe", "allow_deactivation must be true or false"),
        ("allow_deactivation: true", "ok"),
        ("skip_refused: [all]", "the kinds are unsupported, removed, not_found"),
        ("secrets: capture", "ok"),
        ("secrets: elsewhere", "ok"),
        ("secrets: {before_loss: capture, encrypt_to: [age1qq, age1pp]}", "ok"),
        ("secrets: {encrypt_to: age1qq, single_key: true}", "ok"),
        ("secrets: kept", "job.yaml:4:10: secrets must be capture or elsewhere"),
        ("secrets:", "secrets has no value"),
        ("secrets: [capture]", "secrets must be a map"),
        ("secrets: {}", "secrets is empty"),
        ("secrets: {before_loss: no}", "before_loss must be capture or elsewhere"),
        ("secrets: {encrypt: [age1qq]}", "unknown key 'encrypt' in secrets"),
        ("secrets: {encrypt_to: []}", "encrypt_to is an empty list"),
        (
            "secrets: {encrypt_to: [age1]}",
            "job.yaml:4:24: an item of encrypt_to is not an age public key",
        ),
        ("secrets: {encrypt_to: [AGE1QQ]}", "is not an age public key"),
        ("secrets: {encrypt_to: [AGE-SECRET-KEY-1QQ]}", "is not an age public key"),
        ("secrets: {encrypt_to: [ssh-ed25519]}", "public keys begin with age1"),
        ("secrets: {encrypt_to: [age1qq], single_key: yes}", "single_key must be true or false"),
        ("secrets: {single_key: true}", "single_key has no effect without encrypt_to"),
        ("secrets: capture\nsecrets: elsewhere", "key 'secrets' is given twice"),
        ("name: ../x", "cannot be part of a path"),
        ("columns: {a: b}", "no effect without 'targets: {file: ...}'"),
        ("exclude: {}", "exclude is empty"),
        ("exclude: {device_ids: [x]}", "is not a UUID"),
        ("exclude: {tag: []}", "tag is an empty list"),
        ("steps: [{action: lock}]", "both steps and 'action'"),
    ] {
        check_yaml(&with_lines(lines), expect);
    }
    let deep = format!("version: 1\nreason: {}\n", "[".repeat(20_000));
    check_yaml(&deep, "job.yaml:2:");
    let long = format!("version: 1\nreason: {}\n", "x".repeat(5_000));
    check_yaml(&long, "5000 bytes; at most 4096");
}

#[test]
fn yaml_targets_and_steps_are_checked() {
    for (text, expect) in [
        ("version: 1\naction: restart\n", "the job has no targets"),
        ("action: restart\ntargets: {all: true}\n", "the job has no version"),
        ("version: 2\naction: restart\ntargets: {all: true}\n", "job.yaml:1:10: this version"),
        ("version: 1\ntargets: {all: true}\n", "the job has no action"),
        (
            "version: 1\naction: no\ntargets: {devices: [A1]}\n",
            "job.yaml:3:21: each device in the list",
        ),
        ("version: 1\naction: no\ntargets: {all: true}\n", "job.yaml:2:9: unknown action 'no'"),
        ("version: 1\naction: ~\ntargets: {all: true}\n", "action has no value"),
        ("version: 1\naction: restart\ntargets: {all: yes}\n", "all must be true or false"),
        ("version: 1\naction: restart\ntargets: {all: false}\n", "selects no devices"),
        ("version: 1\naction: restart\ntargets: {}\n", "targets is empty"),
        ("version: 1\naction: restart\ntargets: {filter: {}}\n", "the whole fleet"),
        ("version: 1\naction: restart\ntargets: {filter: {tag: \"\"}}\n", "tag is empty"),
        ("version: 1\naction: restart\ntargets: {filter: {platform: Mac, tag: [a, b]}}\n", "ok"),
        (
            "version: 1\naction: restart\ntargets: {filter: {platform: Linux}}\n",
            "job.yaml:3:30: unknown platform",
        ),
        ("version: 1\naction: restart\ntargets: {all: true, filter: {tag: a}}\n", "exactly one of"),
        ("version: 1\naction: restart\ntargets: [A1]\n", "targets must be a map"),
        (
            "version: 1\naction: restart\ntargets: {devices: [A1]}\n",
            "such as '- serial_number: ...'",
        ),
        ("version: 1\naction: restart\ntargets: {devices: []}\n", "an empty list"),
        (
            "version: 1\naction: restart\ntargets: {devices: [{serial: ~}]}\n",
            "serial_number has no value",
        ),
        (
            "version: 1\naction: restart\ntargets: {devices: [{serial: A1, serial_number: A1}]}\n",
            "given twice",
        ),
        (
            "version: 1\naction: restart\ntargets: {devices: [{serail: A1}]}\n",
            "unknown device key 'serail'",
        ),
        (
            "version: 1\naction: restart\ntargets: {devices: [{device_name: A1}]}\n",
            "does not identify a device",
        ),
        (
            "version: 1\naction: restart\ntargets: {devices: [{serial: all}]}\n",
            "job.yaml:3:30: 'all' is not a serial_number",
        ),
        (
            "version: 1\naction: restart\ntargets: {devices: [{serial: A}, {serial: a}]}\n",
            "listed twice: lines 3 and 3",
        ),
        (
            "version: 1\naction: lock\nwith: {PIN: \"012345\"}\ntargets: {all: true}\n",
            "lock has no parameter 'PIN'",
        ),
        (
            "version: 1\naction: erase\nwith: {PIN: 012345}\ntargets: {all: true}\n",
            "PIN must be in quotation marks",
        ),
        (
            "version: 1\naction: erase\nwith: {PIN: \"012345\", pin: \"012345\"}\ntargets: {all: true}\n",
            "PIN is given twice",
        ),
        ("version: 1\naction: erase\nwith: {PIN: \"012347\"}\ntargets: {all: true}\n", "ok"),
        (
            "version: 1\naction: erase\nwith: {PreserveDataPlan: \"yes\"}\ntargets: {all: true}\n",
            "remove the quotation marks",
        ),
        (
            "version: 1\naction: erase\nwith: {ReturnToService: {Enabled: true, ProfileId: \"x\"}}\ntargets: {all: true}\n",
            "ok",
        ),
        (
            "version: 1\naction: erase\nwith: {ReturnToService: {ProfileId: \"x\"}}\ntargets: {all: true}\n",
            "needs the parameter ReturnToService.Enabled",
        ),
        (
            "version: 1\naction: erase\nwith: {ReturnToService: {Profil: \"x\"}}\ntargets: {all: true}\n",
            "erase has no parameter 'ReturnToService.Profil'",
        ),
        (
            "version: 1\naction: erase\nwith: {erase_flags: [WIPE_ESIMS]}\ntargets: {all: true}\n",
            "ok",
        ),
        ("version: 1\naction: set-name\ntargets: {all: true}\n", "needs the parameter DeviceName"),
        (
            "version: 1\naction: set-name\ntargets: {devices: [{serial: A, with: {new_name: x}}]}\n",
            "ok",
        ),
        (
            "version: 1\naction: set-name\ntargets: {devices: [{serial: A, with: {new_name: x}}, {serial: B}]}\n",
            "job.yaml:3:55: set-name needs",
        ),
        ("version: 1\nsteps: [restart]\ntargets: {all: true}\n", "a step must be a map"),
        (
            "version: 1\nsteps:\n- action: restart\n  after: completed\ntargets: {all: true}\n",
            "no effect on the first step",
        ),
        ("version: 1\nsteps:\n- with: {}\ntargets: {all: true}\n", "the step has no action"),
    ] {
        check_yaml(text, expect);
    }
}

#[test]
fn a_yaml_job_may_name_a_table_of_targets() {
    let text = "version: 1\ntargets: {file: lab.csv}\ncolumns: {Neu: new_name}\n\
                steps: [{action: set-name}, {action: blank-push}]\n";
    let table = "serial,Neu,note\nA1,Lab 1,x\nA2,Lab 2,y\n".as_bytes();
    let input = Input { name: "job.yaml", bytes: text.as_bytes() };
    let options = ParseOptions::default();
    let read = |table: &[u8]| {
        let table = table.to_vec();
        parse(&input, &options, &move |name| {
            assert_eq!(name, "lab.csv");
            Ok(table.clone())
        })
    };
    let job = read(table).expect("a job");
    assert_eq!(job.rows[1].steps.len(), 2);
    assert_eq!(job.rows[1].steps[0].params["DeviceName"].written(), "Lab 2");
    assert_eq!(job.rows[1].carried, [("note", "y")]);
    let other = read(b"serial,Neu,note\nA1,Lab 1,x\nA2,Lab 3,y\n").expect("a job");
    assert_ne!(job.digest, other.digest);
    for (table, expect) in [
        ("serial,Neu,message\nA1,x,hi\n", "lab.csv:2:6: set-name has no parameter 'message'"),
        ("serial,Neu,action\nA1,x,lock\n", "both in the file and in the YAML file"),
        ("serial,Neu\nA1,\n", "lab.csv:2:4: set-name needs the parameter DeviceName"),
        ("serial\nA1\n", "lab.csv:1:1: there is no column 'Neu' to rename"),
        ("\u{0}", "lab.csv:1:1: the file contains a NUL byte"),
    ] {
        let said = read(table.as_bytes()).expect_err(table).to_string();
        assert!(said.contains(expect), "{said}\n--- should contain {expect}");
    }
    let said = said("job.yaml", text.as_bytes(), &options);
    assert!(said.contains("job.yaml:2:17: cannot read 'lab.csv': no file lab.csv"), "{said}");
}

/// The digest of a YAML job, with a file of targets where the job names one.
fn digest_of(text: &str, targets: &str) -> String {
    let input = Input { name: "job.yaml", bytes: text.as_bytes() };
    let load = |_: &str| Ok(targets.as_bytes().to_vec());
    parse(&input, &ParseOptions::default(), &load).expect("a job").digest
}

#[test]
fn a_pin_is_not_in_the_digest_and_everything_else_is() {
    let device = |pin: &str, serial: &str| {
        let text = format!(
            "version: 1\naction: erase\ntargets:\n  devices:\n    - {{serial_number: {serial}, with: {{PIN: {pin}}}}}\n"
        );
        digest_of(&text, "")
    };
    let with = |pin: &str, message: &str| {
        let text = format!(
            "version: 1\nname: x\nsteps:\n  - action: erase\n    with:\n      PIN: {pin}\n  - action: lock\n    with: {{Message: {message}}}\n\
             targets: {{file: t.csv}}\n"
        );
        digest_of(&text, "serial_number\nC02XK1ABJG5J\n")
    };
    let file = |row: &str| {
        let text = "version: 1\naction: erase\ntargets: {file: t.csv}\n";
        digest_of(text, &format!("serial_number,PIN\n{row}\n"))
    };
    let table = |row: &str| {
        let bytes = format!("serial_number,action,PIN,Note\n{row}\n");
        let input = Input { name: "job.csv", bytes: bytes.as_bytes() };
        parse(&input, &ParseOptions::default(), &|_| Err(String::new())).expect("a job").digest
    };
    let serial = "C02XK1ABJG5J";
    assert_eq!(device("\"482913\"", serial), device("'918274'", serial));
    assert_ne!(device("\"482913\"", serial), device("\"482913\"", "C02XL0GYJGH5"));
    assert_eq!(with("\"482913\"", "a"), with("\"918274\"", "a"));
    assert_ne!(with("\"482913\"", "a"), with("\"482913\"", "b"));
    assert_eq!(file("C02XK1ABJG5J,482913"), file("C02XK1ABJG5J,918274"));
    assert_ne!(file("C02XK1ABJG5J,482913"), file("C02XL0GYJGH5,482913"));
    assert_ne!(file("C02XK1ABJG5J,482913"), file("C02XK1ABJG5J,"), "that there is one counts");
    assert_eq!(table("C02XK1ABJG5J,erase,482913,x"), table("C02XK1ABJG5J,erase,\"918274\",x"));
    assert_ne!(table("C02XK1ABJG5J,erase,482913,x"), table("C02XK1ABJG5J,erase,482913,y"));
    assert_ne!(table("C02XK1ABJG5J,erase,482913,x"), table("C02XL0GYJGH5,erase,482913,x"));
}
