//! Metrics of a job, in the text format of Prometheus.
//!
//! Owns the names of the metrics, which dashboards and alerts build on, and the safe replacement of the file. Every value is a
//! gauge: it is about the latest run or command, and starts again with the next one. Must never label a series with a device, a
//! person or a run: each value of a label is kept by the server for months. Must never hold a secret: other users can read the file.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::model::{Outcome, OutcomeCounts, UnixMillis};

/// The only ending of a name that the textfile collector reads.
const EXTENSION: &str = "prom";
/// What a path of metrics may name.
pub const METRICS_PLACEHOLDERS: [&str; 2] = ["{job}", "{tenant}"];
/// What the name of a file that is being written ends with: the collector must not read it.
const UNFINISHED: &str = ".tmp";
/// Others may read it: the collector runs as another user, and it holds no secret.
#[cfg(unix)]
const MODE: u32 = 0o644;

/// What the metrics of a job are made from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobMetrics {
    /// Name of the job.
    pub job: String,
    /// Its tenant; empty where a command ended before it was known.
    pub tenant: String,
    /// Exit code of the latest command; `None` while it goes on.
    pub exit_code: Option<u8>,
    /// When that command ended.
    pub ended_at: Option<UnixMillis>,
    /// When a run of the job last ended well; `None` where that is unknown. The beginning of time means never.
    pub succeeded_at: Option<UnixMillis>,
    /// The latest run of the job; `None` where there is none.
    pub run: Option<RunMetrics>,
}

/// What is measured of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunMetrics {
    /// When it started.
    pub started_at: UnixMillis,
    /// When it was last left; `None` while a process drives it.
    pub left_at: Option<UnixMillis>,
    /// Its duration up to now, in milliseconds.
    pub duration_ms: u64,
    /// Its tasks by outcome.
    pub counts: OutcomeCounts,
    /// Requests by kind.
    pub requests: BTreeMap<String, u64>,
    /// Requests that the tenant turned away with HTTP 429.
    pub rate_limited: u64,
    /// How often sending was paused.
    pub pauses: u64,
    /// Macs that were locked and have no known PIN.
    pub pins_missing: u64,
    /// Requests of the tenant's last hour that this host counts, and most that it sends.
    pub quota: Option<(u32, u32)>,
}

/// One metric: its name, what it means, and its values with their labels besides job and tenant.
struct Metric {
    name: &'static str,
    help: &'static str,
    values: Vec<(Option<(&'static str, String)>, String)>,
}

/// The metrics of a job as the text of a file.
#[must_use]
pub fn metrics_text(metrics: &JobMetrics) -> String {
    let mut all = command_metrics(metrics);
    if let Some(run) = &metrics.run {
        all.extend(run_metrics(run));
    }
    let mut labels = vec![("job", metrics.job.as_str())];
    if !metrics.tenant.is_empty() {
        labels.push(("tenant", metrics.tenant.as_str()));
    }
    let mut text = String::new();
    for Metric { name, help, values } in all {
        if values.is_empty() {
            continue;
        }
        text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} gauge\n"));
        for (more, value) in values {
            let more = more.as_ref().map(|(label, value)| (*label, value.as_str()));
            let labels = labels.iter().copied().chain(more);
            let labels = labels.map(|(label, value)| format!("{label}=\"{}\"", escaped(value)));
            let labels: Vec<String> = labels.collect();
            text.push_str(&format!("{name}{{{}}} {value}\n", labels.join(",")));
        }
    }
    text
}

fn command_metrics(metrics: &JobMetrics) -> Vec<Metric> {
    vec![
        one(
            "sortie_last_exit_code",
            "Exit code of the latest command of this job, refused ones included; 0 is a good end.",
            metrics.exit_code.map(|code| code.to_string()),
        ),
        one(
            "sortie_last_end_timestamp_seconds",
            "When the latest command of this job ended, in seconds since 1970.",
            metrics.ended_at.map(seconds),
        ),
        one(
            "sortie_last_success_timestamp_seconds",
            "When a run of this job last ended with exit code 0, in seconds since 1970; 0 if none has.",
            metrics.succeeded_at.map(seconds),
        ),
    ]
}

fn run_metrics(run: &RunMetrics) -> Vec<Metric> {
    let outcomes = Outcome::ALL.map(|outcome| {
        let count = run.counts.of(outcome).to_string();
        (Some(("outcome", outcome.word().to_owned())), count)
    });
    let kinds = run.requests.iter();
    let kinds = kinds.map(|(kind, count)| (Some(("kind", kind.clone())), count.to_string()));
    vec![
        one(
            "sortie_run_active",
            "Whether a process drives the latest run of this job.",
            Some(u8::from(run.left_at.is_none()).to_string()),
        ),
        one(
            "sortie_run_start_timestamp_seconds",
            "When the latest run of this job started, in seconds since 1970.",
            Some(seconds(run.started_at)),
        ),
        one(
            "sortie_run_end_timestamp_seconds",
            "When the latest run of this job was last left, in seconds since 1970.",
            run.left_at.map(seconds),
        ),
        one(
            "sortie_run_duration_seconds",
            "How long the latest run of this job has taken.",
            Some(decimal(i64::try_from(run.duration_ms).unwrap_or(i64::MAX))),
        ),
        Metric {
            name: "sortie_run_tasks",
            help: "Tasks of the latest run of this job by outcome.",
            values: outcomes.into(),
        },
        Metric {
            name: "sortie_run_requests",
            help: "Requests of the latest run of this job by kind.",
            values: kinds.collect(),
        },
        one(
            "sortie_run_rate_limited_requests",
            "Requests of the latest run that change something and were answered with HTTP 429.",
            Some(run.rate_limited.to_string()),
        ),
        one(
            "sortie_run_pauses",
            "How often the latest run paused for the tenant or for the hourly quota.",
            Some(run.pauses.to_string()),
        ),
        one(
            "sortie_run_pins_missing",
            "Macs that the latest run locked and whose PIN is not known.",
            Some(run.pins_missing.to_string()),
        ),
        one(
            "sortie_quota_used_requests",
            "Requests to the tenant in the last 60 minutes, all processes of this host.",
            run.quota.map(|(used, _)| used.to_string()),
        ),
        one(
            "sortie_quota_limit_requests",
            "Most requests to the tenant in any 60 minutes that the latest run keeps to.",
            run.quota.map(|(_, limit)| limit.to_string()),
        ),
    ]
}

fn one(name: &'static str, help: &'static str, value: Option<String>) -> Metric {
    Metric { name, help, values: value.into_iter().map(|value| (None, value)).collect() }
}

/// A moment in seconds, with its milliseconds.
fn seconds(at: UnixMillis) -> String {
    decimal(at.0)
}

/// Milliseconds as seconds.
fn decimal(ms: i64) -> String {
    let ms = ms.max(0);
    match ms % 1_000 {
        0 => (ms / 1_000).to_string(),
        rest => format!("{}.{rest:03}", ms / 1_000),
    }
}

/// A value of a label. The format escapes three characters and takes every other one, in UTF-8.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Whether the collector reads a file of this name.
#[must_use]
pub fn is_metrics_file_name(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == EXTENSION)
}

/// The path with `{job}` and `{tenant}` replaced, so that each job has a file of its own.
#[must_use]
pub fn metrics_path(path: &Path, job: &str, tenant: &str) -> PathBuf {
    let Some(text) = path.to_str() else { return path.to_owned() };
    let part = |name: &str| {
        let is_plain = |letter: char| letter.is_alphanumeric() || "-_".contains(letter);
        name.chars().map(|letter| if is_plain(letter) { letter } else { '-' }).collect::<String>()
    };
    PathBuf::from(text.replace("{job}", &part(job)).replace("{tenant}", &part(tenant)))
}

/// The first part in braces of the path that names neither the job nor the tenant.
#[must_use]
pub fn unknown_placeholder(path: &Path) -> Option<&str> {
    let mut rest = path.to_str()?;
    while let Some((_, after)) = rest.split_once('{') {
        let from = rest.len() - after.len() - 1;
        let end = after.find('}')?;
        let found = &rest[from..=from + 1 + end];
        if !METRICS_PLACEHOLDERS.contains(&found) {
            return Some(found);
        }
        rest = &after[end + 1..];
    }
    None
}

/// Replaces the file at `path`: a reader sees the old one or the new one, whole.
///
/// # Errors
/// The file or its directory cannot be written; an earlier version is unchanged then.
pub fn write_metrics(path: &Path, metrics: &JobMetrics) -> io::Result<()> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".sortie-metrics-").suffix(UNFINISHED);
    // Errors of this file and of its handle name no path: people know the file by its own name.
    let mut file = builder.make_in(dir, |path| {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, MODE);
        options.open(path)
    })?;
    #[cfg(unix)]
    {
        // The umask of a service may have taken the right to read it.
        let mode = std::os::unix::fs::PermissionsExt::from_mode(MODE);
        file.as_file().set_permissions(mode)?;
    }
    file.as_file_mut().write_all(metrics_text(metrics).as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_durations_are_seconds() {
        for (ms, text) in [(0, "0"), (1_500, "1.500"), (1_796_000_000_007, "1796000000.007")] {
            assert_eq!(decimal(ms), text);
        }
        assert_eq!(decimal(-5), "0", "a clock that was set back gives no negative duration");
    }

    #[test]
    fn each_job_has_a_file_of_its_own() {
        let path = Path::new("/var/lib/metrics/sortie-{job}-{tenant}.prom");
        let filled = metrics_path(path, "lab/../x", "acme.api");
        assert_eq!(filled, Path::new("/var/lib/metrics/sortie-lab----x-acme-api.prom"));
        assert!(is_metrics_file_name(&filled));
        for name in ["sortie.txt", "sortie", "prom", ".prom", "sortie.prom.tmp", "sortie.PROM"] {
            assert!(!is_metrics_file_name(Path::new(name)), "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_readable_whole_and_replaced() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("lab.prom");
        std::fs::write(&path, "old").expect("written");
        let mut metrics = JobMetrics { job: "lab".to_owned(), ..JobMetrics::default() };
        for code in [0, 11] {
            metrics.exit_code = Some(code);
            write_metrics(&path, &metrics).expect("written");
            let text = std::fs::read_to_string(&path).expect("readable");
            assert_eq!(text, metrics_text(&metrics));
            assert!(text.ends_with(&format!("sortie_last_exit_code{{job=\"lab\"}} {code}\n")));
        }
        assert_eq!(path.metadata().expect("it is there").permissions().mode() & 0o777, 0o644);
        assert_eq!(std::fs::read_dir(dir.path()).expect("readable").count(), 1, "no leftovers");
        let error =
            write_metrics(&dir.path().join("no/lab.prom"), &metrics).expect_err("no directory");
        assert!(!error.to_string().contains("tmp"), "{error}");
        assert_eq!(unknown_placeholder(Path::new("a/{job}-{tenant}.prom")), None);
        assert_eq!(unknown_placeholder(Path::new("{job}{foo}.prom")), Some("{foo}"));
    }
}
