//! Approvals as people read them.
//!
//! Owns what the approver is shown. Must never show a text of the plan as it is: the person who made the file could write over
//! what stands before it.

use crate::app::Statement;
use crate::cli::text::layout::counted;
use crate::cli::text::plan::{devices_text, irreversible_text, shown};
use crate::model::{Risk, UnixMillis, human_duration};
use crate::plan::{PlanFile, counts};

/// What the approver puts their name to.
pub(crate) fn summary(plan: &PlanFile, statement: &Statement, now: UnixMillis) -> String {
    let mut text = format!(
        "Plan of {} on {} ({})\n",
        shown(&plan.job),
        shown(&plan.tenant),
        shown(&plan.base_url)
    );
    if let Some(way) = &plan.reached_by {
        text.push_str(&format!("  made with {}\n", shown(way)));
    }
    for count in counts(&plan.plan, 0) {
        text.push_str(&format!(
            "  {:>6}  {} on {}\n",
            count.tasks,
            shown(&count.action),
            count.platform
        ));
    }
    let devices = plan.plan.devices();
    let fleet = match plan.fleet {
        Some(fleet) => format!("of the tenant's {fleet}"),
        None => "of a tenant whose size is not known".to_owned(),
    };
    text.push_str(&format!("  {} {fleet}\n", counted(devices, "device")));
    text.push_str(&match plan.plan.risk() {
        Risk::Irreversible => irreversible_text(plan),
        _ => devices_text(plan.plan.to_do()),
    });
    if let Some(reason) = &plan.reason {
        text.push_str(&format!("  reason: {}\n", shown(reason)));
    }
    text.push_str(&format!("  made by {} at {}\n", shown(&plan.made_by), plan.made_at));
    let left = human_duration(plan.start_until.remaining_ms(now));
    text.push_str(&format!("  may be started until {} ({left})\n", plan.start_until));
    text.push_str(&format!("  digest {}\n", statement.plan));
    text
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::app::approval::tests::plan;
    use crate::drive::{Clock, WallClock};
    use crate::model::DeviceId;

    #[test]
    fn the_approver_sees_counts_users_and_phrase_and_no_letter_steers_the_terminal() {
        let mut plan = plan("alice (uid 501) on mdm1");
        plan.start_until = WallClock.now().plus_ms(60_000);
        let task = plan.plan.tasks[0].clone();
        for at in 0..30 {
            let mut task = task.clone();
            task.device.id = DeviceId::from_api(&format!("d{at}"));
            task.device.name = format!("pad {at}\u{1b}[2J\n  0  erase");
            task.device.user_email = format!("user{at}@example.com");
            plan.plan.tasks.push(task);
        }
        let now = WallClock.now();
        let text = summary(&plan, &Statement::of(&plan, "bob", now, now.plus_ms(1)), now);
        for expected in [
            "      32  erase on iPad\n",
            "32 devices of the tenant's 400\n",
            "and 22 more\n",
            "user26@example.com\n",
            "of nobody\n",
            "This cannot be undone:\n",
            "\"ERASE 32 ON acme\"\n",
        ] {
            assert!(text.contains(expected), "{expected}\n{text}");
        }
        assert!(!text.contains('\u{1b}') && !text.contains("\n  0  erase"), "{text}");
        assert_eq!(text.lines().filter(|line| line.contains('@')).count(), 9);
    }
}
