//! `sortie approve`: somebody else's word for a plan.
//!
//! Owns what the approver is shown and what they are asked. Needs neither the tenant nor a database, so that it works on
//! another host than the run's. Must never show a text of the plan as it is: whoever made the file could write over
//! what stands before it.

use std::io::Write;
use std::path::Path;

use crate::app::approval::{Statement, beside};
use crate::app::operator::Operator;
use crate::app::planning::plan_source::read_plan;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::options::{ApproveOptions, GlobalOptions};
use crate::cli::settings::duration;
use crate::cli::terminal::confirm::agree;
use crate::cli::terminal::printer::{Printer, counted};
use crate::cli::text::plan::{devices_text, irreversible_text, shown};
use crate::drive::{Clock, WallClock};
use crate::model::{Risk, UnixMillis, human_duration};
use crate::plan::{PlanFile, counts};

/// How long an approval counts where nothing is said; a plan that cannot be undone lives no longer.
const VALID_MS_DEFAULT: u64 = 60 * 60_000;

pub(crate) fn approve(
    global: &GlobalOptions,
    options: &ApproveOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let now = WallClock.now();
    let valid_ms = duration("--valid", options.valid.as_deref())?.unwrap_or(VALID_MS_DEFAULT);
    if valid_ms == 0 {
        return Err(Failure::usage("--valid 0 approves nothing").next("write it like 30m"));
    }
    let plan = read_plan(&options.plan)?;
    if plan.start_until <= now {
        let what = format!("the plan could be started until {}", plan.start_until);
        return Err(Failure::new(Exit::Policy, what)
            .next("have a new one made: sortie plan JOB --out PLAN"));
    }
    let approver = Operator::current().shown();
    let statement = Statement::of(&plan, &approver, now, now.plus_ms(valid_ms));
    printer.to_stderr(&summary(&plan, &statement, now));
    if approver == plan.made_by {
        printer.warn("you made this plan yourself: your own approval of it does not count");
    }
    agree(&format!("the approval of this plan as {approver}"), options.yes, global.no_input)?;
    let text = statement.sign(&options.key)?;
    let path = options.out.clone().unwrap_or_else(|| beside(&options.plan));
    write(&path, &text)?;
    printer.data(&path.display().to_string());
    printer.say(&format!("It counts until {}, for one run of this plan.", statement.expires_at));
    Ok(Exit::Well)
}

/// What the approver puts their name to.
fn summary(plan: &PlanFile, statement: &Statement, now: UnixMillis) -> String {
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

/// Writes the approval whole or not at all. Everybody may read it: whoever runs the plan has to, and it is no secret.
/// What stands in its place is replaced, and no link is followed.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(Exit::Journal, format!("{} cannot be written: {error}", path.display()))
            .next("give another place with --out FILE")
    };
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let mut file =
        tempfile::NamedTempFile::new_in(parent.unwrap_or(Path::new("."))).map_err(failed)?;
    fill(&mut file, text).map_err(failed)?;
    file.persist(path).map(drop).map_err(|error| failed(error.error))
}

/// Writes through the handle: by its name another file could be meant by now.
fn fill(file: &mut tempfile::NamedTempFile, text: &str) -> std::io::Result<()> {
    file.as_file_mut().write_all(text.as_bytes())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    file.as_file().sync_all()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::app::approval::tests::{Rig, plan};
    use crate::cli::options::{Command, Options};
    use crate::model::DeviceId;
    use clap::Parser;
    use std::os::unix::fs::PermissionsExt;

    /// Runs `sortie approve` on this plan with bob's key.
    fn run(rig: &Rig, plan: &PlanFile, flags: &[&str]) -> Result<Exit, Failure> {
        let file = rig.path("plan.json");
        std::fs::write(&file, plan.to_bytes().expect("no secrets")).expect("written");
        let (file, key) = (file.display().to_string(), rig.path("bob").display().to_string());
        let line = ["sortie", "--quiet", "approve", &file, "--key", &key];
        let options = Options::try_parse_from(line.iter().chain(flags)).expect("a command line");
        let Command::Approve { approve } = &options.command else { panic!("another command") };
        super::approve(&options.global, approve, &Printer::new(&options.global))
    }

    fn startable(made_by: &str, for_ms: u64) -> PlanFile {
        PlanFile { start_until: WallClock.now().plus_ms(for_ms), ..plan(made_by) }
    }

    #[test]
    fn an_approval_is_written_beside_the_plan_for_everybody_to_read() {
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
    fn an_approval_is_never_written_through_a_link() {
        let dir = tempfile::tempdir().expect("a directory");
        let (victim, path) = (dir.path().join("victim"), dir.path().join("plan.approval"));
        std::fs::write(&victim, "kept").expect("written");
        std::os::unix::fs::symlink(&victim, &path).expect("made");
        super::write(&path, "approved").expect("written");
        assert!(path.symlink_metadata().expect("there").is_file());
        // Somebody swaps the temporary file for a link before it is filled.
        let mut file = tempfile::NamedTempFile::new_in(dir.path()).expect("made");
        std::fs::remove_file(file.path()).expect("ours");
        std::os::unix::fs::symlink(&victim, file.path()).expect("made");
        fill(&mut file, "approved").expect("written");
        assert_eq!(std::fs::read_to_string(&victim).expect("readable"), "kept");
    }

    #[test]
    fn nothing_is_signed_unasked_late_or_for_nothing() {
        let rig = Rig::new();
        let (plan, late) = (startable("alice", 60_000), startable("alice", 0));
        for (plan, flags, expected) in [
            (&plan, &["--no-input"][..], "--no-input forbids"),
            (&plan, &["--yes", "--valid", "0"], "approves nothing"),
            (&plan, &["--yes", "--valid", "5"], "not a duration"),
            (&late, &["--yes"], "could be started until"),
        ] {
            let failure = run(&rig, plan, flags).expect_err(expected);
            assert!(failure.what.contains(expected), "{expected}: {}", failure.what);
        }
        std::fs::write(rig.path("plan.json"), "{}\n").expect("written");
        assert!(read_plan(&rig.path("plan.json")).expect_err("no plan").what.contains("plan"));
        assert!(!rig.path("plan.json.approval").exists());
    }

    #[test]
    fn the_approver_sees_counts_users_and_phrase_and_no_letter_steers_the_terminal() {
        let mut plan = startable("alice (uid 501) on mdm1", 60_000);
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
