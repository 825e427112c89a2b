//! A scenario as its file says it.
//!
//! Owns the names of its keys. Must never know how an engine runs a job.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::script::{Act, Step};
use super::tenant::TenantSetup;
use super::yaml;

/// Caps that no scenario comes to; one that is about caps brings a policy.
const ROOMY_POLICY: &str = "[caps.disruptive]\nper_run = 1000\nper_day = 1000\nshare = \"100%\"\n\
     [caps.irreversible]\nper_run = 1000\nper_day = 1000\nshare = \"100%\"\n";

/// What happens to one job on one simulated tenant, and what must come of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name: that of its file.
    #[serde(default)]
    pub name: String,
    /// What breaks for a user if it fails.
    pub why: String,
    /// The job as a YAML file.
    #[serde(default)]
    pub job: Option<String>,
    /// The job as a CSV file, where it is none in YAML.
    #[serde(default)]
    pub csv: Option<String>,
    /// Options of the plan.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// How long commands are followed.
    #[serde(default = "wait")]
    pub wait: String,
    /// After what time a request without an answer is given up. Its quarantine is twice as long.
    #[serde(default = "timeout_s")]
    pub timeout_s: u64,
    /// The confirmation, in advance.
    pub confirm: String,
    /// The policy of the host.
    #[serde(default = "policy")]
    pub policy: String,
    pub tenant: TenantSetup,
    /// What happens during the run, in order.
    #[serde(default)]
    pub script: Vec<Step>,
    pub expect: Expectation,
    /// Which device meets which end depends on the order of sending, which engines choose themselves: rows are compared
    /// without their devices.
    #[serde(default)]
    pub any_device: bool,
    /// How many tasks meet which end depends on how fast an engine stops: only the different rows are compared.
    #[serde(default)]
    pub counts_vary: bool,
    /// How long it takes, where that is more than the suite's usual 20 seconds.
    #[serde(default)]
    pub lasts_s: u64,
    /// Engines that differ, with the reason.
    #[serde(default)]
    pub differs: BTreeMap<String, Difference>,
}

fn wait() -> String {
    "15s".to_owned()
}

fn timeout_s() -> u64 {
    2
}

fn policy() -> String {
    ROOMY_POLICY.to_owned()
}

/// Where one engine does not do what the others do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// Why it differs.
    pub why: String,
    /// What it does in place of that; `None` where it cannot run the scenario at all.
    #[serde(default)]
    pub expect: Option<Expectation>,
}

/// What must come of a scenario.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The verdict on the run, or `refused: CLASS` where it must not begin.
    pub verdict: String,
    /// Why the run stopped; `None` where it must not stop.
    #[serde(default)]
    pub stop: Option<String>,
    /// What becomes of devices, each named by its serial number.
    #[serde(default)]
    pub rows: Vec<RowExpected>,
    /// Tasks by outcome, each exactly.
    #[serde(default)]
    pub outcomes: BTreeMap<String, usize>,
    /// The only outcomes that tasks may have, where their number is a matter of chance.
    #[serde(default)]
    pub outcomes_among: Vec<String>,
    /// Requests by action that reached the tenant, exactly.
    #[serde(default)]
    pub requests: BTreeMap<String, u32>,
    /// Requests by action that reach the tenant at most.
    #[serde(default)]
    pub requests_max: BTreeMap<String, u32>,
}

/// What becomes of one task.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowExpected {
    pub device: String,
    #[serde(default = "one")]
    pub step: u64,
    pub outcome: String,
    /// Words of the reason; `None` where it does not matter.
    #[serde(default)]
    pub reason: Option<String>,
    /// What the report says of the PIN.
    #[serde(default)]
    pub pin: Option<String>,
    /// Requests for it that reached the tenant; `None` for one where anything was sent.
    #[serde(default)]
    pub requests: Option<u32>,
    /// How often the tenant applied it; `None` for once where the outcome says that it was.
    #[serde(default)]
    pub applied: Option<u32>,
}

fn one() -> u64 {
    1
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// Says which key is wrong.
    pub fn read(name: &str, text: &str) -> Result<Self, String> {
        let value = yaml::read(text)?;
        let scenario: Self = serde_json::from_value(value).map_err(|error| error.to_string())?;
        Ok(Self { name: name.to_owned(), ..scenario })
    }

    /// What this engine has to do; `None` where it cannot run the scenario.
    #[must_use]
    pub fn expected_of(&self, engine: &str) -> Option<&Expectation> {
        match self.differs.get(engine) {
            None => Some(&self.expect),
            Some(difference) => difference.expect.as_ref(),
        }
    }

    /// The name and the text of the job's file. `{keys}` in it stands for the keys of the engine.
    #[must_use]
    pub fn job_file(&self, keys: &[String]) -> (&'static str, String) {
        let (name, text) = match (&self.job, &self.csv) {
            (Some(job), None) => ("job.yaml", job),
            (None, Some(csv)) => ("job.csv", csv),
            _ => panic!("{}: a scenario has one job", self.name),
        };
        (name, text.replace("{keys}", &keys.join(", ")))
    }

    /// Whether a process is lost: which requests that meets is a matter of chance.
    #[must_use]
    pub fn loses_process(&self) -> bool {
        self.script.iter().any(|step| step.then == Act::LoseProcess)
    }

    /// The options of `sortie plan`.
    #[must_use]
    pub fn plan_options(&self) -> Vec<String> {
        let timeout = format!("{}s", self.timeout_s);
        let quarantine = format!("{}s", 2 * self.timeout_s);
        let common = [
            "--wait",
            &self.wait,
            "--timeout",
            &timeout,
            "--quarantine",
            &quarantine,
            "--no-input",
        ];
        common.into_iter().map(str::to_owned).chain(self.arguments.iter().cloned()).collect()
    }
}

impl Expectation {
    /// The outcomes that it names.
    pub fn outcomes_named(&self) -> impl Iterator<Item = &str> {
        let rows = self.rows.iter().map(|row| row.outcome.as_str());
        rows.chain(self.outcomes.keys().map(String::as_str))
    }
}

/// All scenarios of a folder of the suite, by name.
#[must_use]
pub fn scenarios_in(folder: &str) -> Vec<Scenario> {
    let folder = home().join(folder);
    let entries = std::fs::read_dir(&folder).expect("the folder of scenarios");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(path).expect("a text");
        Scenario::read(&name, &text).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    paths.iter().map(read).collect()
}

/// The folder of the suite, from any package of the workspace.
pub fn home() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let homes = package.ancestors().map(|folder| folder.join("tests/conformance"));
    homes.into_iter().find(|folder| folder.is_dir()).expect("the folder of the suite")
}
