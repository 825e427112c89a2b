//! How the reports of a run are written.
//!
//! Owns the choices besides the formats. They are frozen in plans and in headers of runs, so that reports that are
//! written again are equal. Must never name a file.

use serde::{Deserialize, Serialize};

/// How the reports of a run are written, besides their formats.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportOptions {
    /// The spreadsheet that opens the CSV files.
    #[serde(default, skip_serializing_if = "CsvDialect::is_plain")]
    pub csv: CsvDialect,
    /// Columns about the device that reports have besides the usual ones, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<DeviceColumn>,
    /// Whether a report with one row for each device is written too.
    #[serde(default, skip_serializing_if = "DeviceReport::is_none")]
    pub devices: DeviceReport,
    /// Whether `report.html` shows PINs.
    #[serde(default, skip_serializing_if = "PagePins::are_hidden")]
    pub pins: PagePins,
}

impl ReportOptions {
    /// Whether nothing was chosen.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// The spreadsheet that opens the CSV files.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CsvDialect {
    /// None in particular: commas, UTF-8 without a mark. Programs read it as it is.
    #[default]
    Plain,
    /// Excel where the list separator of the system is a comma: with a byte order mark, and with each cell marked that Excel
    /// would turn into a number or a date.
    Excel,
    /// The same with semicolons, for systems whose decimal separator is a comma.
    ExcelSemicolon,
}

impl CsvDialect {
    /// All dialects, in the order of the setting's words.
    pub const ALL: [Self; 3] = [Self::Plain, Self::Excel, Self::ExcelSemicolon];

    /// The dialect as the setting spells it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Excel => "excel",
            Self::ExcelSemicolon => "excel-semicolon",
        }
    }

    /// The character between two cells.
    #[must_use]
    pub const fn delimiter(self) -> u8 {
        match self {
            Self::Plain | Self::Excel => b',',
            Self::ExcelSemicolon => b';',
        }
    }

    /// Whether this is the dialect for programs.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::Plain
    }
}

/// A column about the device that reports have on request.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceColumn {
    /// Address of the assigned user.
    UserEmail,
    /// Name of the assigned user.
    UserName,
    /// Name of the blueprint.
    Blueprint,
}

impl DeviceColumn {
    /// All columns, in the order of the setting's words.
    pub const ALL: [Self; 3] = [Self::UserEmail, Self::UserName, Self::Blueprint];

    /// The header of the column, and its word in the setting.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::UserEmail => "user_email",
            Self::UserName => "user_name",
            Self::Blueprint => "blueprint",
        }
    }
}

/// Whether a report with one row for each device is written.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceReport {
    /// It is not.
    #[default]
    None,
    /// It is, beside the report with one row for each task.
    Beside,
}

impl DeviceReport {
    /// Whether none is written.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// Whether `report.html` shows PINs. It is the report that people pass on.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PagePins {
    /// It says only whether there is one.
    #[default]
    Hidden,
    /// It shows them, and says so at its top.
    Shown,
}

impl PagePins {
    /// Whether it shows none.
    #[must_use]
    pub fn are_hidden(&self) -> bool {
        *self == Self::Hidden
    }
}
