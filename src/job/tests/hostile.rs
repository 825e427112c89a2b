//! Files that are made to do harm: floods, leaks of secrets, arbitrary bytes.
//!
//! Owns the search for panics and for repeated PINs. Must never depend on the words of a message.

use proptest::prelude::*;

use super::*;
use crate::model::ParamValue;

#[test]
fn pins_and_secrets_are_never_repeated() {
    let pin = "481593";
    for text in [
        format!("serial,action,pin\nA1,nix,{pin}\n"),
        format!("serial,action,pin\nA1,lock,{pin}\n"),
        format!("serial,action,pin\nA1,erase,{pin}9\n"),
        format!("serial,action,pin\nA1,erase,{pin},x\n"),
        format!("serial,action,pin\nA\"1,erase,{pin}\n"),
        format!("serial,action,pin\n\"A1,erase,{pin}\nA2,erase,{pin}\n"),
        format!("serial,action,pin\nA1,\"erase,{pin}\nA2,\",{pin}\n"),
        format!("serial,action,pni\nA1,nix,{pin}\n"),
        format!("serial,action,pin\nA1,{pin},\n"),
        format!("serial,action,notify_user\nA1,restart,{pin}\n"),
        format!("serial,lock_pin,action\nA1,{pin},nix\n"),
        format!("serial,token,action\nA1,{pin},nix\n"),
        format!("serial,action,pin\nA1,erase,{pin}\nA1,erase,{pin}\nA1,erase,123{pin}\n"),
    ] {
        let problems = read("job.csv", text.as_bytes(), &ParseOptions::default()).expect_err("bad");
        let everything = format!("{problems:?} {problems}");
        assert!(!everything.contains(pin), "{text}\n{everything}");
    }
    for text in [
        format!("version: 1\naction: erase\nwith: {{PIN: {pin}}}\ntargets: {{all: true}}\n"),
        format!("version: 1\naction: erase\nwith: [PIN, {pin}]\ntargets: {{all: true}}\n"),
        format!("version: 1\naction: erase\nwith: {{PN: \"{pin}\"}}\ntargets: {{all: true}}\n"),
        format!("version: 1\naction: nix\nwith: {{PIN: \"{pin}\"}}\ntargets: {{all: true}}\n"),
        format!("version: 1\naction: erase\nwith: {{PIN: \"{pin}\" }}}}\n"),
        format!("version: 1\naction: erase\nwith: {{PIN: \"{pin}9\"}}\ntargets: {{all: true}}\n"),
    ] {
        let said = said("job.yaml", text.as_bytes(), &ParseOptions::default());
        let problems =
            read("job.yaml", text.as_bytes(), &ParseOptions::default()).expect_err("bad");
        assert!(!format!("{problems:?} {said}").contains(pin), "{text}\n{problems:?}");
    }
    let options = ParseOptions { params: vec![("pin".into(), pin.into())], ..action("erase") };
    let job = job_with(&options, "serial\nA1\n");
    assert!(!format!("{job:?}").contains(pin));
    let value = job.rows[0].steps[0].params.get("PIN").expect("there");
    assert!(matches!(value, ParamValue::Secret(_)));
}

/// A passcode for an action that sets none, or in place of its flags: in no job is it taken or repeated.
#[test]
fn a_passcode_of_a_work_profile_is_never_taken_or_repeated() {
    let (passcode, reset) = ("Kestrel-94", "reset-work-profile-passcode");
    let all = "targets: {all: true}";
    for (name, text) in [
        ("job.csv", format!("serial,action,newPassword\nA1,{reset},{passcode}\n")),
        ("job.csv", format!("serial,action,passcode\nA1,{reset},{passcode}\n")),
        ("job.csv", format!("serial,action,resetPasswordFlags\nA1,{reset},{passcode}\n")),
        ("job.csv", format!("serial,action,resetPasswordFlags\nA1,{reset},LOCK_NOW {passcode}\n")),
        ("job.csv", format!("serial,action,resetPasswordFlags\nA1,restart,{passcode}\n")),
        ("job.csv", format!("serial,action,pin\nA1,{reset},{passcode}\n")),
        (
            "job.yaml",
            format!("version: 1\naction: {reset}\nwith: {{newPassword: {passcode}}}\n{all}\n"),
        ),
        (
            "job.yaml",
            format!(
                "version: 1\naction: {reset}\nwith: {{resetPasswordFlags: {passcode}}}\n{all}\n"
            ),
        ),
        (
            "job.yaml",
            format!(
                "version: 1\naction: {reset}\nwith: {{resetPasswordFlags: [{passcode}]}}\n{all}\n"
            ),
        ),
    ] {
        let problems = read(name, text.as_bytes(), &ParseOptions::default()).expect_err("bad");
        let everything = format!("{problems:?} {problems}");
        assert!(!everything.contains(passcode), "{text}\n{everything}");
    }
}

#[test]
fn sixty_thousand_devices_fit_and_a_row_too_many_does_not() {
    let mut text = String::from("version: 1\naction: blank-push\ntargets:\n  devices:\n");
    for number in 0..60_000 {
        text.push_str(&format!("    - serial_number: S{number}\n      asset_tag: T{number}\n"));
    }
    assert_eq!(yaml_job(&text).rows.len(), 60_000);
    let mut text = String::from("serial\n");
    for number in 0..=1_000_000 {
        text.push_str(&format!("S{number}\n"));
    }
    check_with(
        &action("blank-push"),
        &text,
        "job.csv:1000002:1: the file has more than 1000000 rows",
    );
}

/// Changes a valid file at one place.
fn mutated(text: &str, at: usize, byte: u8, cut: usize) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    let at = at % (bytes.len() + 1);
    let end = (at + cut).min(bytes.len());
    bytes.splice(at..end, [byte]);
    bytes
}

const TABLE: &str = "# c\r\nserial,action,step,message,PIN,note\r\n\"A1\",lock,1,\"a\nb\",,x\r\nA2,erase,,,012345,y\r\n";

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for name in ["a.csv", "a.yaml", "<stdin>"] {
            let _ = read(name, &bytes, &ParseOptions::default());
        }
    }

    #[test]
    fn arbitrary_texts_never_panic(text in "[-a-c:,;#'\"&*!{}\\[\\]|>%@`\n\r\t äа\u{feff}]{0,120}") {
        for (name, head) in [("a.csv", "serial,action\n"), ("a.yaml", "version: 1\n"), ("x", "")] {
            let _ = read(name, format!("{head}{text}").as_bytes(), &ParseOptions::default());
        }
    }

    #[test]
    fn damaged_files_never_panic_and_problems_have_a_place(
        at in any::<usize>(), byte in any::<u8>(), cut in 0usize..12,
    ) {
        for (name, text) in [("a.csv", TABLE), ("a.yaml", LAB)] {
            let bytes = mutated(text, at, byte, cut);
            let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u32 + 1;
            if let Err(problems) = read(name, &bytes, &ParseOptions::default()) {
                prop_assert!(!problems.items.is_empty());
                for item in &problems.items {
                    prop_assert!(item.line <= lines, "{item}");
                    prop_assert!(!item.message.is_empty());
                }
            }
        }
    }
}
