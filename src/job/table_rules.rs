//! How a table is read.
//!
//! Owns what flags and the YAML file around it decide about a table. Must never read one.

use super::column_options::ColumnOptions;
use super::parse_options::{Duplicates, HiddenCells, IdentifyBy};
use super::steps::{ProtectedValues, StepDraft};
use super::tenant_choice::TenantNames;

/// Steps that all rows share.
#[derive(Copy, Clone)]
pub(super) struct Base<'a> {
    /// The steps, with the parameters that all rows share.
    pub steps: &'a [StepDraft],
    /// Who gives them, for messages.
    pub origin: &'static str,
}

/// How a table is read.
pub(super) struct TableRules<'a> {
    /// Renamed and ignored columns.
    pub column_options: ColumnOptions,
    /// Steps from elsewhere; without them the action column decides.
    pub base: Option<Base<'a>>,
    /// The one identity that counts.
    pub identify_by: Option<IdentifyBy>,
    /// What happens to repeated rows.
    pub duplicates: Duplicates,
    /// Whether values that need a flag are allowed.
    pub protected_values: ProtectedValues,
    /// The delimiter, where the operator names it.
    pub delimiter: Option<u8>,
    /// What happens to hidden columns of a workbook.
    pub hidden: HiddenCells,
    /// The names that tenants may have.
    pub tenants: TenantNames<'a>,
}
