//! The end of a group of runs in words and as JSON.
//!
//! Owns the exit code of a group, its table of tenants, and which command goes on from there. Must never call a group ended well that
//! left out a tenant.

use serde_json::{Value, json};
use std::collections::BTreeMap;

use crate::app::{GroupEnded, RunVerdict, Sent, TenantEnd, TenantEnded};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::text::group_table::{add_tenant, group_table};
use crate::cli::text::layout::{counted, one_line, thousands};
use crate::cli::text::refusals::words;
use crate::cli::text::run_next::{Resumable, step, steps};
use crate::cli::text::screen::{Screen, Tone};
use crate::cli::text::table::TableColumn;
use crate::model::{Outcome, OutcomeCounts};

/// Tenants whose next steps are named one by one; the report has the others.
const STEPS_MAX: usize = 3;

/// Exit codes of tenants, the gravest first. A group ends with the first that a tenant has.
const BY_GRAVITY: [Exit; 14] = [
    Exit::Doubt,
    Exit::Aborted,
    Exit::Journal,
    Exit::Authentication,
    Exit::Permission,
    Exit::Unexpected,
    Exit::Quota,
    Exit::Stopped,
    Exit::Busy,
    Exit::Policy,
    Exit::Target,
    Exit::Usage,
    Exit::Partly,
    Exit::Pending,
];

/// The exit code of a group: the gravest of its tenants, those included that were left out. Where another tenant was sent something,
/// a code that promises that nothing was sent becomes that of tasks that failed.
pub(crate) fn exit_of_group(ended: &GroupEnded) -> Exit {
    let is_sent = ended.sent() != Sent::Nothing;
    let given_way = |exit: Exit| match exit.promises_nothing_sent() && is_sent {
        true => Exit::Partly,
        false => exit,
    };
    let mut exits: Vec<Exit> =
        ended.tenants.iter().map(|tenant| given_way(exit_of(tenant))).collect();
    exits.extend(ended.not_reported.as_ref().map(|_| Exit::Journal));
    BY_GRAVITY.into_iter().find(|exit| exits.contains(exit)).unwrap_or(Exit::Well)
}

/// The exit code that the tenant alone would have.
fn exit_of(tenant: &TenantEnded) -> Exit {
    match &tenant.end {
        TenantEnd::Ended(ended) => Exit::of_run(ended.verdict),
        TenantEnd::BrokenOff(refusal) => Exit::of(refusal.class()),
        TenantEnd::LeftOut(reason) => Exit::of(reason.class()),
        TenantEnd::NeverBegan(_) => Exit::Partly,
        TenantEnd::EndedBefore(counts) => exit_of_counts(counts),
    }
}

/// The exit code of a run that had ended before.
fn exit_of_counts(counts: &OutcomeCounts) -> Exit {
    let has = |outcome| counts.of(outcome) > 0;
    match () {
        () if has(Outcome::InDoubt) => Exit::Doubt,
        () if has(Outcome::Failed) || has(Outcome::Refused) || has(Outcome::NotAttempted) => {
            Exit::Partly
        }
        () => Exit::Well,
    }
}

/// How each tenant ended, one line each.
pub(crate) fn group_summary(ended: &GroupEnded, screen: &Screen) -> String {
    let title = format!(
        "group {}: {} on {}",
        ended.group,
        one_line(&ended.job),
        counted(ended.tenants.len(), "tenant")
    );
    let mut table = group_table(TableColumn::text("RESULT").at_least(16));
    for tenant in &ended.tenants {
        let exit = exit_of(tenant);
        let tone = if exit == Exit::Well { Tone::Good } else { Tone::Bad };
        let (result, counts) = (result(tenant), tenant.end.counts());
        let run = tenant.run.as_deref().unwrap_or_default();
        add_tenant(&mut table, &tenant.tenant, (tone, &result), counts, run);
    }
    format!("{title}\n{}", table.render(screen))
}

/// How a tenant ended, in a few words.
fn result(tenant: &TenantEnded) -> String {
    match &tenant.end {
        TenantEnd::Ended(ended) => verdict(ended.verdict).to_owned(),
        TenantEnd::BrokenOff(refusal) => format!("broken off: {}", words(&refusal.reason).what),
        TenantEnd::LeftOut(reason) => format!("left out: {}", words(reason).what),
        TenantEnd::NeverBegan(why) if why.is_empty() => "not started".to_owned(),
        TenantEnd::NeverBegan(why) => format!("not started: {why}"),
        TenantEnd::EndedBefore(_) => "ended before".to_owned(),
    }
}

fn verdict(verdict: RunVerdict) -> &'static str {
    match verdict {
        RunVerdict::Well => "ended well",
        RunVerdict::Unexpected => "stopped: tenant not usable",
        RunVerdict::Authentication => "stopped: token not accepted",
        RunVerdict::Permission => "stopped: permission missing",
        RunVerdict::Quota => "stopped by a time or rate limit",
        RunVerdict::Partly => "not every task ended well",
        RunVerdict::Stopped => "stopped",
        RunVerdict::Pending => "commands are pending",
        RunVerdict::Doubt => "tasks are in doubt",
        RunVerdict::Aborted => "interrupted",
    }
}

/// Why a group did not end well, and what to do next.
pub(crate) fn group_failure(ended: &GroupEnded) -> Failure {
    let bad = ended.tenants.iter().filter(|tenant| exit_of(tenant) != Exit::Well).count();
    let what = match &ended.not_reported {
        Some(reason) => format!("the reports of the group are not written: {}", words(reason).what),
        None => {
            let all = counted(ended.tenants.len(), "tenant");
            format!("{} of {all} did not end well", thousands(bad))
        }
    };
    let mut next = group_steps(ended);
    if ended.not_reported.is_some() {
        next.insert(0, step("write the reports again", &format!("sortie report {}", ended.group)));
    } else {
        let report = ended.report_dir.join("report.csv");
        next.push(format!("every task with its tenant and reason:\n  {}", report.display()));
    }
    Failure::new(exit_of_group(ended), what)
        .state("everything is recorded in the journals of the runs")
        .next(next.join("\n"))
}

/// What to do after a group: one resume for all, then the steps of single tenants.
pub(crate) fn group_steps(ended: &GroupEnded) -> Vec<String> {
    let is_left = |tenant: &TenantEnded| match &tenant.end {
        TenantEnd::Ended(run) => {
            run.counts.of(Outcome::NotAttempted) > 0 || run.verdict == RunVerdict::Aborted
        }
        TenantEnd::BrokenOff(_) => true,
        TenantEnd::LeftOut(_) => tenant.run.is_some(),
        TenantEnd::NeverBegan(_) | TenantEnd::EndedBefore(_) => false,
    };
    let mut next = Vec::new();
    let left = ended.tenants.iter().filter(|tenant| is_left(tenant)).count();
    if left > 0 {
        let what = format!("resume the runs of {}", counted(left, "tenant"));
        next.push(step(&what, &format!("sortie resume {}", ended.group)));
    }
    let resume = "sortie resume ";
    let others = ended.tenants.iter().filter_map(|tenant| {
        let TenantEnd::Ended(run) = &tenant.end else { return None };
        let steps = steps(&run.overview, Resumable::Yes);
        let steps: Vec<String> = steps
            .into_iter()
            .filter(|step| !step.contains(resume))
            .map(|step| format!("{}: {step}", tenant.tenant))
            .collect();
        (!steps.is_empty()).then_some(steps)
    });
    next.extend(others.take(STEPS_MAX).flatten());
    let missing: Vec<&str> = ended
        .tenants
        .iter()
        .filter(|tenant| tenant.run.is_none())
        .map(|tenant| tenant.tenant.as_str())
        .collect();
    if !missing.is_empty() && missing.len() < ended.tenants.len() {
        let what = format!("correct the cause, then start {}", counted(missing.len(), "tenant"));
        next.push(step(&what, &format!("sortie run JOB --tenants {}", missing.join(","))));
    }
    next
}

/// How a group ended: the object that `run` and `resume` end with where a job is for several tenants.
pub(crate) fn group_ended(ended: &GroupEnded) -> Value {
    let exit = exit_of_group(ended);
    let tenants: Vec<Value> = ended
        .tenants
        .iter()
        .map(|tenant| {
            let exit = exit_of(tenant);
            json!({
                "tenant": tenant.tenant, "run_id": tenant.run, "result": exit.word(),
                "exit_code": exit as u8, "outcomes": tenant.end.counts().map(outcomes),
                "why": (exit != Exit::Well).then(|| result(tenant)),
            })
        })
        .collect();
    json!({
        "group_id": ended.group, "result": exit.word(), "exit_code": exit as u8,
        "sent": ended.sent(), "outcomes": outcomes(&ended.counts()), "tenants": tenants,
        "report_dir": ended.not_reported.is_none().then_some(&ended.report_dir),
    })
}

fn outcomes(counts: &OutcomeCounts) -> BTreeMap<&'static str, u32> {
    counts.iter().map(|(outcome, tasks)| (outcome.word(), tasks)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{Reason, RunEnded, WorkspaceReason};
    use crate::report::RunOverview;

    fn ended_as(verdict: RunVerdict, sent: u32) -> TenantEnded {
        let run = RunEnded {
            run: "R".to_owned(),
            verdict,
            sent: Sent::of_tasks(sent),
            counts: OutcomeCounts::default(),
            stop: None,
            paused_until: None,
            skips_asked: 0,
            report_dir: "reports".into(),
            overview: Box::new(RunOverview::default()),
        };
        let end = TenantEnd::Ended(Box::new(run));
        TenantEnded { tenant: "acme".to_owned(), run: Some("R".to_owned()), end }
    }

    fn left_out() -> TenantEnded {
        let end = TenantEnd::LeftOut(Reason::from(WorkspaceReason::NoRuns));
        TenantEnded { tenant: "globex".to_owned(), run: None, end }
    }

    fn group(tenants: Vec<TenantEnded>) -> GroupEnded {
        GroupEnded {
            group: "G".to_owned(),
            job: "job".to_owned(),
            report_dir: "reports".into(),
            tenants,
            not_reported: None,
        }
    }

    #[test]
    fn a_group_ends_with_the_gravest_code_of_its_tenants() {
        use RunVerdict::{Authentication, Doubt, Partly, Pending, Stopped, Well};
        for (verdicts, expected) in [
            (vec![Well, Well], Exit::Well),
            (vec![Well, Pending], Exit::Pending),
            (vec![Pending, Partly], Exit::Partly),
            (vec![Partly, Stopped, Pending], Exit::Stopped),
            (vec![Stopped, Authentication], Exit::Authentication),
            (vec![Authentication, Doubt, Well], Exit::Doubt),
        ] {
            let tenants = verdicts.iter().map(|verdict| ended_as(*verdict, 1)).collect();
            assert_eq!(exit_of_group(&group(tenants)), expected, "{verdicts:?}");
        }
    }

    #[test]
    fn a_tenant_left_out_is_never_a_good_end() {
        let alone = group(vec![left_out()]);
        assert_ne!(exit_of_group(&alone), Exit::Well);
        let beside = group(vec![ended_as(RunVerdict::Well, 1), left_out()]);
        let exit = exit_of_group(&beside);
        assert_eq!(exit, Exit::Partly, "no code that promises that nothing was sent");
        let next = group_failure(&beside).next;
        assert!(next.contains("sortie run JOB --tenants globex"), "{next}");
    }
}
