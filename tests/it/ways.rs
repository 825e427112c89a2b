//! Which tenant a command speaks to, with which token, and what is said of both.
//!
//! Owns the proof that nothing reaches a tenant by a mixture of settings. Must never look at more than messages and ledgers.

use std::process::Command;

use sortie::simulator::DeviceKind;

use crate::fleet::{Fleet, says};
use crate::harness::{Bench, Ran, Tenant, add, prompt_world, serial};

const PUSH: [&str; 3] = ["send", "blank-push", "--serial"];

/// A tenant with one Mac.
fn other_tenant() -> Tenant {
    let mut world = prompt_world(sortie::simulator::Faults::default());
    add(&mut world, DeviceKind::MacAppleSilicon, &serial(0));
    Tenant::serving(world)
}

/// A blank push with these settings; the variables of the bench, and how they are changed.
fn push(bench: &Bench, more: &[&str], change: impl FnOnce(&mut Command)) -> Ran {
    let mut command = bench.command();
    command.args(PUSH).arg(serial(0)).args(["--config", "config.toml"]).args(more);
    change(&mut command);
    Ran::of(command.output().expect("it starts"))
}

#[test]
fn a_profile_and_an_environment_of_two_tenants_send_nothing() {
    let (here, there) = (Fleet::of(DeviceKind::MacAppleSilicon, 1), other_tenant());
    let (bench, here_url, there_url) = (&here.bench, here.tenant.base_url(), there.base_url());
    bench.write("token", &there.token());
    bench.write(
        "config.toml",
        &format!(
            "[profile.there]\nbase_url = \"{there_url}\"\ntoken_command = \"cat token\"\n\
             [profile.bare]\nbase_url = \"{there_url}\"\n\
             [profile.here]\nbase_url = \"{here_url}\"\n"
        ),
    );
    let as_it_is = |_: &mut Command| {};
    let no_url = |command: &mut Command| {
        command.env_remove("SORTIE_BASE_URL");
    };
    // The environment is for one tenant, the profile or the flag for the other.
    let both = [here_url.as_str(), there_url.as_str()];
    for more in [&["-p", "there"][..], &["-p", "bare"], &["--base-url", &there_url]] {
        says(&push(bench, more, as_it_is).expect(2), &[both[0], both[1], "SORTIE_BASE_URL"]);
    }
    let by_variable = |command: &mut Command| {
        command.env("SORTIE_PROFILE", "there");
    };
    says(&push(bench, &[], by_variable).expect(2), &both);
    says(&push(bench, &["-p", "there", "--base-url", &here_url], as_it_is).expect(2), &both);
    // The address is the profile's, the token the environment's.
    says(&push(bench, &["-p", "bare"], no_url).expect(2), &["'bare'", "SORTIE_TOKEN"]);
    assert_eq!((here.tenant.ledger().requests, there.ledger().requests), (0, 0));

    // The profile's own token comes before one of the environment that belongs to nothing.
    let ran = push(bench, &["-p", "there"], no_url).expect(0);
    says(
        &ran,
        &[
            &there_url,
            "profile there, address from the profile, token from the profile's token_command",
        ],
    );
    assert_eq!((here.writes(), there.ledger().count_all("blank-push")), (0, 1));
    // A profile of the same tenant takes nothing away from the environment.
    let ran = push(bench, &["-p", "here"], as_it_is).expect(0);
    says(&ran, &["profile here, address from the profile, token from SORTIE_TOKEN"]);
    assert_eq!((here.writes(), there.ledger().count_all("blank-push")), (1, 1));
    let runs = bench.sortie(&["runs"]).expect(0);
    says(&runs, &[&there_url, "profile there", &here_url, "token from SORTIE_TOKEN"]);
    let json = bench.sortie(&["runs", "--format", "json"]).expect(0).stdout;
    assert!(json.contains("token_command") && !json.contains(&there.token()), "{json}");
}

#[test]
fn a_resume_with_the_profile_of_another_tenant_is_refused() {
    let (here, there) = (Fleet::of(DeviceKind::MacAppleSilicon, 1), other_tenant());
    let (bench, there_url) = (&here.bench, there.base_url());
    bench.write("config.toml", &format!("[profile.there]\nbase_url = \"{there_url}\"\n"));
    let plan = here.plan(&here.job("restart", 0..1), "restart.plan");
    let mut command = bench.command();
    command.env_remove("SORTIE_BASE_URL").args(["--config", "config.toml", "-p", "there"]);
    command.args(["run", &plan, "--confirm", "1"]);
    let ran = Ran::of(command.output().expect("it starts")).expect(2);
    says(&ran, &["the profile 'there' is for", &there_url, &here.tenant.base_url()]);
    assert_eq!((here.writes(), there.ledger().requests), (0, 0));
}

#[test]
fn the_process_leaves_no_core_dump() {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 1);
    fleet.bench.write("token", &fleet.tenant.token());
    let command = "cat /proc/$PPID/limits > limits 2>&-; ulimit -c > core; cat token";
    push(&fleet.bench, &["--token-command", command], |command| {
        fleet.bench.write("config.toml", "");
        command.env_remove("SORTIE_TOKEN");
    })
    .expect(0);
    let read = |name| std::fs::read_to_string(fleet.bench.path(name)).expect("written");
    assert_eq!(read("core").trim(), "0");
    if cfg!(target_os = "linux") {
        let limits = read("limits");
        let line = limits.lines().find(|line| line.starts_with("Max core file size"));
        let fields: Vec<&str> = line.expect("a line").split_whitespace().collect();
        assert_eq!(fields[4..6], ["0", "0"], "{limits}");
    }
}

#[test]
fn a_secret_in_a_configuration_or_as_a_job_is_never_shown() {
    let bench = Bench::offline();
    let secret = "8f1c2d3e-aaaa-4bbb-8ccc-1234567890ab";
    for text in [
        format!("{secret}\n"),
        format!("token = \"{secret}\"\n"),
        format!("[profile.a]\nper_hour = \"{secret}\"\n"),
        format!("[profile.a]\n\"{secret}\" = 1\n"),
    ] {
        bench.write("config.toml", &text);
        let ran = bench.sortie(&["--config", "config.toml", "devices"]).expect(2);
        says(&ran, &["config.toml: line "]);
        assert!(!ran.stderr.contains(secret), "{}", ran.stderr);
        bench.policy(&text);
        let ran = bench.sortie(&["plan", "token"]);
        assert!(!ran.stderr.contains(secret), "{}", ran.stderr);
    }
    bench.write("token", &format!("{secret}\n"));
    for command in ["check", "plan", "run"] {
        let ran = bench.sortie(&[command, "token"]).expect(2);
        says(&ran, &["looks like a token"]);
        assert!(!ran.stderr.contains(secret), "{}", ran.stderr);
    }
}

#[test]
fn spaces_and_quotes_of_another_kind_are_named() {
    let bench = Bench::offline();
    let job = |targets: &str| format!("version: 1\naction: restart\ntargets:\n{targets}");
    for (text, place, expected) in [
        (job("\u{a0} all: true\n"), "job.yaml:4:1", "U+00A0"),
        (job("  all:\u{a0}true\n"), "job.yaml:4:7", "U+00A0"),
        (job("  filter:\n    tag: \u{201c}vip\u{201d}\n"), "job.yaml:5", "U+201C"),
    ] {
        bench.write("job.yaml", &text);
        says(&bench.sortie(&["check", "job.yaml"]).expect(2), &[place, expected]);
    }
    let device = ["send", "restart", "--device", "C02ZK0AALVDQ", "--simulate", "-n"];
    says(&bench.sortie(&device).expect(2), &["give --serial"]);
}
