//! `sortie approve`: another person's approval of a plan.
//!
//! Owns what the approver is asked. Must never sign before the approver saw the plan.

use crate::app::planning::plan_files::read_plan;
use crate::app::{ApprovalDraft, SIGNING_VARIABLES, SigningKey, approval_beside, write_approval};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::options::{ApproveOptions, GlobalOptions, ListingFormat};
use crate::cli::settings::duration;
use crate::cli::terminal::confirm::agree;
use crate::cli::terminal::printer::Printer;
use crate::cli::text::approval::summary;
use crate::cli::text::plan::{PlanExtent, WorkWords};

/// How long an approval counts by default. A plan that cannot be undone may start no later than that.
const VALID_MS_DEFAULT: u64 = 60 * 60_000;

pub(crate) fn approve(
    global: &GlobalOptions,
    options: &ApproveOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let valid_ms = duration("--valid", options.valid.as_deref())?.unwrap_or(VALID_MS_DEFAULT);
    if valid_ms == 0 {
        return Err(Failure::usage("--valid 0 approves nothing").next("write it like 30m"));
    }
    let draft = ApprovalDraft::of(read_plan(&options.plan)?, valid_ms)?;
    let extent = PlanExtent::of_flag(options.full);
    let screen = printer.error_screen();
    let text = summary(&draft.plan, &draft.statement, extent, draft.made_at(), &screen);
    printer.styled(&format!("{text}\n"));
    if draft.is_own_plan() {
        printer.warn("you made this plan yourself, so your own approval of it does not count");
    }
    let work = WorkWords::of(&draft.plan).plain;
    let approver = &draft.statement.approved_by;
    agree(&format!("approving as {approver}: {work}"), options.yes, global.no_input)?;
    let text = draft.sign(&signing_key(options))?;
    let path = options.out.clone().unwrap_or_else(|| approval_beside(&options.plan));
    write_approval(&path, &text)?;
    let expires_at = draft.statement.expires_at;
    let shown = path.display().to_string();
    match printer.format {
        ListingFormat::Json => {
            let json = serde_json::json!({
                "approval": shown,
                "plan": draft.statement.plan,
                "approved_by": approver,
                "expires_at": expires_at.to_string(),
            });
            printer.data(&json.to_string());
        }
        ListingFormat::Text | ListingFormat::Csv => printer.data(&shown),
    }
    printer.say(&format!("approved until {}, for one run of this plan", screen.time(expires_at)));
    Ok(Exit::Well)
}

fn signing_key(options: &ApproveOptions) -> SigningKey {
    let set = |name| Some((name, std::env::var_os(name)?));
    let environment = SIGNING_VARIABLES.into_iter().filter_map(set).collect();
    SigningKey { path: options.key.clone(), environment }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::app::approval::tests::{Rig, plan};
    use crate::cli::options::{CliCommand, Options};
    use crate::drive::{Clock, WallClock};
    use crate::plan::PlanFile;
    use clap::Parser;
    use std::os::unix::fs::PermissionsExt;

    /// Runs `sortie approve` on this plan with bob's key.
    fn run(rig: &Rig, plan: &PlanFile, flags: &[&str]) -> Result<Exit, Failure> {
        let file = rig.path("plan.json");
        std::fs::write(&file, plan.to_bytes().expect("no secrets")).expect("written");
        let (file, key) = (file.display().to_string(), rig.path("bob").display().to_string());
        let line = ["sortie", "--quiet", "approve", &file, "--key", &key];
        let options = Options::try_parse_from(line.iter().chain(flags)).expect("a command line");
        let CliCommand::Approve { approve } = &options.command else { panic!("another command") };
        super::approve(&options.global, approve, &Printer::new(&options.global))
    }

    fn startable(made_by: &str, for_ms: u64) -> PlanFile {
        PlanFile { start_until: WallClock.now().plus_ms(for_ms), ..plan(made_by) }
    }

    #[test]
    fn an_approval_is_written_beside_the_plan_readable_for_all() {
        let rig = Rig::new();
        let plan = startable("alice (uid 501) on mdm1", 60_000);
        assert_eq!(run(&rig, &plan, &["--yes"]).expect("approved"), Exit::Well);
        let path = rig.path("plan.json.approval");
        let mode = std::fs::metadata(&path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o644);
        let bytes = std::fs::read(&path).expect("readable");
        let approved = rig.verify_at(&bytes, &plan, "alice", WallClock.now()).expect("it counts");
        // The default is longer than the plan lives.
        assert_eq!(approved.expires_at, plan.start_until);
        run(&rig, &plan, &["--yes", "--valid", "1s"]).expect("replaced");
        let bytes = std::fs::read(&path).expect("readable");
        let approved = rig.verify_at(&bytes, &plan, "alice", WallClock.now()).expect("it counts");
        assert!(approved.expires_at < plan.start_until);
    }

    #[test]
    fn nothing_is_signed_unasked_late_or_for_nothing() {
        let rig = Rig::new();
        let (plan, late) = (startable("alice", 60_000), startable("alice", 0));
        for (plan, flags, expected) in [
            (&plan, &["--no-input"][..], "--no-input forbids"),
            (&plan, &["--yes", "--valid", "0"], "approves nothing"),
            (&plan, &["--yes", "--valid", "5"], "not a duration"),
            (&late, &["--yes"], "expired at"),
        ] {
            let failure = run(&rig, plan, flags).expect_err(expected);
            assert!(failure.what.contains(expected), "{expected}: {}", failure.what);
        }
        std::fs::write(rig.path("plan.json"), "{}\n").expect("written");
        let reason = read_plan(&rig.path("plan.json")).expect_err("no plan");
        assert!(format!("{reason:?}").contains("plan"), "{reason:?}");
        assert!(!rig.path("plan.json.approval").exists());
    }
}
