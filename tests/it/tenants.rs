//! Jobs for several tenants, up to the first request: which tenants are meant, who is left out, what is confirmed.
//!
//! Owns the proof that no tenant is reached that a job does not name, and none without a word. Must never look into the parts.

use sortie::simulator::{DeviceKind, Faults};
use std::path::PathBuf;

use crate::fleet::set_mode;
use crate::harness::{Bench, Tenant, add, prompt_world, serial, writes};

/// The tenants of the tests, each with the same three serial numbers.
const NAMES: [&str; 3] = ["acme", "globex", "initech"];

/// A host with a profile for each of three tenants.
struct Provider {
    tenants: Vec<Tenant>,
    bench: Bench,
}

impl Provider {
    fn new() -> Self {
        let tenant = |_| {
            let mut world = prompt_world(Faults::default());
            for at in 0..3 {
                add(&mut world, DeviceKind::IPad, &serial(at));
            }
            Tenant::serving(world)
        };
        let provider = Self { tenants: NAMES.map(tenant).into(), bench: Bench::offline() };
        let profiles: Vec<(&str, String, String)> = NAMES
            .iter()
            .zip(&provider.tenants)
            .map(|(name, tenant)| (*name, tenant.base_url(), tenant.token()))
            .collect();
        provider.configure(&profiles);
        provider
    }

    /// Writes the configuration: name, address and token of each profile.
    fn configure(&self, profiles: &[(&str, String, String)]) {
        let mut text = "default_profile = \"initech\"\n".to_owned();
        for (name, base_url, token) in profiles {
            let path = self.private(&format!("{name}.token"), token);
            text.push_str(&format!(
                "[profile.{name}]\nbase_url = \"{base_url}\"\ntoken_file = {path:?}\n"
            ));
        }
        self.private("config.toml", &text);
    }

    fn private(&self, name: &str, text: &str) -> PathBuf {
        let path = self.bench.write(name, text);
        set_mode(&path, 0o600);
        path
    }

    fn sortie(&self, arguments: &[&str]) -> crate::harness::Ran {
        self.bench.sortie(&[&["--config", "config.toml"], arguments].concat())
    }

    /// Two devices of acme and one of globex, which both have a device of the first serial number.
    fn job(&self) -> &'static str {
        let text = format!(
            "tenant,serial_number,action\nacme,{0},restart\nglobex,{0},restart\nacme,{1},restart\n",
            serial(0),
            serial(1)
        );
        self.bench.write("restart.csv", &text);
        "restart.csv"
    }

    fn sent(&self) -> Vec<u64> {
        self.tenants.iter().map(|tenant| writes(&tenant.ledger())).collect()
    }
}

#[test]
fn a_plan_has_a_section_for_each_tenant_of_the_job() {
    let provider = Provider::new();
    let job = provider.job();
    let shown = provider.sortie(&["plan", job]).expect(0).stdout;
    for expected in [
        "Plan of restart: restart 3 devices on 2 tenants\n",
        "Tenants (2)\n",
        "  acme          2      2        0        0      0 s",
        "  globex        1      1        0        0      0 s",
        "  --confirm 3\n",
    ] {
        assert!(shown.contains(expected), "{expected}\n{shown}");
    }
    let json = provider.sortie(&["plan", job, "--format", "json"]).expect(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["tenants"][0]["tenant"], "acme");
    assert_eq!(json["tenants"][0]["plan"]["tenant"], "acme");
    assert_eq!(json["tenants"][1]["plan"]["devices"], 1);
    assert_eq!(json["confirmation"]["needed"]["count"], 3);
    provider.sortie(&["run", job, "--dry-run"]).expect(0);
    let refused = provider.sortie(&["run", job, "--no-input", "--confirm", "2"]).expect(8).stderr;
    assert!(refused.contains("--confirm 3"), "{refused}");
    assert_eq!(provider.sent(), [0, 0, 0]);
}

#[test]
fn a_tenant_that_fails_is_left_out_alone_and_named() {
    let provider = Provider::new();
    let job = provider.job();
    provider.private("globex.token", "wrong-token");
    let ran = provider.sortie(&["plan", job]).expect(3);
    assert!(ran.stdout.contains("Tenants (1 of 2)"), "{}", ran.stdout);
    assert!(ran.stdout.contains("Left out: nothing is sent to 1 tenant"), "{}", ran.stdout);
    assert!(ran.stdout.contains("  - globex: "), "{}", ran.stdout);
    assert!(ran.stderr.contains("1 of 2 tenants would be left out"), "{}", ran.stderr);
    let json = provider.sortie(&["run", job, "-n", "--format", "json"]).expect(3).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["left_out"][0]["tenant"], "globex");
    // Words for both tenants do not confirm the one that is left.
    provider.sortie(&["run", job, "--no-input", "--confirm", "3"]).expect(8);
    // A row that no device fits refuses the section of its tenant alone.
    let text = format!(
        "tenant,serial_number,action\nacme,{},restart\ninitech,{},restart\n",
        serial(0),
        serial(9)
    );
    provider.bench.write("unknown.csv", &text);
    let ran = provider.sortie(&["run", "unknown.csv", "--no-input"]).expect(8);
    assert!(ran.stderr.contains("  - initech: "), "{}", ran.stderr);
    assert!(ran.stderr.contains("restarting 1 device on acme"), "{}", ran.stderr);
    provider.private("acme.token", "wrong-token");
    let none = provider.sortie(&["plan", job]).expect(3).stderr;
    assert!(none.contains("no tenant of the job can be run:\n"), "{none}");
    assert_eq!(provider.sent(), [0, 0, 0]);
}

#[test]
fn names_flags_and_addresses_that_contradict_are_refused() {
    let provider = Provider::new();
    let job = provider.job();
    for (arguments, expected) in [
        (&["plan", job, "--profile", "initech"][..], "profile initech is asked for"),
        (&["plan", job, "--token-file", "acme.token"], "--token-file is for one tenant"),
        (&["plan", job, "--tenants", "acme"], "restart.csv:3:1"),
        (&["check", job, "--tenants", "acme,globx"], "did you mean 'globex'?"),
        (&["plan", job, "--tenants", "all,acme"], "'all' stands beside other names"),
        (
            &["send", "restart", "--serial", "C02ZCCCCJGH5", "--tenants", "all"],
            "a flag names devices",
        ),
    ] {
        let ran = provider.sortie(arguments).expect(2);
        assert!(ran.stderr.contains(expected), "{arguments:?} {expected}\n{}", ran.stderr);
    }
    let [acme, globex, _] = &provider.tenants[..] else { panic!("three tenants") };
    let profile = |name, tenant: &Tenant| (name, tenant.base_url(), tenant.token());
    let twice = profile("globex", acme);
    provider.configure(&[profile("acme", acme), twice, profile("initech", globex)]);
    let refused = provider.sortie(&["plan", job]).expect(2).stderr;
    assert!(refused.contains("profiles acme and globex name the same tenant"), "{refused}");
}

#[test]
fn a_job_for_one_tenant_runs_as_with_its_profile() {
    let provider = Provider::new();
    let text = format!("tenant,serial_number,action\nacme,{},restart\n", serial(0));
    provider.bench.write("one.csv", &text);
    let shown = provider.sortie(&["plan", "one.csv"]).expect(0).stdout;
    assert!(shown.contains("Plan of one: restart 1 device on acme\n"), "{shown}");
    provider.sortie(&["run", "one.csv", "--no-input", "--confirm", "1", "--wait", "0"]);
    assert_eq!(provider.sent(), [1, 0, 0], "the default profile is initech");
    let row = &provider.bench.report()[0];
    assert_eq!(row["tenant"], "acme", "the column stays in the report");
}

#[test]
fn a_plan_set_runs_as_written_or_not_at_all() {
    let provider = Provider::new();
    let job = provider.job();
    let said = provider.sortie(&["plan", job, "--out", "restart.plan"]).expect(0).stderr;
    assert!(said.contains("sortie run restart.plan --confirm 3"), "{said}");
    let dry = provider.sortie(&["run", "restart.plan", "--dry-run"]).expect(0).stdout;
    assert!(dry.contains("Tenants (2)\n"), "{dry}");
    let refused = provider.sortie(&["run", "restart.plan", "--no-input"]).expect(8).stderr;
    assert!(refused.contains("restarting 3 devices on 2 tenants"), "{refused}");
    let other = provider.sortie(&["run", "restart.plan", "-n", "--profile", "acme"]).expect(2);
    assert!(other.stderr.contains("profile acme is asked for"), "{}", other.stderr);
    let approved =
        provider.sortie(&["approve", "restart.plan", "--key", "none", "--yes"]).expect(2).stderr;
    assert!(approved.contains("holds the plans of several tenants"), "{approved}");
    let path = provider.bench.path("restart.plan");
    let text = std::fs::read_to_string(&path).expect("the plan");
    let other = text.replacen(&serial(1), &serial(2), 1);
    assert_ne!(text, other);
    std::fs::write(&path, other).expect("the bench can be written");
    let altered = provider.sortie(&["run", "restart.plan", "--confirm", "3"]).expect(8).stderr;
    assert!(altered.contains("the plan was changed after it was made"), "{altered}");
    assert_eq!(provider.sent(), [0, 0, 0]);
}

#[test]
fn simulated_tenants_need_no_profiles_and_differ() {
    let bench = Bench::offline();
    let send = ["send", "daily-checkin", "--all", "--simulate", "--seed", "7", "-n"];
    let run = |tenants: &str| {
        let arguments = [&send[..], &["--tenants", tenants, "--format", "json"]].concat();
        let text = bench.sortie(&arguments).expect(0).stdout;
        let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let serials = |at: usize| json["tenants"][at]["plan"]["tasks"][0]["device"].clone();
        (serials(0), serials(1), json["tenants"][0]["plan"]["tenant"].clone())
    };
    let (acme, globex, name) = run("acme,globex");
    assert_eq!(name, "simulated-acme");
    assert_ne!(acme, globex, "each has a fleet of its own");
    assert_eq!(run("globex,acme").1["serial_number"], acme["serial_number"], "by name, not place");
    let all = bench.sortie(&[&send[..], &["--tenants", "all"]].concat()).expect(2).stderr;
    assert!(all.contains("there are no profiles"), "{all}");
}
