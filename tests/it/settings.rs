//! Settings from every source, as `sortie settings` and `sortie schema` show them.
//!
//! Owns which source wins and that no secret is shown. Must never reach a tenant.

use crate::harness::{Bench, Ran};

/// The token of these tests, which no output may hold.
const TOKEN: &str = "0f0e0d0c-planted-token";

const CONFIG: &str = "\
[profile.acme]
base_url = \"https://acme.api.kandji.io\"
token_command = \"print-the-planted-token\"
per_hour = 6000
per_second = 9
concurrency = 3
";

const JOB: &str = "\
version: 1
action: restart
targets: {all: true}
limits: {per_second: 7, concurrency: 5}
stop: {in_a_row: 4}
skip_refused: removed
";

/// Runs `sortie settings` with a profile, a job and these flags.
fn settings(bench: &Bench, flags: &[&str]) -> Ran {
    bench.write("config.toml", CONFIG);
    bench.write("job.yaml", JOB);
    let mut command = bench.command();
    command
        .args(["settings", "job.yaml", "--profile", "acme", "--config"])
        .arg(bench.path("config.toml"))
        .args(flags)
        .env("SORTIE_TIMEOUT", "30s")
        .env("SORTIE_TOKEN", TOKEN);
    Ran::of(command.output().expect("the program starts")).expect(0)
}

/// Value and source of a setting in a listing.
fn row(listing: &str, setting: &str) -> (String, String) {
    let line = listing
        .lines()
        .find(|line| line.split_whitespace().next() == Some(setting))
        .unwrap_or_else(|| panic!("no {setting} in\n{listing}"));
    let cells: Vec<&str> =
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
    let [_, value, source] = cells[..] else { panic!("not three cells: {line}") };
    (value.to_owned(), source.to_owned())
}

#[test]
fn each_setting_is_listed_with_its_value_and_source() {
    let bench = Bench::new("https://acme.api.kandji.io", TOKEN);
    let flags = ["--concurrency", "2", "--skip-refused", "not_found", "--capture-secrets"];
    let ran = settings(&bench, &flags);
    for (setting, value, source) in [
        ("concurrency", "2", "--concurrency"),
        ("per_second", "7", "job.yaml:4"),
        ("per_hour", "6000", "profile acme"),
        ("errors_in_a_row", "4", "job.yaml:5"),
        ("timeout", "30 s", "SORTIE_TIMEOUT"),
        ("before_loss", "capture", "--capture-secrets"),
        ("skip_refused", "not_found, removed", "--skip-refused, job.yaml:6"),
        ("max_errors", "10%", "default"),
        ("token", "(not shown)", "SORTIE_TOKEN"),
        ("token_command", "(not shown)", "profile acme"),
        ("profile", "acme", "--profile"),
    ] {
        let expected = (value.to_owned(), source.to_owned());
        assert_eq!(row(&ran.stdout, setting), expected, "{setting}");
    }
    let json = settings(&bench, &["--format", "json"]);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&json.stdout).expect("JSON");
    let per_second = rows.iter().find(|row| row["setting"] == "per_second").expect("a row");
    assert_eq!(per_second["value"], "7");
    assert_eq!(per_second["sources"][0]["kind"], "job");
    assert_eq!(per_second["sources"][0]["place"], "job.yaml:4");
    for shown in [&ran.stdout, &ran.stderr, &json.stdout, &json.stderr] {
        assert!(!shown.contains("planted"), "{shown}");
    }
}

#[test]
fn a_value_that_a_flag_does_not_take_is_refused() {
    let bench = Bench::new("https://acme.api.kandji.io", TOKEN);
    for (flags, expected) in [
        (["--wait", "soon"], "--wait: 'soon' is not a duration"),
        (["--max-errors", "few"], "--max-errors: 'few' is neither a number nor a share like 5%"),
        (["--waves", "1,all"], "--waves: 'all' is neither a number of devices nor a share"),
        (["--per-second", "60"], "--per-second: '60' is not valid: 60 is not in 1..=50"),
        (["--gate", "open"], "--gate: 'open' is not one of settled, accepted, operator"),
    ] {
        let ran = bench.sortie(&["settings", flags[0], flags[1]]).expect(2);
        assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    }
}

#[test]
fn the_schema_of_jobs_is_printed_as_json() {
    let bench = Bench::new("https://acme.api.kandji.io", TOKEN);
    let ran = bench.sortie(&["schema", "job"]).expect(0);
    let schema: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(schema, sortie::job::job_schema());
}
