//! A report of one's own, made from the journal of a run.
//!
//! `cargo run --example custom_report -- STATE_DIR [RUN]` writes `by-user.md` beside the run's other reports:
//! for each user the devices and how they ended.

#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;

use sortie::journal::{Index, RunReader, StateDir};
use sortie::report::{Report, Rows, RunFacts, write_report};

/// Devices by user, as a Markdown list.
struct ByUser;

impl Report for ByUser {
    fn file_name(&self) -> &str {
        "by-user.md"
    }

    fn write(&self, facts: &RunFacts, rows: &Rows<'_>, sink: &mut dyn Write) -> io::Result<()> {
        let mut by_user: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in rows.iter() {
            let line =
                format!("{} {}: {}", row.device().serial_number, row.action(), row.outcome());
            by_user.entry(row.device().user_email.to_string()).or_default().push(line);
        }
        writeln!(sink, "# {} ({})", facts.job, facts.run_id)?;
        for (user, lines) in by_user {
            writeln!(sink, "\n## {}\n", if user.is_empty() { "nobody" } else { &user })?;
            lines.iter().try_for_each(|line| writeln!(sink, "- {line}"))?;
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let state_dir = match arguments.next() {
        Some(path) => PathBuf::from(path),
        None => return Err("usage: custom_report STATE_DIR [RUN]".into()),
    };
    let state_dir = StateDir::open(&state_dir)?;
    let run =
        Index::open(&state_dir)?.find_run(&arguments.next().unwrap_or("latest".to_owned()))?;
    let reader = RunReader::open(&state_dir, &run.id)?;
    let header = reader.header()?.ok_or("the run was never begun")?;
    let (tasks, records) = (reader.tasks()?, reader.records()?);
    let facts = RunFacts {
        run_id: run.id,
        job: header.job,
        tenant: header.tenant,
        started_at: header.started_at,
        finished_at: run.ended_at,
        requests: reader.requests()?,
        per_hour: header.policy.per_hour,
        reason: header.reason,
        ..RunFacts::default()
    };
    let path = write_report(&header.report_dir, &ByUser, &facts, &Rows::new(&tasks, &records))?;
    println!("{}", path.display());
    Ok(())
}
