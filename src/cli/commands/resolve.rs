//! `sortie resolve`: a person decides about tasks in doubt.
//!
//! Owns the questions, one by one or in bulk. Must never decide anything that was not asked for.

use crate::app::{
    Consent, Doubt, DoubtDecision, DoubtsFound, DoubtsResolved, HeldDoubts, Reason, ResolveRequest,
};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::open_workspace;
use crate::cli::options::{GlobalOptions, ListingFormat, ResolveOptions};
use crate::cli::terminal::confirm::{InAdvance, Subject, obtain};
use crate::cli::terminal::printer::Printer;
use crate::cli::terminal::question::ask;
use crate::cli::text::answers::resolved;
use crate::cli::text::doubts::{json, text};
use crate::cli::text::layout::counted;
use crate::cli::text::refusals::words;
use crate::cli::text::run_next::step;
use crate::model::Decision;

pub(crate) fn resolve(
    global: &GlobalOptions,
    name: &str,
    options: &ResolveOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let workspace = open_workspace(global, printer)?;
    let request = ResolveRequest { run: name.to_owned(), devices: options.device.clone() };
    let held = match workspace.doubts(&request)? {
        DoubtsFound::Nothing { run, other } => {
            match options.decision() {
                None => printer.answer(&serde_json::json!([])),
                Some(_) => printer.answer(&resolved(&DoubtsResolved {
                    run: run.clone(),
                    tasks: 0,
                    is_pin_missing: false,
                    is_sent_again: false,
                })),
            }
            printer.say(&format!("run {run} has no tasks in doubt"));
            if let Some(other) = other {
                let what = format!("run {other} has; see them");
                printer.say(&step(&what, &format!("sortie resolve {other}")));
            }
            return Ok(Exit::Well);
        }
        DoubtsFound::Held(held) => *held,
    };
    let asking = Asker { options, global, printer, held: &held };
    let Some((decisions, consent)) = asking.decide()? else { return Ok(Exit::Well) };
    let done = workspace.resolve(held, &decisions, &consent)?;
    printer.answer(&resolved(&done));
    say_resolved(&done, printer);
    Ok(Exit::Well)
}

fn say_resolved(done: &DoubtsResolved, printer: &Printer) {
    let run = &done.run;
    let tasks = counted(done.tasks, "task");
    printer.say(&format!("{tasks} of run {run} resolved; journal and reports are updated"));
    if done.is_pin_missing {
        let command = format!("sortie pins {run} --recover");
        printer.say(&step("read the missing PINs from the tenant", &command));
    }
    if done.is_sent_again {
        printer.say(&step("nothing was sent yet; to send", &format!("sortie resume {run}")));
    }
}

impl ResolveOptions {
    fn decision(&self) -> Option<Decision> {
        Some(match self.decision.as_deref()? {
            "done" => Decision::Done,
            "not-done" => Decision::NotDone,
            _ => Decision::SendAgain,
        })
    }
}

/// What decisions are taken with.
struct Asker<'a> {
    options: &'a ResolveOptions,
    global: &'a GlobalOptions,
    printer: &'a Printer,
    held: &'a HeldDoubts,
}

impl Asker<'_> {
    /// The decisions: those of the flag for all that are named, or one by one on the terminal. `None` where nothing is
    /// decided.
    fn decide(&self) -> Result<Option<(Vec<DoubtDecision>, Consent)>, Failure> {
        let Self { options, printer, held, .. } = *self;
        if let Some(decision) = options.decision() {
            return self.decide_alike(decision).map(Some);
        }
        if printer.format == ListingFormat::Json {
            let rows: serde_json::Value = held.doubts().iter().map(json).collect();
            printer.data(&rows.to_string());
            return Ok(None);
        }
        let decisions = self.ask_one_by_one();
        if decisions.is_empty() {
            let run = held.run();
            printer.say(&step(
                "nothing was changed; to decide, name the device (or --all) and what happened",
                &format!("sortie resolve {run} --device SERIAL --as done|not-done|again"),
            ));
            return Ok(None);
        }
        let consent = match decisions.iter().any(|it| it.decision == Decision::SendAgain) {
            true => self.consent_to(&decisions, Decision::SendAgain)?,
            // Each was typed below its evidence.
            false => Consent::Typed { text: "y".to_owned() },
        };
        Ok(Some((decisions, consent)))
    }

    fn decide_alike(&self, decision: Decision) -> Result<(Vec<DoubtDecision>, Consent), Failure> {
        if !self.options.all && self.options.device.is_empty() {
            return Err(Failure::usage("--as needs a device to decide about")
                .next("select devices with --device, or all devices in doubt with --all"));
        }
        let doubts = self.held.doubts().iter();
        let decisions: Vec<DoubtDecision> =
            doubts.map(|doubt| DoubtDecision { task: doubt.index, decision }).collect();
        for taken in &decisions {
            self.held.check(*taken)?;
        }
        let consent = self.consent_to(&decisions, decision)?;
        Ok((decisions, consent))
    }

    fn ask_one_by_one(&self) -> Vec<DoubtDecision> {
        let mut decisions = Vec::new();
        let screen = self.printer.screen();
        for doubt in self.held.doubts() {
            self.printer.data(&format!("{}\n", text(doubt, &screen)));
            if self.global.no_input {
                continue;
            }
            let question =
                r#"What happened? "d" done, "n" not done, "s" send again, Enter skip, "q" quit: "#;
            let Some(answer) = ask(question) else { continue };
            let decision = match answer.trim() {
                "d" => Decision::Done,
                "n" => Decision::NotDone,
                "s" => Decision::SendAgain,
                "q" => break,
                _ => continue,
            };
            let taken = DoubtDecision { task: doubt.index, decision };
            match self.held.check(taken) {
                Ok(()) => decisions.push(taken),
                Err(reason) => self.printer.warn(&words(&Reason::from(reason)).what),
            }
        }
        decisions
    }

    /// Asks for the consent to those of the decisions that are `decision`.
    fn consent_to(
        &self,
        decisions: &[DoubtDecision],
        decision: Decision,
    ) -> Result<Consent, Failure> {
        let Self { options, global, held, .. } = *self;
        let is_taken =
            |doubt: &&Doubt| decisions.contains(&DoubtDecision { task: doubt.index, decision });
        let doubts: Vec<&Doubt> = held.doubts().iter().filter(is_taken).collect();
        let mut actions: Vec<String> = doubts
            .iter()
            .map(|it| format!("{} ({})", it.task.action, it.task.risk.word()))
            .collect();
        actions.sort();
        actions.dedup();
        let devices = counted(doubts.len(), "device");
        let actions = actions.join(", ");
        let tenant = held.tenant();
        let (what, plain) = match decision {
            Decision::SendAgain => (
                format!("sending {actions} to {devices} on {tenant} once more"),
                format!("send {actions} to {devices} on {tenant} once more"),
            ),
            Decision::Done => (
                format!("recording {actions} of {devices} as done"),
                format!("record {actions} of {devices} as done"),
            ),
            Decision::NotDone => (
                format!("recording {actions} of {devices} as not done"),
                format!("record {actions} of {devices} as not done"),
            ),
        };
        let is_again = decision == Decision::SendAgain;
        let advance = InAdvance {
            yes: options.yes,
            confirm: options.confirm.as_deref().filter(|_| is_again),
            no_input: global.no_input,
        };
        let look_at = if is_again { "the evidence" } else { "what would happen" };
        let subject = Subject { what: &what, plain: &plain, way: "", look_at };
        obtain(&held.question(decisions), subject, advance, || None)
            .map_err(|failure| failure.state("nothing was changed"))
    }
}
