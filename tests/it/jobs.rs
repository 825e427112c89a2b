//! The sample jobs: what a newcomer tries first has to work as it stands.
//!
//! Owns the jobs directory as a test case. Must never know the name of a single job.

use std::path::{Path, PathBuf};

use crate::harness::{Bench, OUTCOMES, on_threads, read_csv};

/// The jobs of the directory. A CSV that a YAML names is a list of targets and no job.
fn sample_jobs() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs");
    let files: Vec<PathBuf> = std::fs::read_dir(directory)
        .expect("the jobs directory")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    let is_yaml = |path: &Path| path.extension().is_some_and(|ending| ending == "yaml");
    let yaml: String = files
        .iter()
        .filter(|path| is_yaml(path))
        .map(|path| std::fs::read_to_string(path).expect("a job"))
        .collect();
    let is_named =
        |path: &Path| yaml.contains(&*path.file_name().unwrap_or_default().to_string_lossy());
    let jobs: Vec<PathBuf> =
        files.into_iter().filter(|path| is_yaml(path) || !is_named(path)).collect();
    assert!(jobs.len() >= 3, "{jobs:?}");
    jobs
}

#[test]
fn every_sample_job_is_valid() {
    for job in sample_jobs() {
        let bench = Bench::offline();
        let ran = bench.sortie(&["check", &job.to_string_lossy()]).expect(0);
        assert!(ran.stderr.contains("nothing was sent"), "{}", ran.stderr);
    }
}

#[test]
fn every_sample_job_runs_to_a_good_end_on_a_simulated_tenant() {
    on_threads(sample_jobs(), |job| {
        let bench = Bench::offline();
        let name = job.to_string_lossy();
        let plan = bench.sortie(&["run", &name, "--simulate", "-n"]).expect(0).stdout;
        let mut run = vec!["run", &name, "--simulate", "--wait", "40s"];
        if plan.contains("\nWaves\n") {
            // Time is real here; how long a wave rests is tested elsewhere.
            run.extend(["--wave-pause", "1s"]);
        }
        let ran = bench.sortie(&[&run[..], &["--yes"]].concat());
        match ran.code {
            0 => assert!(!plan.contains("This cannot be undone"), "{name}: {plan}"),
            // What a person has to agree to is agreed to in the words that the refusal names.
            8 => {
                let words = ran.stderr.split("then confirm with:\n").nth(1);
                let words =
                    words.and_then(|rest| rest.lines().next()?.trim().strip_prefix("--confirm "));
                let words = words.unwrap_or_else(|| panic!("{name}:\n{}", ran.stderr));
                let confirm = ["--confirm", words.trim_matches('"')];
                bench.sortie(&[&run[..], &confirm].concat()).expect(0);
            }
            _ => drop(ran.expect(0)),
        }
        let rows = bench.report();
        assert!(!rows.is_empty(), "{name}");
        for row in &rows {
            assert!(OUTCOMES.contains(&row["outcome"].as_str()), "{name}: {row:?}");
        }
        let summary = std::fs::read_to_string(bench.report_dir().join("summary.json"));
        let summary: serde_json::Value =
            serde_json::from_str(&summary.expect("a summary")).expect("JSON");
        let outcomes = summary["outcomes"].as_object().expect("an object");
        assert_eq!(outcomes.len(), OUTCOMES.len(), "{name}");
        for (outcome, count) in outcomes {
            let found = rows.iter().filter(|row| row["outcome"] == *outcome).count();
            assert_eq!(count.as_u64(), Some(found as u64), "{name}: {outcome}");
        }
        assert_eq!(summary["tasks"].as_u64(), Some(rows.len() as u64), "{name}");
        for file in ["failed.csv", "unprocessed.csv"] {
            assert!(read_csv(&bench.report_dir().join(file)).is_empty(), "{name}: {file}");
        }
    });
}

#[test]
fn a_dry_run_of_a_sample_job_leaves_no_run() {
    on_threads(sample_jobs(), |job| {
        let bench = Bench::offline();
        let name = job.to_string_lossy();
        let ran = bench.sortie(&["run", &name, "--simulate", "-n"]).expect(0);
        assert!(ran.stdout.contains("Plan of"), "{}", ran.stdout);
        assert!(ran.stderr.contains("nothing was sent"), "{}", ran.stderr);
        let runs = bench.sortie(&["runs", "--format", "json"]).expect(0);
        assert_eq!(runs.stdout.trim(), "[]", "{name}");
        assert!(!bench.path("reports").exists(), "{name}");
    });
}
