//! Job files: bytes in, a job or everything that is wrong with it out.
//!
//! Owns the CSV, XLSX and YAML job formats and their diagnostics. Must never open a file, ask the tenant or
//! repair an identifier.
//!
//! Jobs use `kandji`: a wrong parameter is shown at its place in the file, and only the action table knows what is wrong.
//! Checking later would carry places through the plan.

mod ad_hoc;
mod carried;
mod cells;
mod clashes;
mod column_options;
mod columns;
mod command_line;
mod decode;
mod definition;
mod delimiter;
mod diagnostics;
mod file_limits;
mod filter;
mod foreign;
mod input;
mod job_identity;
mod nodes;
mod origin;
mod parse_options;
mod repeated;
mod required_devices;
mod row_notes;
mod row_target;
mod row_works;
mod rows;
mod sameness;
mod scan;
mod schema;
mod secrets;
mod settings;
#[cfg_attr(not(feature = "xlsx"), allow(dead_code, reason = "only workbooks have sheets"))]
mod sheet_text;
mod sniff;
mod source;
mod steps;
mod table;
#[cfg_attr(not(feature = "xlsx"), allow(dead_code, reason = "only workbooks have sheets"))]
mod table_file;
mod table_rules;
mod target;
mod tenant_choice;
mod tenants;
mod tree;
mod typed_cells;
#[cfg(feature = "xlsx")]
mod xlsx;
mod yaml;
mod yaml_files;
mod yaml_params;
mod yaml_require;
mod yaml_setting_flaws;
mod yaml_setting_values;
mod yaml_settings;
mod yaml_spaces;
mod yaml_steps;
mod yaml_targets;
mod yaml_tenants;
mod yaml_window;

#[cfg(test)]
mod tests;

pub use ad_hoc::ad_hoc;
pub use cells::TargetField;
pub use decode::Encoding;
pub use definition::{Exclusion, Filter, Job, OsCondition, Row, RowWork, Selection, Step};
pub use diagnostics::{Diagnostic, Diagnostics};
pub use filter::read_filter_pair;
pub use input::parse;
pub use origin::RowOrigin;
pub use parse_options::{HiddenCells, IdentifyBy, Input, ParseOptions};
pub use required_devices::{AgeError, RequiredDevices};
pub use schema::job_schema;
pub use settings::{BeforeLoss, JobSettings, SkipKind};
pub use target::{OtherNames, Target};
pub use tenant_choice::{ALL_TENANTS, TenantChoice};
pub use yaml_require::read_required;
