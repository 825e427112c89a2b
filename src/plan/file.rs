//! A plan as a file: everything that a run will do and was checked against, frozen.
//!
//! Owns the canonical form and the digest. Invariant: a plan that differs from what was written by one byte is not
//! read. Must never hold a secret: a PIN that a job gives has no place in a file that is passed around.

use std::io;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::origins::Origins;
use super::task_list::Plan;
use super::task_writer::{Secrets, TaskWriter};
use crate::model::{
    JobConditions, ParamValue, Policy, ReportOptions, Risk, UnixMillis, hexadecimal,
};

/// The newest format of plan files that this program writes and reads.
pub const PLAN_FORMAT: u32 = 1;
/// Largest plan file, in bytes: some 250,000 tasks, five steps for each device of the largest fleets. To read one takes
/// three times as much memory.
pub const PLAN_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// The key of the digest of everything else.
const DIGEST: &str = "digest";

/// How long after it was made a plan may be started, by what it can cost, in milliseconds.
const START_MS_BENIGN: u64 = 7 * 86_400_000;
const START_MS_DISRUPTIVE: u64 = 86_400_000;
const START_MS_IRREVERSIBLE: u64 = 60 * 60_000;

/// Everything that a run will do, and what it was checked against.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanFile {
    /// Format of the file.
    pub format: u32,
    /// The tenant, as people know it.
    pub tenant: String,
    /// Base URL of the tenant.
    pub base_url: String,
    /// What named the address, the profile, and where the token came from when it was made; never the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reached_by: Option<String>,
    /// Name of the job.
    pub job: String,
    /// SHA-256 of the job's text without its PINs.
    pub job_digest: String,
    /// The job is a file whose name tells it from others; not standard input, nor flags.
    pub is_named: bool,
    /// Why it is done.
    pub reason: Option<String>,
    /// SHA-256 of the policy file; empty where there is none.
    pub policy_digest: String,
    /// Why it is to be sent outside of its window.
    pub break_glass: Option<String>,
    /// When it was made.
    pub made_at: UnixMillis,
    /// By which user of which host.
    pub made_by: String,
    /// The state directory's database whose caps, overlaps and runs it was checked against.
    pub database: String,
    /// After this moment it may not be started.
    pub start_until: UnixMillis,
    /// How long after the start sending ends, in milliseconds; `None` where the rules name a moment.
    pub send_for_ms: Option<u64>,
    /// Conditions that the job sets for its runs. A retry takes them over.
    #[serde(rename = "guards")]
    pub job_conditions: JobConditions,
    /// The rules of the run.
    pub rules: Policy,
    /// Devices of the tenant; `None` where it is unknown.
    pub fleet: Option<u32>,
    /// Directory for reports, where the job or a flag names one.
    pub report_dir: Option<String>,
    /// Formats of reports.
    pub report_formats: Vec<String>,
    /// How they are written.
    #[serde(default, skip_serializing_if = "ReportOptions::is_default")]
    pub report_options: ReportOptions,
    /// The file of metrics of the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics_file: Option<String>,
    /// Public keys of those who can read the secrets of the run.
    pub encrypt_to: Vec<String>,
    /// What the job itself says that makes a confirmation beforehand enough.
    pub wrapping: Wrapping,
    /// Which rows come from files of earlier runs; older programs kept none.
    #[serde(default, skip_serializing_if = "Origins::is_empty")]
    pub origins: Origins,
    /// What it was expected to cost.
    pub forecast: PlannedCost,
    /// The tasks and what people should know of them.
    pub plan: Plan,
}

/// Bounds that a job file sets itself.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wrapping {
    /// Most devices that the job allows.
    pub max_devices: Option<u32>,
    /// When it is sent: a window, or an end of sending.
    pub has_time_bound: bool,
}

impl Wrapping {
    /// Whether these bounds, set where a reviewer can see them, replace a person who types a number.
    #[must_use]
    pub fn is_whole(self) -> bool {
        self.max_devices.is_some() && self.has_time_bound
    }
}

/// What a plan was expected to cost when it was made.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedCost {
    /// Requests that act.
    pub sends: u64,
    /// Requests that read, at the least.
    pub reads: u64,
    /// Requests of the hour that were spent already.
    pub spent: u32,
    /// Seconds until the last send.
    pub seconds: u64,
}

/// Why a file is not a plan that can be trusted.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileError {
    /// It is no plan at all.
    #[error("the file is not a plan (line {line}, column {column})")]
    Form {
        /// Where reading ended.
        line: usize,
        /// The column there.
        column: usize,
    },
    /// It is not what was written.
    #[error("the plan was changed after it was made: {0}")]
    Altered(String),
    /// A newer program wrote it.
    #[error("the plan has format {0}; this version of sortie reads format {PLAN_FORMAT}")]
    Newer(u64),
    /// It is larger than a plan may be.
    #[error("the plan has {0} bytes; at most {PLAN_BYTES_MAX} are allowed")]
    TooLarge(u64),
    /// The plans of several tenants are larger than their file may be.
    #[error("the plans of all tenants have {0} bytes; at most {max} are allowed", max = 4 * PLAN_BYTES_MAX)]
    SetTooLarge(u64),
    /// It would hold a secret.
    #[error("the job gives PINs (row {row}); a plan file cannot contain PINs")]
    Secret {
        /// The row.
        row: u32,
    },
}

impl PlanFile {
    /// The latest start of a plan of this risk that is made now.
    #[must_use]
    pub fn latest_start(risk: Risk, now: UnixMillis) -> UnixMillis {
        now.plus_ms(match risk {
            Risk::Read | Risk::Benign => START_MS_BENIGN,
            Risk::Disruptive => START_MS_DISRUPTIVE,
            Risk::Irreversible => START_MS_IRREVERSIBLE,
        })
    }

    /// When sending ends, if it is started now.
    #[must_use]
    pub fn sending_ends(&self, now: UnixMillis) -> UnixMillis {
        self.send_for_ms.map_or(self.rules.send_until, |send_for_ms| now.plus_ms(send_for_ms))
    }

    /// Its digest: SHA-256 of everything that it says, as hexadecimal digits. Secrets stay out.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hash = Hash::default();
        self.write(None, Secrets::Blanked, &mut hash).expect("a hash takes everything");
        hash.digits()
    }

    /// The file.
    ///
    /// # Errors
    /// [`PlanFileError::Secret`], [`PlanFileError::TooLarge`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, PlanFileError> {
        let is_secret = |value: &ParamValue| matches!(value, ParamValue::Secret(_));
        if let Some(task) = self.plan.tasks.iter().find(|task| task.params.values().any(is_secret))
        {
            return Err(PlanFileError::Secret { row: task.row });
        }
        let mut bytes = Vec::new();
        let digest = self.digest();
        self.write(Some(&digest), Secrets::Blanked, &mut bytes).expect("memory takes everything");
        if bytes.len() as u64 > PLAN_BYTES_MAX {
            return Err(PlanFileError::TooLarge(bytes.len() as u64));
        }
        Ok(bytes)
    }

    /// Reads a file, if it is what [`PlanFile::to_bytes`] wrote, byte by byte. It is read straight into the type and
    /// compared piece by piece: as a tree of values a plan takes twenty times its size.
    ///
    /// # Errors
    /// [`PlanFileError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PlanFileError> {
        let form = |error: serde_json::Error| PlanFileError::Form {
            line: error.line(),
            column: error.column(),
        };
        let altered = |what: &str| PlanFileError::Altered(what.to_owned());
        if bytes.len() as u64 > PLAN_BYTES_MAX {
            return Err(PlanFileError::TooLarge(bytes.len() as u64));
        }
        let stamp: Stamp = serde_json::from_slice(bytes).map_err(|error| {
            let is_twice = error.to_string().starts_with("duplicate field");
            if is_twice { altered("a key is given twice") } else { form(error) }
        })?;
        let Some(digest) = stamp.digest else {
            return Err(PlanFileError::Form { line: 1, column: 1 });
        };
        let Some(line) = digest_line(bytes, &digest) else {
            return Err(altered("it is not in the form that sortie writes"));
        };
        if stamp.format.is_some_and(|format| format > u64::from(PLAN_FORMAT)) {
            return Err(PlanFileError::Newer(stamp.format.unwrap_or_default()));
        }
        let rest = [&bytes[..line.start], &bytes[line.end..]];
        let mut hash = Hash::default();
        rest.iter().for_each(|part| hash.update(part));
        if hash.digits() != digest {
            return Err(altered(
                "its digest does not match, or it is not in the form that sortie writes",
            ));
        }
        let plan: Self = serde_json::from_slice(&rest.concat()).map_err(form)?;
        // What this program would not write again says something that it does not understand.
        let mut same = Same { rest: bytes };
        let written = plan.write(Some(&digest), Secrets::Kept, &mut same);
        if written.is_err() || !same.rest.is_empty() {
            return Err(altered("it contains fields that this version of sortie does not know"));
        }
        Ok(plan)
    }

    /// Everything but the tasks, without a copy of them.
    fn without_tasks(&self) -> Self {
        let plan = Plan {
            tasks: Vec::new(),
            refused: Vec::new(),
            not_seen_lately: self.plan.not_seen_lately,
            excluded: self.plan.excluded,
            notes: self.plan.notes.clone(),
            before_loss: self.plan.before_loss,
            activation_locked: self.plan.activation_locked.clone(),
        };
        Self {
            format: self.format,
            tenant: self.tenant.clone(),
            base_url: self.base_url.clone(),
            reached_by: self.reached_by.clone(),
            job: self.job.clone(),
            job_digest: self.job_digest.clone(),
            is_named: self.is_named,
            reason: self.reason.clone(),
            policy_digest: self.policy_digest.clone(),
            break_glass: self.break_glass.clone(),
            made_at: self.made_at,
            made_by: self.made_by.clone(),
            database: self.database.clone(),
            start_until: self.start_until,
            send_for_ms: self.send_for_ms,
            job_conditions: self.job_conditions.clone(),
            rules: self.rules.clone(),
            fleet: self.fleet,
            report_dir: self.report_dir.clone(),
            report_formats: self.report_formats.clone(),
            report_options: self.report_options.clone(),
            metrics_file: self.metrics_file.clone(),
            encrypt_to: self.encrypt_to.clone(),
            wrapping: self.wrapping,
            origins: self.origins.clone(),
            forecast: self.forecast,
            plan,
        }
    }

    /// Writes the one form of the plan: keys in order, two spaces, a line break at the end. Its tasks are written one
    /// by one, because there may be many.
    fn write(
        &self,
        digest: Option<&str>,
        secrets: Secrets,
        sink: &mut impl io::Write,
    ) -> io::Result<()> {
        let mut value = serde_json::to_value(self.without_tasks())?;
        if let (Some(digest), Value::Object(map)) = (digest, &mut value) {
            map.insert(DIGEST.to_owned(), Value::String(digest.to_owned()));
        }
        let text = serde_json::to_string_pretty(&value)?;
        // A text of the plan cannot look like this: line breaks are escaped in texts.
        let (before, after) = text
            .split_once(NO_TASKS)
            .ok_or_else(|| io::Error::other("the plan has no list of tasks"))?;
        sink.write_all(before.as_bytes())?;
        sink.write_all(NO_TASKS.trim_end_matches(']').as_bytes())?;
        let mut tasks = TaskWriter::new(secrets);
        for (at, task) in self.plan.tasks.iter().enumerate() {
            sink.write_all(if at == 0 { b"\n      " } else { b",\n      " })?;
            tasks.write(task, sink)?;
        }
        sink.write_all(if self.plan.tasks.is_empty() { b"]" } else { b"\n    ]" })?;
        sink.write_all(after.as_bytes())?;
        sink.write_all(b"\n")
    }
}

/// How the pretty form writes an empty list of tasks: the one key of this name at this depth.
const NO_TASKS: &str = "\n    \"tasks\": []";

/// What is read of a file before all of it: its digest and format. Everything else is ignored.
#[derive(Deserialize)]
struct Stamp {
    digest: Option<String>,
    format: Option<u64>,
}

/// The line of the digest, with its line break; `None` when it is not where this program writes it.
fn digest_line(bytes: &[u8], digest: &str) -> Option<Range<usize>> {
    let line = format!("\n  \"{DIGEST}\": \"{digest}\",");
    let start = bytes.windows(line.len()).position(|window| window == line.as_bytes())?;
    Some(start..start + line.len())
}

/// SHA-256 of what is written.
#[derive(Default)]
struct Hash(Sha256);

impl Hash {
    fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn digits(self) -> String {
        hexadecimal(&self.0.finalize())
    }
}

impl io::Write for Hash {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Compares what is written with what is there, and fails at the first difference.
struct Same<'a> {
    rest: &'a [u8],
}

impl io::Write for Same<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.rest.strip_prefix(bytes) {
            Some(rest) => {
                self.rest = rest;
                Ok(bytes.len())
            }
            None => Err(io::Error::other("another text")),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::plan_file;
    use super::*;
    use crate::model::Sealed;

    fn plan() -> PlanFile {
        plan_file(&[("erase", "a"), ("restart", "b")], UnixMillis(1_800_000_000_000))
    }

    #[test]
    fn what_is_written_is_read_and_one_other_byte_is_not() {
        let plan = plan();
        let bytes = plan.to_bytes().expect("no secret");
        assert_eq!(PlanFile::from_bytes(&bytes).expect("as it was"), plan);
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert!(PlanFile::from_bytes(&other).is_err(), "byte {at} differs");
        }
        for other in [&bytes[..bytes.len() - 1], b"", b"{}\n", b"null\n", b"[1]\n"] {
            assert!(PlanFile::from_bytes(other).is_err());
        }
        let mut longer = bytes.clone();
        longer.push(b'\n');
        assert!(matches!(PlanFile::from_bytes(&longer), Err(PlanFileError::Altered(_))));
        let text = String::from_utf8(bytes).expect("JSON");
        let twice = text.replacen("\"format\": 1", "\"format\": 1,\n  \"format\": 1", 1);
        assert!(matches!(PlanFile::from_bytes(twice.as_bytes()), Err(PlanFileError::Altered(_))));
    }

    /// One way to write a value: keys in order, two spaces, a line break at the end.
    fn canonical(value: &Value) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(value).expect("a value can always be written");
        bytes.push(b'\n');
        bytes
    }

    /// The plan with something else in it, and a digest that fits.
    fn forged(change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> Vec<u8> {
        let mut value = serde_json::to_value(plan()).expect("JSON");
        let map = value.as_object_mut().expect("an object");
        change(map);
        let digest = crate::model::sha256(&canonical(&value));
        value.as_object_mut().expect("an object").insert(DIGEST.to_owned(), digest.into());
        canonical(&value)
    }

    #[test]
    fn what_this_program_does_not_know_is_not_passed_over() {
        let unknown = forged(|map| drop(map.insert("force".to_owned(), true.into())));
        assert!(PlanFile::from_bytes(&unknown).is_err());
        let newer = forged(|map| drop(map.insert("format".to_owned(), 2.into())));
        assert!(matches!(PlanFile::from_bytes(&newer), Err(PlanFileError::Newer(2))));
        let missing = forged(|map| drop(map.remove("policy_digest")));
        assert!(PlanFile::from_bytes(&missing).is_err());
        // A forger who can count gets another digest, which no database knows.
        let other = forged(|map| drop(map.insert("tenant".to_owned(), "other".into())));
        let other = PlanFile::from_bytes(&other).expect("it fits itself");
        assert_ne!(other.digest(), plan().digest());
    }

    #[test]
    fn a_secret_is_neither_written_nor_part_of_the_digest() {
        let mut with_pin = plan();
        let pin = |text: &str| ParamValue::Secret(Sealed::clear(text.to_owned()));
        with_pin.plan.tasks[0].params.insert("PIN".to_owned(), pin("012345"));
        assert!(matches!(with_pin.to_bytes(), Err(PlanFileError::Secret { .. })));
        let digest = with_pin.digest();
        with_pin.plan.tasks[0].params.insert("PIN".to_owned(), pin("543210"));
        assert_eq!(with_pin.digest(), digest);
        assert_ne!(plan().digest(), digest, "that there is one is part of it");
    }

    /// A plan with everything that a task can have.
    fn full() -> PlanFile {
        use crate::model::{End, Gate, SecretSource, TaskIndex, Turn};
        let mut file = plan_file(
            &[("erase", "a"), ("lock", "b"), ("restart", "b"), ("set-name", "c"), ("erase", "a")],
            UnixMillis(1_800_000_000_000),
        );
        let tasks = &mut file.plan.tasks;
        let device = tasks[0].device_mut();
        device.user_name = "Zoë \"Z\" \\ \u{7f}\n".into();
        device.tags = ["lab", "a tag with a longer name"].into_iter().collect();
        device.last_check_in = UnixMillis(-5).into();
        device.blueprint = "".into();
        tasks[1].device_mut().user_email = "zoe.with.a.longer.name@example.com".into();
        tasks[0].capture = vec![SecretSource::BypassCode, SecretSource::FilevaultKey];
        tasks[1].wave = 3;
        tasks[1].params.insert("Message".to_owned(), ParamValue::Text("a\n\"b\"".to_owned()));
        tasks[1].params.insert("Count".to_owned(), ParamValue::Number(7));
        tasks[2].after = Some((TaskIndex(1), Gate::GoodEnd));
        tasks[2].carried = [("room", "Library"), ("", "\t")].into_iter().collect();
        tasks[2].turn = Turn::Skip { reason: "why not".into(), asked: true };
        tasks[3].turn = Turn::Done { reason: "done".into() };
        tasks[3].end = End::Command {
            request_types: vec!["Settings".to_owned()],
            mark: None,
            or_gone: false,
            or_named: Some("b".to_owned()),
            or_state: None,
        };
        tasks[4].device_mut().user_email = "".into();
        file
    }

    #[test]
    fn a_plan_is_written_as_its_tree_of_values_would_be() {
        let of = |tasks: &[(&str, &str)]| plan_file(tasks, UnixMillis(1_800_000_000_000));
        let many: Vec<(&str, &str)> = (0..40).map(|_| ("restart", "a")).collect();
        for plan in [
            of(&[]),
            of(&[("erase", "a")]),
            of(&[("erase", "a"), ("restart", "b\n    \"tasks\": []")]),
            of(&many),
            full(),
        ] {
            let mut value = serde_json::to_value(&plan).expect("JSON");
            assert_eq!(plan.digest(), crate::model::sha256(&canonical(&value)));
            value
                .as_object_mut()
                .expect("an object")
                .insert(DIGEST.to_owned(), plan.digest().into());
            let bytes = plan.to_bytes().expect("no secret");
            assert_eq!(bytes, canonical(&value));
            assert_eq!(PlanFile::from_bytes(&bytes).expect("as it was"), plan);
        }
    }

    #[test]
    fn a_plan_larger_than_256_mib_is_not_read() {
        let bytes = vec![0; 256 * 1024 * 1024 + 1];
        assert!(matches!(PlanFile::from_bytes(&bytes), Err(PlanFileError::TooLarge(_))));
    }

    #[test]
    fn the_latest_start_depends_on_the_risk() {
        let hours = |risk| PlanFile::latest_start(risk, UnixMillis(0)).0 / 3_600_000;
        assert_eq!(hours(Risk::Benign), 168);
        assert_eq!(hours(Risk::Disruptive), 24);
        assert_eq!(hours(Risk::Irreversible), 1);
    }
}
