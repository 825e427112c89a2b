//! Setting a host up: `doctor`, `init`, `profiles`.
//!
//! Owns these commands from the outside. What they look like on a terminal is held by `screens`.

use serde_json::Value;
use sortie::simulator::{DeviceKind, Faults, MissingPermission, Switches};
use std::os::unix::fs::PermissionsExt;

use crate::harness::{Bench, Ran, Tenant, add, prompt_world, serial, world, writes};
use crate::pseudo_terminal::Terminal;

/// A tenant with one Mac, and a bench that talks to it.
fn ready() -> (Tenant, Bench) {
    let mut world = prompt_world(Faults::default());
    add(&mut world, DeviceKind::MacAppleSilicon, &serial(0));
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    (tenant, bench)
}

/// The findings of `sortie doctor`, which ends with this code.
#[track_caller]
fn findings(bench: &Bench, flags: &[&str], code: i32) -> Vec<Value> {
    let ran = bench.sortie(&[&["doctor", "--format", "json"], flags].concat()).expect(code);
    serde_json::from_str(&ran.stdout).expect("an array")
}

/// The finding of a check.
#[track_caller]
fn of<'a>(findings: &'a [Value], check: &str) -> &'a Value {
    let found = findings.iter().find(|finding| finding["check"] == check);
    found.unwrap_or_else(|| panic!("no {check} in {findings:?}"))
}

/// The checks with this result.
fn with<'a>(findings: &'a [Value], result: &str) -> Vec<&'a str> {
    let found = findings.iter().filter(|finding| finding["result"] == result);
    found.filter_map(|finding| finding["check"].as_str()).collect()
}

#[test]
fn a_ready_host_has_no_problem_and_reads_no_secret() {
    let (tenant, bench) = ready();
    let findings = findings(&bench, &[], 0);
    assert_eq!(with(&findings, "problem"), [""; 0]);
    assert_eq!(with(&findings, "warning"), ["encryption_keys"]);
    assert_eq!(with(&findings, "skipped"), ["device_secrets", "actions"]);
    assert_eq!(of(&findings, "token_source")["detail"], "SORTIE_TOKEN");
    let quota = of(&findings, "quota")["detail"].as_str().expect("text").to_owned();
    assert!(quota.contains("sortie used 4 of 8"), "{quota}");
    let ledger = tenant.ledger();
    let kinds: Vec<(&str, u64)> =
        ledger.by_kind.iter().map(|(kind, count)| (kind.as_str(), *count)).collect();
    let expected =
        [("get-commands", 1), ("get-details", 1), ("get-device", 1), ("list-devices", 1)];
    assert_eq!(kinds, expected);
    assert_eq!(writes(&ledger), 0);
    for flags in [&["doctor", "-v"][..], &["doctor", "--format", "json"]] {
        let ran = bench.sortie(flags).expect(0);
        let token = tenant.token();
        assert!(!ran.stdout.contains(&token) && !ran.stderr.contains(&token));
    }
}

#[test]
fn a_missing_permission_is_named_and_the_rest_is_checked() {
    for (missing, status) in
        [(MissingPermission::Forbidden, "403"), (MissingPermission::Unauthorized, "401")]
    {
        let (tenant, bench) = ready();
        tenant.with_world(|world| {
            world.switches_mut().missing_permission = missing;
            world.switches_mut().denied.insert("get-details".to_owned());
        });
        let findings = findings(&bench, &[], 5);
        assert_eq!(with(&findings, "problem"), ["device_details"]);
        let finding = of(&findings, "device_details");
        assert!(finding["detail"].as_str().expect("text").contains(status), "{finding}");
        let next = finding["next"].as_str().expect("text");
        assert!(next.contains("'Device details' (GET /devices/{device_id}/details)"), "{next}");
        assert_eq!(of(&findings, "device_commands")["result"], "ok");
    }
    let (tenant, bench) = ready();
    tenant.with_world(|world| world.switches_mut().denied.insert("list-devices".to_owned()));
    let findings = findings(&bench, &[], 5);
    assert_eq!(of(&findings, "token")["result"], "ok", "a 403 knows the token");
    assert_eq!(with(&findings, "problem"), ["device_list"]);
    assert_eq!(of(&findings, "device_details")["result"], "skipped");
}

#[test]
fn a_wrong_token_skips_what_needs_one() {
    let (tenant, _) = ready();
    let bench = Bench::new(&tenant.base_url(), "planted-wrong-token");
    let found = findings(&bench, &[], 3);
    assert_eq!(with(&found, "problem"), ["token"]);
    assert_eq!(of(&found, "connection")["result"], "ok");
    for check in ["device_list", "device_commands", "clock", "quota"] {
        let finding = of(&found, check);
        assert_eq!(finding["result"], "skipped");
        assert_eq!(finding["detail"], "because 'token' failed");
    }
    let shown = bench.sortie(&["doctor"]).expect(3);
    assert!(shown.stderr.contains("1 problem, 1 warning"), "{}", shown.stderr);
    for text in [shown.stdout, shown.stderr, format!("{found:?}")] {
        assert!(!text.contains("planted"), "{text}");
    }
    let none = Bench::new(&tenant.base_url(), "");
    let found = findings(&none, &[], 3);
    assert_eq!(with(&found, "problem"), ["token_source"]);
    assert_eq!(of(&found, "connection")["result"], "skipped");
}

#[test]
fn a_tenant_that_is_not_reached_is_a_problem_of_the_connection() {
    // Nothing listens below the first port that tenants get.
    let bench = Bench::new("http://127.0.0.1:9", "token");
    let found = findings(&bench, &[], 1);
    assert_eq!(with(&found, "problem"), ["connection"]);
    assert_eq!(of(&found, "token")["detail"], "because 'connection' failed");
    let nothing = Bench::offline();
    let found = findings(&nothing, &[], 2);
    assert_eq!(with(&found, "problem"), ["address"]);
    assert_eq!(of(&found, "state_directory")["result"], "ok");
}

#[test]
fn a_clock_that_is_off_by_more_than_30_s_is_a_warning() {
    for (skew_ms, result, words) in [
        (0, "ok", "agrees"),
        (-20_000, "ok", " s ahead of the tenant's clock"),
        (90_000, "warning", " behind the tenant's clock"),
    ] {
        let (tenant, bench) = ready();
        tenant.with_world(|world| world.faults_mut().date_skew_ms = skew_ms);
        let found = findings(&bench, &[], 0);
        let clock = of(&found, "clock");
        assert_eq!(clock["result"], result, "{clock}");
        assert!(clock["detail"].as_str().expect("text").contains(words), "{clock}");
        assert_eq!(clock["next"] == "", result == "ok", "{clock}");
    }
}

#[test]
fn little_of_the_hour_is_a_warning() {
    let switches = Switches { limit_per_hour: 60, ..Switches::default() };
    let mut world = world(switches, Faults::default());
    world.faults_mut().other_tools_per_hour = 0;
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let found = findings(&bench, &[], 0);
    assert_eq!(of(&found, "quota")["result"], "ok");
    for check in ["device_record", "device_details", "device_commands"] {
        assert_eq!(of(&found, check)["detail"], "because the tenant has no device");
    }
    let config = "[profile.slow]\nper_hour = 2\n";
    bench.write("config.toml", config);
    let found = findings(&bench, &["--config", "config.toml", "-p", "slow"], 0);
    assert_eq!(of(&found, "quota")["result"], "warning", "{found:?}");
    let found = findings(&bench, &["--config", "config.toml", "-p", "slow"], 6);
    assert_eq!(with(&found, "problem"), ["quota"], "sending would wait for an hour");
    assert_eq!(of(&found, "connection")["detail"], "because 'quota' failed");
}

#[test]
fn each_problem_of_this_host_has_the_code_of_its_class() {
    let (tenant, bench) = ready();
    bench.policy("[caps");
    let found = findings(&bench, &[], 8);
    assert_eq!(with(&found, "problem"), ["policy"]);
    assert_eq!(of(&found, "quota")["result"], "ok", "the rest is checked");
    bench.policy("[approval]\nallowed_signers = \"nowhere\"\n");
    assert_eq!(with(&findings(&bench, &[], 8), "problem"), ["policy"]);
    bench.policy("");
    bench.write("state/STOP", "");
    assert_eq!(with(&findings(&bench, &[], 9), "problem"), ["sending"]);
    std::fs::remove_file(bench.path("state/STOP")).expect("it is ours");

    let mode = |mode| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(bench.path("state"), permissions).expect("it is ours");
    };
    mode(0o755);
    let found = findings(&bench, &[], 0);
    let directory = of(&found, "state_directory");
    assert_eq!(directory["result"], "warning");
    assert!(directory["next"].as_str().expect("text").contains("chmod 700"), "{directory}");
    mode(0o777);
    let requests = tenant.ledger().requests;
    let found = findings(&bench, &[], 8);
    assert_eq!(of(&found, "state_directory")["result"], "problem");
    assert_eq!(of(&found, "address")["detail"], "because 'state directory' failed");
    assert_eq!(tenant.ledger().requests, requests, "what cannot be counted is not sent");
    mode(0o700);

    let found = findings(&bench, &["--profile", "acme"], 2);
    assert_eq!(with(&found, "problem"), ["configuration"]);
    assert_eq!(of(&found, "encryption_keys")["result"], "skipped");
    bench.write("config.toml", "[secrets]\nencrypt_to = [\"AGE-SECRET-KEY-1PLANTED\"]\n");
    let found = findings(&bench, &["--config", "config.toml"], 2);
    assert_eq!(with(&found, "problem"), ["encryption_keys"]);
    assert!(!format!("{found:?}").contains("PLANTED"), "{found:?}");
}

#[test]
fn runs_that_were_left_and_doubts_are_named() {
    use sortie::simulator::{FaultKind, FaultMatcher};
    let mut world = prompt_world(Faults::default());
    let id = add(&mut world, DeviceKind::MacAppleSilicon, &serial(0));
    let tenant = Tenant::serving(world);
    tenant.script(FaultMatcher::action_on("restart", &id), FaultKind::CloseBefore);
    let bench = Bench::at(&tenant);
    let restart = ["send", "restart", "--serial", &serial(0), "--confirm", "1", "--wait", "10s"];
    bench.sortie(&restart).expect(11);
    let run = bench.latest_run();
    let found = findings(&bench, &[], 0);
    assert_eq!(with(&found, "warning"), ["runs", "doubts", "encryption_keys"]);
    assert_eq!(of(&found, "runs")["detail"], format!("1: {run}"));
    assert_eq!(of(&found, "doubts")["detail"], format!("1 in 1 run: {run}"));
    let next = of(&found, "doubts")["next"].as_str().expect("text");
    assert!(next.contains(&format!("sortie resolve {run}")), "{next}");
}

const CONFIG: &str = "\
# Ours; ask Ada before you change it.
default_profile = \"beta\"

[secrets] # the keys of both teams
encrypt_to = []

[profile.beta]
subdomain = \"beta\"
region = \"eu\"
token_command = \"print-the-planted-token\"
";

/// Runs `sortie init` without a tenant in the environment.
fn init(tenant: &Tenant, bench: &Bench, flags: &[&str]) -> Ran {
    let mut command = bench.command();
    command.args(["init", "acme", "--config", "config.toml", "--base-url", &tenant.base_url()]);
    Ran::of(command.args(flags).output().expect("the program starts"))
}

fn mode_of(bench: &Bench, name: &str) -> u32 {
    let metadata = std::fs::metadata(bench.path(name)).expect("it is there");
    metadata.permissions().mode() & 0o7777
}

/// A file with the tenant's token, for its owner alone.
fn token_file(tenant: &Tenant, bench: &Bench) -> &'static str {
    let path = bench.write("acme.token", &tenant.token());
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("it is ours");
    "acme.token"
}

#[test]
fn init_writes_a_private_profile_and_tests_it() {
    let (tenant, _) = ready();
    let bench = Bench::offline();
    let file = token_file(&tenant, &bench);
    let ran = init(&tenant, &bench, &["--token-file", file, "--default"]).expect(0);
    assert!(ran.stdout.contains("the profile's token_file"), "{}", ran.stdout);
    assert!(ran.stderr.contains("wrote the profile 'acme'"), "{}", ran.stderr);
    assert_eq!(mode_of(&bench, "config.toml"), 0o600);
    let text = std::fs::read_to_string(bench.path("config.toml")).expect("readable");
    assert!(!text.contains(&tenant.token()), "{text}");
    assert!(text.contains(&format!("token_file = \"{}\"", bench.path(file).display())), "{text}");
    let ran = bench.sortie(&["devices", "--config", "config.toml"]).expect(0);
    assert!(ran.stdout.contains(&serial(0)), "the default profile is used");
}

#[test]
fn init_keeps_the_rest_and_replaces_only_when_asked() {
    let (tenant, _) = ready();
    let bench = Bench::offline();
    bench.write("config.toml", CONFIG);
    let read = || std::fs::read_to_string(bench.path("config.toml")).expect("readable");
    let file = token_file(&tenant, &bench);
    init(&tenant, &bench, &["--token-file", file]).expect(0);
    assert!(read().starts_with(CONFIG), "{}", read());
    let written = read();
    let refused = init(&tenant, &bench, &["--token-command", "false"]).expect(2);
    assert!(refused.stderr.contains("--force"), "{}", refused.stderr);
    assert_eq!(read(), written);
    // A test that fails leaves the profile, and says what is wrong.
    let failed = init(&tenant, &bench, &["--token-command", "false", "--force", "--default"]);
    let failed = failed.expect(3);
    assert!(failed.stdout.contains("the token command failed"), "{}", failed.stdout);
    assert!(failed.stderr.contains("replaced the profile 'acme'"), "{}", failed.stderr);
    assert!(read().contains("default_profile = \"acme\"") && !read().contains("token_file"));
    assert!(read().contains("[secrets] # the keys of both teams"), "{}", read());
    for (flags, words) in [
        (&["--encrypt-to", "AGE-SECRET-KEY-1PLANTED"][..], "encrypt_to"),
        (
            &["--encrypt-to", "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"],
            "one key",
        ),
    ] {
        let before = read();
        let refused = init(&tenant, &bench, &[flags, &["--force"]].concat()).expect(2);
        assert!(refused.stderr.contains(words), "{}", refused.stderr);
        assert!(!refused.stderr.contains("PLANTED"), "{}", refused.stderr);
        assert_eq!(read(), before);
    }
}

#[test]
fn init_without_a_terminal_takes_flags() {
    let bench = Bench::offline();
    let refused = bench.sortie(&["init", "acme"]).expect(2);
    assert!(refused.stderr.contains("--subdomain NAME --token-file FILE"), "{}", refused.stderr);
    let refused = bench.sortie(&["init", "--base-url", "https://example.com"]).expect(2);
    assert!(refused.stderr.contains("--allow-other-host"), "{}", refused.stderr);
    let refused = bench.sortie(&["init", "a b", "--subdomain", "acme"]).expect(2);
    assert!(refused.stderr.contains("'a b' is not a profile name"), "{}", refused.stderr);
    assert!(!bench.path(".local").exists(), "nothing was written");
}

#[test]
fn init_asks_on_a_terminal_and_shows_no_token() {
    let (tenant, _) = ready();
    let bench = Bench::offline();
    let mut terminal = Terminal::with(&bench, &["init", "--config", "config.toml"]);
    for (question, answer) in [
        ("Subdomain or API address", format!("{}\n", tenant.base_url())),
        ("Profile name [127-0-0-1]: ", "a b\n".to_owned()),
        ("use letters, digits", "acme\n".to_owned()),
        ("Type 1, 2 or 3 [1]: ", "\n".to_owned()),
        ("Token file [", "\n".to_owned()),
        ("Type the token now to create it", "y\n".to_owned()),
        ("API token (not shown): ", format!("x\u{7f}{}\n", tenant.token())),
        ("Age keys", "\n".to_owned()),
        ("Use this profile by default? [Y/n] ", "\n".to_owned()),
    ] {
        terminal.shows(question);
        terminal.types(&answer);
    }
    let ran = terminal.ends().expect(0);
    assert!(ran.stdout.contains("no problems"), "{}", ran.stdout);
    assert!(!ran.stdout.contains(&tenant.token()), "{}", ran.stdout);
    assert_eq!(mode_of(&bench, "acme.token"), 0o600);
    let stored = std::fs::read_to_string(bench.path("acme.token")).expect("readable");
    assert_eq!(stored, format!("{}\n", tenant.token()));
    let listed = bench.sortie(&["profiles", "--config", "config.toml"]).expect(0).stdout;
    assert!(listed.contains("acme     default  http://127.0.0.1:"), "{listed}");
    // Ctrl-C at the token leaves everything as it was.
    let mut terminal = Terminal::with(&bench, &["init", "other", "--config", "config.toml"]);
    for (question, answer) in [
        ("Subdomain or API address", "acme\n"),
        ("Region, us or eu [us]: ", "\n"),
        ("Type 1, 2 or 3 [1]: ", "1\n"),
        ("Token file [", "other.token\n"),
        ("Type the token now to create it", "y\n"),
        ("API token (not shown): ", "s3cret\u{3}"),
    ] {
        terminal.shows(question);
        terminal.types(answer);
    }
    let ran = terminal.ends().expect(2);
    assert!(ran.stdout.contains("the configuration was not changed"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("s3cret") && !bench.path("other.token").exists());
}

#[test]
fn profiles_are_listed_without_their_tokens() {
    let bench = Bench::offline();
    let ran = bench.sortie(&["profiles"]).expect(0);
    assert!(ran.stdout.is_empty() && ran.stderr.contains("sortie init"), "{}", ran.stderr);
    let more = "\n[profile.acme]\nbase_url = \"https://acme.kandji.io\"\ntoken_file = \"/planted\"\n\n\
                [profile.bare]\nregion = \"us\"\n";
    bench.write("config.toml", &format!("{CONFIG}{more}"));
    let profiles = ["profiles", "--config", "config.toml"];
    let text = bench.sortie(&profiles).expect(0).stdout;
    let json = bench.sortie(&[&profiles[..], &["--format", "json"]].concat()).expect(0).stdout;
    for shown in [&text, &json] {
        assert!(!shown.contains("planted"), "{shown}");
    }
    let listed: Vec<Value> = serde_json::from_str(&json).expect("an array");
    let rows: Vec<(&str, bool, Option<&str>, &str)> = listed
        .iter()
        .map(|row| {
            let text = |key: &str| row[key].as_str();
            let is_default = row["default"].as_bool().expect("a flag");
            let name = text("name").unwrap_or_default();
            (name, is_default, text("address"), text("token_source").unwrap_or_default())
        })
        .collect();
    bench.write("config.toml", "default_profile = \"gone\"\n");
    let ran = bench.sortie(&profiles).expect(0);
    assert!(ran.stderr.contains("the default profile 'gone' does not exist"), "{}", ran.stderr);
    let expected = [
        ("acme", false, Some("https://acme.api.kandji.io"), "file"),
        ("bare", false, None, "environment"),
        ("beta", true, Some("https://beta.api.eu.kandji.io"), "command"),
    ];
    assert_eq!(rows, expected);
}
