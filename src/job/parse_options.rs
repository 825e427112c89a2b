//! What a caller hands in with a job: its bytes, and what the command line says about reading them.
//!
//! Owns the options of reading. Must never open a file, and never show the value of a parameter: it may be a PIN.

use std::fmt;

use super::cells::TargetField;
use super::column_options::ColumnOptions;
use super::decode::Encoding;
use super::steps::ProtectedValues;
use super::tenant_choice::{TenantChoice, TenantNames};

/// One job file that has been read into memory.
#[derive(Copy, Clone, Debug)]
pub struct Input<'a> {
    /// Name of the file for messages; `<stdin>` for standard input.
    pub name: &'a str,
    /// The bytes of the file.
    pub bytes: &'a [u8],
}

/// What the command line says about reading a job.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ParseOptions {
    /// `--action`: the action for all rows of a table without an action column.
    pub action: Option<String>,
    /// `--param k=v`, together with `--action`.
    pub params: Vec<(String, String)>,
    /// `--map "Display Name=new_name"`: renames a column.
    pub map: Vec<(String, String)>,
    /// `--ignore-column`: passes a column over.
    pub ignore_columns: Vec<String>,
    /// `--identify-by`: limits identities to one, for actions that change nothing or do no harm.
    pub identify_by: Option<IdentifyBy>,
    /// `--dedupe`: drops identical rows with a note instead of refusing them.
    pub dedupe: bool,
    /// `--delimiter`
    pub delimiter: Option<u8>,
    /// `--encoding`: of the tables that a job is or names.
    pub encoding: Option<Encoding>,
    /// `--sheet`: of the workbook that a job is or names.
    pub sheet: Option<String>,
    /// `--hidden`: what happens to hidden rows and columns of a workbook.
    pub hidden: HiddenCells,
    /// `--allow-wipe-protected`
    pub allow_wipe_protected: bool,
    /// `--tenants`: it outranks the choice of a YAML job.
    pub tenants: Option<TenantChoice>,
    /// The profiles, so that other names of tenants are refused; `None` where any name is one.
    pub known_tenants: Option<Vec<String>>,
    /// A column `tenant` only goes into the report: the tenant is known already.
    pub carries_tenant: bool,
}

impl fmt::Debug for ParseOptions {
    /// Values of `--param` may be PINs: only their names are shown.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params: Vec<&String> = self.params.iter().map(|(name, _)| name).collect();
        formatter
            .debug_struct("ParseOptions")
            .field("action", &self.action)
            .field("params", &params)
            .field("map", &self.map)
            .field("ignore_columns", &self.ignore_columns)
            .field("identify_by", &self.identify_by)
            .field("dedupe", &self.dedupe)
            .field("delimiter", &self.delimiter)
            .field("encoding", &self.encoding)
            .field("sheet", &self.sheet)
            .field("hidden", &self.hidden)
            .field("allow_wipe_protected", &self.allow_wipe_protected)
            .field("tenants", &self.tenants)
            .field("known_tenants", &self.known_tenants)
            .field("carries_tenant", &self.carries_tenant)
            .finish()
    }
}

/// What happens to hidden rows and columns of a workbook, such as those that a filter hides.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum HiddenCells {
    /// The job is refused: a person who reads the sheet does not see them.
    #[default]
    Refuse,
    /// They are read like the others.
    Read,
    /// They are left out.
    Skip,
}

impl HiddenCells {
    /// What `--hidden` can say.
    pub const CHOICES: [Self; 2] = [Self::Read, Self::Skip];

    /// The choice as `--hidden` writes it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Read => "read",
            Self::Skip => "skip",
        }
    }
}

/// The one identity that `--identify-by` uses to find devices; other identities of a row are ignored.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum IdentifyBy {
    /// `device_id`
    DeviceId,
    /// `serial_number`
    SerialNumber,
    /// `user_email`
    UserEmail,
}

impl IdentifyBy {
    /// All identities that `--identify-by` accepts.
    pub const ALL: [Self; 3] = [Self::DeviceId, Self::SerialNumber, Self::UserEmail];

    /// The identity as `--identify-by` writes it, such as `serial_number`.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.field().word()
    }

    /// The field of a target that holds this identity.
    #[must_use]
    pub fn field(self) -> TargetField {
        match self {
            Self::DeviceId => TargetField::DeviceId,
            Self::SerialNumber => TargetField::SerialNumber,
            Self::UserEmail => TargetField::UserEmail,
        }
    }
}

impl ParseOptions {
    pub(super) fn protected_values(&self) -> ProtectedValues {
        if self.allow_wipe_protected { ProtectedValues::Allowed } else { ProtectedValues::Refused }
    }

    pub(super) fn duplicates(&self) -> Duplicates {
        if self.dedupe { Duplicates::Drop } else { Duplicates::Refuse }
    }

    pub(super) fn column_options(&self) -> ColumnOptions {
        ColumnOptions {
            map: self.map.clone(),
            ignore: self.ignore_columns.clone(),
            carries_tenant: self.carries_tenant,
        }
    }

    /// The names that tenants may have, where the file chooses `chosen`.
    pub(super) fn tenant_names<'a>(&'a self, chosen: Option<&'a TenantChoice>) -> TenantNames<'a> {
        let chosen = self.tenants.as_ref().or(chosen);
        TenantNames { known: self.known_tenants.as_deref(), chosen }
    }
}

/// What happens to a row that repeats an earlier one.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Duplicates {
    /// It is refused.
    Refuse,
    /// It is dropped with a note, when it is identical.
    Drop,
}
