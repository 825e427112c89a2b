//! What is shown of a group of runs.
//!
//! Owns when something of it is written: one view or one log for all tenants. Must never hold up a run: it draws and returns.

use std::collections::BTreeMap;

use super::run_display::{DRAW_MS, STATUS_MS, timed};
use super::ticker::Ticker;
use crate::app::{GroupBegins, RunAdvanced, RunBegins};
use crate::cli::exit::Exit;
use crate::cli::options::{ListingFormat, ProgressForm};
use crate::cli::terminal::live_region::LiveRegion;
use crate::cli::terminal::printer::Printer;
use crate::cli::text::live::{
    LiveGroup, ProgressJson, failure_line, group_end_json, group_lines, group_status_line, stamped,
};
use crate::cli::text::notices::Notice;
use crate::drive::{Clock, WallClock};
use crate::model::UnixMillis;

/// The runs of a group on their way to people and programs.
pub(super) struct GroupDisplay {
    group: LiveGroup,
    form: GroupForm,
    printer: Printer,
    is_left: bool,
    pub(super) ticker: Option<Ticker>,
}

enum GroupForm {
    /// Drawn over and over on a terminal.
    View {
        drawn_at: UnixMillis,
    },
    /// Lines with their time and tenant.
    Log {
        shown_at: UnixMillis,
        shown: String,
    },
    /// The lines of each run, by its id.
    Json(BTreeMap<String, ProgressJson>),
    Nothing,
}

impl GroupDisplay {
    pub(super) fn new(begins: &GroupBegins, form: Option<ProgressForm>, printer: &Printer) -> Self {
        let asked = form.unwrap_or(match printer.is_quiet() {
            true => ProgressForm::None,
            false => ProgressForm::Bar,
        });
        let form = match asked {
            ProgressForm::Bar if LiveRegion::is_possible() => {
                GroupForm::View { drawn_at: UnixMillis(0) }
            }
            ProgressForm::Bar | ProgressForm::Plain | ProgressForm::Log => {
                GroupForm::Log { shown_at: WallClock.now(), shown: String::new() }
            }
            ProgressForm::Json => GroupForm::Json(BTreeMap::new()),
            ProgressForm::None => GroupForm::Nothing,
        };
        let (group, printer) = (LiveGroup::new(begins), printer.clone());
        Self { group, form, printer, is_left: false, ticker: None }
    }

    /// Something of it changes with the time alone.
    pub(super) fn is_ticking(&self) -> bool {
        matches!(self.form, GroupForm::View { .. } | GroupForm::Log { .. })
    }

    /// A run of the group is driven from now on.
    pub(super) fn begin(&mut self, begins: &RunBegins) {
        let now = WallClock.now();
        let Some(tenant) = self.group.begin(begins) else { return };
        if let (GroupForm::Json(lines), Some(run)) = (&mut self.form, &tenant.run) {
            let json = ProgressJson::new(&begins.run);
            self.printer.data(&json.begin(run, now));
            lines.insert(begins.run.clone(), json);
        }
        self.show(now);
    }

    pub(super) fn advance(&mut self, advanced: &RunAdvanced) {
        let now = WallClock.now();
        self.group.take(advanced, now);
        let Some(tenant) = self.group.of_run(&advanced.run) else { return };
        let mut texts = Vec::new();
        for entry in &advanced.entries {
            let told = tenant.told.as_mut().map(|told| told.texts(entry)).unwrap_or_default();
            let failed = failure_line(entry);
            texts.push((entry.at, told, failed));
        }
        let name = tenant.name.clone();
        if let (GroupForm::Json(lines), Some(run)) = (&mut self.form, &tenant.run)
            && let Some(json) = lines.get_mut(&advanced.run)
        {
            json.advanced(run, advanced, now).iter().for_each(|line| self.printer.data(line));
        }
        for (at, told, failed) in texts {
            told.into_iter().for_each(|text| self.tell(&name, at, text.notice, text.is_in_view));
            if let (GroupForm::Log { .. }, Some(text)) = (&self.form, failed) {
                let line = timed(&self.printer, at, &format!("{name}: {text}"));
                self.printer.say_failed(&line);
            }
        }
        self.show(now);
    }

    /// Says something that stays, with its tenant.
    fn tell(&self, tenant: &str, at: UnixMillis, notice: Notice, is_in_view: bool) {
        match (&self.form, notice) {
            // Programs read the same in the lines of the entries.
            (GroupForm::Json(_), Notice::News(_)) => {}
            (GroupForm::View { .. } | GroupForm::Json(_), _) if is_in_view => {}
            (GroupForm::Log { .. }, Notice::Warning(text)) if !self.printer.has_log_lines() => {
                self.printer.to_stderr(&stamped(at, &format!("warning: {tenant}: {text}")));
            }
            (GroupForm::Log { .. }, Notice::News(text)) => {
                self.printer.say(&timed(&self.printer, at, &format!("{tenant}: {text}")));
            }
            (_, Notice::Warning(text)) => self.printer.show_warning(&format!("{tenant}: {text}")),
            (_, Notice::News(text)) => self.printer.say(&format!("{tenant}: {text}")),
        }
    }

    /// A run of the group is left.
    pub(super) fn leave_run(&mut self, run: &str) {
        if let Some(tenant) = self.group.of_run(run) {
            tenant.is_over = true;
        }
        self.show(WallClock.now());
    }

    /// A tenant is left out.
    pub(super) fn leave_out(&mut self, tenant: &str) {
        self.group.leave_out(tenant);
    }

    /// The reports of one run are written.
    pub(super) fn report_run(&mut self, run: &str, report_dir: &str) {
        if let GroupForm::Json(lines) = &self.form
            && let Some(json) = lines.get(run)
        {
            self.printer.data(&json.reported(report_dir, WallClock.now()));
        }
    }

    /// The reports of the group are written.
    pub(super) fn report(&mut self, report_dir: &str) {
        self.leave();
        match &self.form {
            GroupForm::Json(_) => {}
            _ if self.printer.is_quiet() || self.printer.format == ListingFormat::Json => {}
            _ => self.printer.data(report_dir),
        }
    }

    pub(super) fn tick(&mut self) {
        if self.is_left {
            return;
        }
        let now = WallClock.now();
        for run in self.group.tenants.iter_mut().filter_map(|tenant| tenant.run.as_mut()) {
            run.tick(now);
        }
        self.show(now);
    }

    fn show(&mut self, now: UnixMillis) {
        if self.is_left {
            return;
        }
        match &mut self.form {
            GroupForm::View { drawn_at } => {
                if now.remaining_ms(*drawn_at) >= DRAW_MS {
                    *drawn_at = now;
                    let lines = group_lines(&self.group, now, &self.printer.error_screen());
                    self.printer.live().show(lines);
                }
            }
            GroupForm::Log { shown_at, shown } => {
                if now.remaining_ms(*shown_at) >= STATUS_MS {
                    let line = group_status_line(&self.group);
                    // A group that waits for hours does not fill a disk.
                    if line != *shown {
                        let line = timed(&self.printer, now, &line);
                        self.printer.say(&line);
                    }
                    (*shown_at, *shown) = (now, line);
                }
            }
            GroupForm::Json(_) | GroupForm::Nothing => {}
        }
    }

    /// The group has ended here: clears the view.
    fn leave(&mut self) {
        self.is_left = true;
        self.ticker = None;
        if matches!(self.form, GroupForm::View { .. }) {
            self.printer.live().clear();
        }
    }

    pub(super) fn end(&mut self, exit: Exit) {
        self.leave();
        if let GroupForm::Json(lines) = &self.form {
            let now = WallClock.now();
            for run in self.group.tenants.iter().filter_map(|tenant| tenant.run.as_ref()) {
                if let Some(json) = lines.get(&run.run) {
                    self.printer.data(&json.end(run, exit as u8, now));
                }
            }
            self.printer.data(&group_end_json(&self.group, exit as u8, now));
        }
    }
}
