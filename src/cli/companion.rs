//! What another program of this product shares with `sortie`: the manner in which it asks, tells and refuses.
//!
//! Owns the way from a saved plan to a consent as `sortie run PLAN` has it, and a door to the terminal. Must never send, and never
//! hand out a consent to a plan that was not shown.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser};
use serde_json::Value;

use crate::app::operator::Operator;
use crate::app::preflight::Attended;
use crate::app::{Consent, PlanFileRequest, Prepared, RefusalClass, Workspace};
pub use crate::cli::companion_end::{CompanionEnd, CompanionError};
use crate::cli::failure::{Done, Failure};
use crate::cli::known_tenants::{KnownTenants, TenantWish};
use crate::cli::locations::{open_workspace, state_path};
use crate::cli::options::{CliCommand, GlobalOptions, ListingFormat, Options, TenantOptions};
use crate::cli::setting_flags::{ReportFlags, SettingFlags};
use crate::cli::settings::read_profile;
use crate::cli::starting::around;
use crate::cli::tenant_options::tenant_request;
use crate::cli::terminal::confirm::{InAdvance, Subject, obtain};
use crate::cli::terminal::key_test::{KeyTest, prepare as test_keys};
use crate::cli::terminal::memory::keep_private;
use crate::cli::terminal::printer::Printer;
use crate::cli::text::plan::{PlanExtent, PlanView, WorkWords, plan_text};
use crate::cli::text::run_summary::{Detail, run_summary};
use crate::cli::text::table::{Table, TableColumn};
use crate::drive::{Clock, WallClock};
use crate::model::settings::SettingValues;
use crate::report::RunOverview;

/// Flags that every command takes: state directory, configuration, profile, form of the output.
#[derive(Debug, Args)]
pub struct CompanionOptions {
    #[command(flatten)]
    global: GlobalOptions,
}

/// Flags with which a saved plan is confirmed.
#[derive(Debug, Args)]
pub struct ConfirmOptions {
    #[command(flatten)]
    tenant: TenantOptions,
    /// Confirm benign work without a prompt; disruptive work too if the job sets max_devices and
    /// a window or send_until
    #[arg(short, long)]
    yes: bool,
    /// Confirm without a prompt: the device count, or the phrase that the plan shows
    #[arg(long, value_name = "PHRASE")]
    confirm: Option<String>,
    /// Use this approval of the plan [default: PLAN.approval if it exists]
    #[arg(long, value_name = "FILE")]
    approval: Option<PathBuf>,
    /// Treat pending commands as success (exit code 0)
    #[arg(long)]
    pending_ok: bool,
    /// Show every device and value of the plan [default: 10 devices]
    #[arg(long)]
    full: bool,
}

/// Flags about the form of reports.
#[derive(Debug, Args)]
pub struct ReportChoice {
    #[command(flatten)]
    form: SettingFlags<ReportFlags>,
}

impl ReportChoice {
    /// What differs from the form that the run itself has.
    ///
    /// # Errors
    /// A flag has a value that it does not take.
    pub fn values(&self) -> Result<SettingValues, CompanionError> {
        Ok(self.form.values().map_err(Failure::from)?)
    }
}

/// What was confirmed before a plan was made.
#[derive(Clone, Debug, Default)]
pub struct ConfirmedInAdvance {
    /// A plain yes.
    pub yes: bool,
    /// The number of devices, or the phrase.
    pub confirm: Option<String>,
    /// Pending commands at the end are no error.
    pub pending_ok: bool,
}

/// A column of a table for people.
#[derive(Copy, Clone, Debug)]
pub enum CompanionColumn {
    /// Text, which may be shortened.
    Text(&'static str),
    /// Text that is never shortened, such as an id.
    Whole(&'static str),
    /// A number, right-aligned.
    Number(&'static str),
}

/// The terminal, and the places that the flags name.
#[derive(Clone)]
pub struct Companion {
    global: GlobalOptions,
    printer: Printer,
}

impl Companion {
    /// The terminal as the flags ask for it.
    #[must_use]
    pub fn new(options: CompanionOptions) -> Self {
        keep_private();
        let printer = Printer::new(&options.global);
        Self { global: options.global, printer }
    }

    /// Whether the result is asked for as JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.printer.format == ListingFormat::Json
    }

    /// Who works here, for records.
    #[must_use]
    pub fn operator(&self) -> String {
        Operator::current().shown()
    }

    /// The state directory that the flags name, whether there is one or not.
    ///
    /// # Errors
    /// None is named, and the platform has no place for it.
    pub fn state_dir(&self) -> Result<PathBuf, CompanionError> {
        Ok(state_path(&self.global)?)
    }

    /// The tenants that this host has tokens for.
    ///
    /// # Errors
    /// The configuration cannot be read, or a flag has a value that it does not take.
    pub fn tenants(&self, options: &TenantWish) -> Result<KnownTenants, CompanionError> {
        Ok(KnownTenants::read(&self.global, options)?)
    }

    /// Tells people something on standard error, unless they asked for quiet.
    pub fn say(&self, text: &str) {
        self.printer.say(text);
    }

    /// Warns on standard error, even in quiet.
    pub fn warn(&self, text: &str) {
        self.printer.warn(text);
    }

    /// Writes text for people to standard output.
    pub fn show(&self, text: &str) {
        self.printer.show(text);
    }

    /// Writes an object for programs to standard output, where JSON is the form.
    pub fn answer(&self, value: &Value) {
        self.printer.answer(value);
    }

    /// Writes a table for people to standard output.
    pub fn table(&self, columns: &[CompanionColumn], rows: Vec<Vec<String>>) {
        let columns: Vec<TableColumn> = columns
            .iter()
            .map(|column| match *column {
                CompanionColumn::Text(header) => TableColumn::text(header),
                CompanionColumn::Whole(header) => TableColumn::whole(header),
                CompanionColumn::Number(header) => TableColumn::number(header),
            })
            .collect();
        let mut table = Table::new(&columns);
        rows.into_iter().for_each(|row| table.row(row));
        self.printer.show_paged(&table.render(&self.printer.screen()));
    }

    /// Tells people what came out of a run, as `sortie` does at its end.
    pub fn summary(&self, overview: &RunOverview) {
        let detail = Detail::of(self.printer.is_verbose());
        self.printer.say_laid_out(&run_summary(overview, detail, &self.printer.error_screen()));
    }

    /// Opens the state directory that the flags name; creates it where there is none.
    ///
    /// # Errors
    /// It cannot be used.
    pub fn workspace(&self) -> Result<Workspace, CompanionError> {
        Ok(open_workspace(&self.global, &self.printer)?)
    }

    /// Prepares a saved plan, shows it, checks it, and has it confirmed, as `sortie run PLAN` does before it starts.
    ///
    /// # Errors
    /// A check refuses, or the consent is not enough.
    pub fn confirm_plan(
        &self,
        workspace: &Workspace,
        path: &Path,
        options: &ConfirmOptions,
    ) -> Result<(Prepared, Consent), CompanionError> {
        let prepared = self.prepare(workspace, path, options)?;
        let around = around(workspace, &prepared)?;
        let extent = PlanExtent::of_flag(options.full);
        if !self.printer.is_quiet() {
            let view = PlanView::new(prepared.plan(), &around, extent, WallClock.now());
            let text = plan_text(&view, &self.printer.error_screen());
            self.printer.styled(&format!("{text}\n"));
        }
        let consent = self.consent(workspace, &prepared, options)?;
        Ok((prepared, consent))
    }

    /// Prepares a saved plan that was confirmed beforehand, without a prompt.
    ///
    /// # Errors
    /// A check refuses, or the consent is not enough.
    pub fn unattended_plan(
        &self,
        workspace: &Workspace,
        path: &Path,
        given: &ConfirmedInAdvance,
    ) -> Result<(Prepared, Consent), CompanionError> {
        let options = ConfirmOptions {
            tenant: TenantOptions::default(),
            yes: given.yes,
            confirm: given.confirm.clone(),
            approval: None,
            pending_ok: given.pending_ok,
            full: false,
        };
        let prepared = self.prepare(workspace, path, &options)?;
        prepared.verify(workspace)?;
        let words = given.confirm.as_ref().map(|words| words.trim().to_owned());
        Ok((prepared, Consent::InAdvance { yes: given.yes, words }))
    }

    /// Plans a job, and saves the plan to a new file. `flags` are those of `sortie plan`, without the file of the plan.
    ///
    /// # Errors
    /// The flags are not those of a plan, or no plan can be made.
    pub fn save_plan(&self, flags: &[String], out: &Path) -> Result<(), CompanionError> {
        let arguments = ["sortie", "plan"].into_iter().map(OsString::from);
        let flags = flags.iter().map(OsString::from);
        let out_flag = [OsString::from("--out"), out.as_os_str().to_owned()];
        let parsed = Options::try_parse_from(arguments.chain(flags).chain(out_flag));
        let usage = |error: clap::Error| {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default();
            let what = first.strip_prefix("error: ").unwrap_or(first).to_owned();
            Self::usage(
                what,
                "give the flags that the plan of the job needs:\n  sortie plan --help",
            )
        };
        let CliCommand::Plan { job, out, full, purpose, tenant, limits } =
            parsed.map_err(usage)?.command
        else {
            return Err(Self::usage("only a job can be scheduled", "name a job"));
        };
        let extent = PlanExtent::of_flag(full);
        let wishes = crate::cli::commands::plan_wishes::PlanWishes {
            out: out.as_deref(),
            extent,
            purpose: &purpose,
            limits: &limits,
        };
        crate::cli::commands::plan::plan(&self.global, &job, &tenant, &wishes, &self.printer)?;
        Ok(())
    }

    /// Says how the program ends, and gives its exit code.
    #[must_use]
    pub fn finish(&self, ended: Result<CompanionEnd, CompanionError>) -> ExitCode {
        let ended = ended.map(|end| Done::unsent(end.exit())).map_err(CompanionError::into_failed);
        match self.printer.with_output(ended) {
            Ok(done) => done.exit.into(),
            Err(failed) => {
                self.printer.failure(&failed);
                failed.failure.exit.into()
            }
        }
    }

    fn usage(what: impl Into<String>, next: &str) -> CompanionError {
        CompanionError::new(RefusalClass::Usage, what, next)
    }

    fn prepare(
        &self,
        workspace: &Workspace,
        path: &Path,
        options: &ConfirmOptions,
    ) -> Result<Prepared, CompanionError> {
        let profile = read_profile(&self.global)?;
        let values = options.tenant.values().map_err(Failure::from)?;
        let tenant = tenant_request(&values, &profile)?;
        Ok(workspace.prepare_plan_file(&PlanFileRequest {
            path,
            approval: options.approval.as_deref(),
            tenant: &tenant,
            // Other hosts send, and they have no terminal.
            attended: Attended::No,
            pending_ok: options.pending_ok,
        })?)
    }

    fn consent(
        &self,
        workspace: &Workspace,
        prepared: &Prepared,
        options: &ConfirmOptions,
    ) -> Result<Consent, Failure> {
        prepared.verify(workspace)?;
        let plan = prepared.plan();
        let test = KeyTest::of(&self.global, options.yes || options.confirm.is_some());
        let storage = prepared.secrets_storage(workspace);
        test_keys(storage, prepared.recipients(), test, &self.printer)?;
        let WorkWords { plain, ing } = WorkWords::of(plan);
        let way = format!("{} ({})", plan.base_url, prepared.reached_by());
        let subject = Subject { what: &ing, plain: &plain, way: &way, look_at: "the plan" };
        let advance = InAdvance {
            yes: options.yes,
            confirm: options.confirm.as_deref(),
            no_input: self.global.no_input,
        };
        obtain(&prepared.question(), subject, advance, || None).inspect_err(|failure| {
            if let Some(reason) = &failure.reason {
                workspace.note_refusal(&plan.job, reason);
            }
        })
    }
}
