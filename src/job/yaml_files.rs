//! Files that a YAML job names.
//!
//! Owns how they are loaded, and how a list of targets becomes rows. Must never open a file: the caller's loader does.

use super::definition::Row;
use super::diagnostics::{Diagnostics, Flaw, quote};
use super::nodes::NodeReader;
use super::parse_options::ParseOptions;
use super::steps::StepDraft;
use super::table::read_table;
use super::table_file::{TableWish, open_table};
use super::table_rules::{Base, TableRules};
use super::tenant_choice::TenantChoice;
use super::tree::Node;
use super::yaml_steps::StepNode;

/// The bytes of a file that the job names.
pub(super) fn load_file(
    reader: &mut NodeReader<'_, '_>,
    node: &Node,
    file: &str,
    load: &dyn Fn(&str) -> Result<Vec<u8>, String>,
) -> Option<Vec<u8>> {
    let loaded = load(file).map_err(|reason| {
        Flaw::new(format!("cannot read {}: {reason}", quote(file)))
            .hint("the path is relative to the job file")
    });
    reader.settle(&node.range, loaded)
}

/// How a list of targets is read.
pub(super) struct ListOptions<'o> {
    /// Renamed columns, from and to.
    pub map: Vec<(String, String)>,
    /// The tenants that the job is for, as its file says.
    pub tenants: Option<&'o TenantChoice>,
    /// What the command line says.
    pub options: &'o ParseOptions,
}

/// The rows of a file of targets, and its text without secrets.
pub(super) fn read_file(
    problems: &mut Diagnostics,
    file: &str,
    bytes: &[u8],
    steps: &[StepNode<'_>],
    wanted: &ListOptions<'_>,
    notes: &mut Vec<String>,
) -> Option<(Vec<Row>, Vec<u8>)> {
    let options = wanted.options;
    let steps: Vec<StepDraft> = steps.iter().map(|step| step.draft.clone()).collect();
    let mut columns = options.column_options();
    columns.map.extend(wanted.map.iter().cloned());
    let rules = TableRules {
        column_options: columns,
        base: Some(Base { steps: &steps, origin: "the YAML file" }),
        identify_by: options.identify_by,
        duplicates: options.duplicates(),
        protected_values: options.protected_values(),
        delimiter: options.delimiter,
        hidden: options.hidden,
        tenants: options.tenant_names(wanted.tenants),
    };
    let table = open_table(file, bytes, TableWish::of(options), problems, notes)?;
    let mut source = table.source(file, problems)?;
    let rows = read_table(&mut source, &rules, problems, notes)?;
    Some((rows, source.without_secrets()))
}
