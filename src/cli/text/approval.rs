//! Approvals as people read them.
//!
//! Owns what the approver is shown: the plan as its file says it, who made it, and what the signature means. Must never show a
//! text of the plan as it is: the person who made the file could write over what stands before it.

use crate::app::Statement;
use crate::cli::text::plan::{Around, PlanExtent, PlanView, approval_parts, facts, shown};
use crate::cli::text::screen::Screen;
use crate::model::{UnixMillis, human_duration};
use crate::plan::PlanFile;

/// What the approver puts their name to.
pub(crate) fn summary(
    plan: &PlanFile,
    statement: &Statement,
    extent: PlanExtent,
    now: UnixMillis,
    screen: &Screen,
) -> String {
    let around = Around::default();
    let view = PlanView::new(plan, &around, extent, now);
    let left = human_duration(plan.start_until.remaining_ms(now));
    let reached_by = plan.reached_by.as_deref().map(|way| format!(" ({})", shown(way)));
    let mut rows = vec![
        ("API", format!("{}{}", shown(&plan.base_url), reached_by.unwrap_or_default())),
        ("Made by", format!("{} at {}", shown(&plan.made_by), screen.time(plan.made_at))),
    ];
    if let Some(reason) = &plan.reason {
        rows.push(("Reason", shown(reason)));
    }
    rows.push(("Start", format!("no later than {} (in {left})", screen.time(plan.start_until))));
    rows.push(("SHA-256", statement.plan.clone()));
    approval_parts(&view, &facts(&rows, screen), screen)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::app::approval::tests::plan;
    use crate::drive::{Clock, WallClock};
    use crate::model::DeviceId;

    #[test]
    fn the_approver_sees_the_whole_plan_without_control_characters() {
        let mut plan = plan("alice (uid 501) on mdm1");
        plan.start_until = WallClock.now().plus_ms(60_000);
        let task = plan.plan.tasks[0].clone();
        for at in 0..30 {
            let mut task = task.clone();
            task.device_mut().id = DeviceId::from_api(&format!("d{at}"));
            task.device_mut().name = format!("pad {at}\u{1b}[2J\n  0  erase").into();
            task.device_mut().user_email = format!("user{at}@example.com").into();
            plan.plan.tasks.push(task);
        }
        plan.plan.notes.push("a note\n\u{1b}[2Jof the plan".to_owned());
        let now = WallClock.now();
        let statement = Statement::of(&plan, "bob", now, now.plus_ms(1));
        let text = |extent| summary(&plan, &statement, extent, now, &Screen::plain());
        let short = text(PlanExtent::Short);
        for expected in [
            "erase        32  iPad       irreversible\n",
            "32 of 400 devices on acme",
            "Devices (10 of 32; --full shows all)\n",
            "user26@example.com",
            "This cannot be undone\n",
            "\"ERASE 32 ON acme\"",
            "PreserveDataPlan  true (default, not in the job)\n",
            "a note",
        ] {
            assert!(short.contains(expected), "{expected}\n{short}");
        }
        assert!(!short.contains('\u{1b}') && !short.contains("\n  0  erase"), "{short}");
        assert_eq!(short.lines().filter(|line| line.contains('@')).count(), 9);
        let full = text(PlanExtent::Full);
        assert_eq!(full.lines().filter(|line| line.contains('@')).count(), 30);
    }
}
