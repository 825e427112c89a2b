//! From values to the form of reports, and back.
//!
//! Owns the defaults, and the same choice as a run keeps it. Must never write a report.

use crate::job::JobSettings;
use crate::journal::RunHeader;
use crate::model::settings::{SettingSpec, SettingValue, SettingValues, output};
use crate::model::{CsvDialect, DeviceColumn, DeviceReport, PagePins, ReportOptions};

/// The files of a report where nothing else is said.
const FORMATS_DEFAULT: [&str; 2] = ["csv", "jsonl"];
/// The format of the page that people pass on.
const PAGE: &str = "html";

/// The formats of reports, and how they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportForm {
    /// The formats.
    pub formats: Vec<String>,
    /// How they are written.
    pub options: ReportOptions,
}

impl Default for ReportForm {
    fn default() -> Self {
        let formats = FORMATS_DEFAULT.map(str::to_owned).to_vec();
        Self { formats, options: ReportOptions::default() }
    }
}

impl ReportForm {
    /// The form of a run's reports.
    pub(crate) fn of(run: &RunHeader) -> Self {
        Self { formats: run.report_formats.clone(), options: run.report_options.clone() }
    }

    /// Whether one of the files is a page that shows PINs.
    pub(crate) fn shows_pins(&self) -> bool {
        let has_page = self.formats.iter().any(|format| format == PAGE);
        has_page && self.options.pins == PagePins::Shown
    }

    /// This form, changed by what is given.
    #[must_use]
    pub fn changed_by(mut self, given: &SettingValues) -> Self {
        if let Some(formats) = given.words(&output::REPORT_FORMAT) {
            self.formats = formats.into_iter().map(str::to_owned).collect();
        }
        let options = &mut self.options;
        if let Some(word) = given.word(&output::REPORT_CSV) {
            let known = CsvDialect::ALL.into_iter().find(|dialect| dialect.word() == word);
            options.csv = known.unwrap_or(options.csv);
        }
        if let Some(words) = given.words(&output::REPORT_COLUMNS) {
            let column = |word| DeviceColumn::ALL.into_iter().find(|known| known.word() == word);
            options.columns = words.into_iter().filter_map(column).collect();
        }
        if let Some(is_wanted) = given.switch(&output::REPORT_PER_DEVICE) {
            options.devices = if is_wanted { DeviceReport::Beside } else { DeviceReport::None };
        }
        if let Some(are_shown) = given.switch(&output::REPORT_PINS) {
            options.pins = if are_shown { PagePins::Shown } else { PagePins::Hidden };
        }
        self
    }

    /// Makes this form that of a job. Formats that this program does not know are left out, and so are PINs: they
    /// are shown only when they are asked for again.
    pub(crate) fn set(&self, settings: &mut JobSettings) {
        let known = |format: &String| output::REPORT_FORMATS.iter().find(|known| *known == format);
        let formats = self.formats.iter().filter_map(known).copied().collect();
        let columns = self.options.columns.iter().map(|column| column.word()).collect();
        let is_per_device = self.options.devices == DeviceReport::Beside;
        let values: [(&'static SettingSpec, SettingValue); 4] = [
            (&output::REPORT_FORMAT, SettingValue::Words(formats)),
            (&output::REPORT_CSV, SettingValue::Word(self.options.csv.word())),
            (&output::REPORT_COLUMNS, SettingValue::Words(columns)),
            (&output::REPORT_PER_DEVICE, SettingValue::Switch(is_per_device)),
        ];
        for (setting, value) in values {
            settings.set(setting, value);
        }
    }
}
