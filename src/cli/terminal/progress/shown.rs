//! The display of what is driven in a workspace: one run, or a group of them.
//!
//! Owns which display gets which event. Must never hold up a run.

use std::sync::{Arc, Mutex, PoisonError};

use super::group_display::GroupDisplay;
use super::run_display::RunDisplay;
use super::ticker::Ticker;
use crate::app::{AppEvent, GroupBegins, RunBegins, Workspace};
use crate::cli::exit::Exit;
use crate::cli::options::ProgressForm;
use crate::cli::terminal::printer::Printer;
use crate::cli::text::live::Viewpoint;

/// The display of the run or group that is driven in a workspace, if one is.
#[derive(Clone, Default)]
pub(crate) struct ShownRun(Arc<Mutex<Option<Display>>>);

enum Display {
    Run(Box<RunDisplay>),
    Group(Box<GroupDisplay>),
}

/// Shows the progress of each run and group that is driven in this workspace, until [`ShownRun::end`].
pub(crate) fn show_progress(
    workspace: &Workspace,
    form: Option<ProgressForm>,
    viewpoint: Viewpoint,
    printer: &Printer,
) -> ShownRun {
    let (shown, printer) = (ShownRun::default(), printer.clone());
    let told = shown.clone();
    workspace.observe(move |event| match event {
        AppEvent::GroupBegins(begins) => told.begin_group(begins, form, &printer),
        AppEvent::RunBegins(begins) => told.begin(begins, form, viewpoint, &printer),
        AppEvent::TenantLeftOut(left) => told.with_group(|group| group.leave_out(&left.tenant)),
        AppEvent::RunAdvanced(advanced) => told.with(|display| match display {
            Display::Run(run) => run.advance(advanced),
            Display::Group(group) => group.advance(advanced),
        }),
        AppEvent::RunLeft { run } => told.with(|display| match display {
            Display::Run(display) => display.leave(),
            Display::Group(group) => group.leave_run(run),
        }),
        AppEvent::RunReported { run, report_dir } => {
            let report_dir = report_dir.display().to_string();
            told.with(|display| match display {
                Display::Run(display) => display.report(&report_dir),
                Display::Group(group) => group.report_run(run, &report_dir),
            });
        }
        AppEvent::GroupReported { report_dir } => {
            let report_dir = report_dir.display().to_string();
            told.with_group(|group| group.report(&report_dir));
        }
        _ => {}
    });
    shown
}

impl ShownRun {
    /// The command ends with this code. Says so to programs.
    pub(crate) fn end(&self, exit: Exit) {
        self.with(|display| match display {
            Display::Run(run) => run.end(exit),
            Display::Group(group) => group.end(exit),
        });
    }

    fn begin_group(&self, begins: &GroupBegins, form: Option<ProgressForm>, printer: &Printer) {
        let mut display = GroupDisplay::new(begins, form, printer);
        if display.is_ticking() {
            display.ticker = Some(self.ticker());
        }
        self.set(Display::Group(Box::new(display)));
    }

    fn begin(
        &self,
        begins: &RunBegins,
        form: Option<ProgressForm>,
        viewpoint: Viewpoint,
        printer: &Printer,
    ) {
        let mut is_of_group = false;
        self.with_group(|group| {
            group.begin(begins);
            is_of_group = true;
        });
        if is_of_group {
            return;
        }
        let mut display = RunDisplay::new(begins, form, viewpoint, printer);
        if display.is_ticking() {
            display.ticker = Some(self.ticker());
        }
        display.start();
        self.set(Display::Run(Box::new(display)));
    }

    fn ticker(&self) -> Ticker {
        let ticked = self.clone();
        Ticker::start(move || {
            ticked.with(|display| match display {
                Display::Run(run) => run.tick(),
                Display::Group(group) => group.tick(),
            });
        })
    }

    fn set(&self, display: Display) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(display);
    }

    fn with(&self, change: impl FnOnce(&mut Display)) {
        if let Some(display) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            change(display);
        }
    }

    fn with_group(&self, change: impl FnOnce(&mut GroupDisplay)) {
        self.with(|display| {
            if let Display::Group(group) = display {
                change(group);
            }
        });
    }
}
