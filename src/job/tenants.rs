//! The tenants that a job names.
//!
//! Owns the tenant of a row, and how a job becomes one job a tenant. Must never guess a tenant: a device of a job for several
//! tenants says its own.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::columns::{Meaning, TableHeader};
use super::command_line::COMMAND_LINE;
use super::definition::{Job, Row};
use super::diagnostics::{Diagnostics, Flaw};
use super::sameness::{EarlierRows, SeenRows};
use super::scan::Record;
use super::tenant_choice::{TenantChoice, TenantNames, is_tenant_column};

/// The tenant of a record; `None` where no column names it.
pub(super) fn tenant_of(
    names: TenantNames<'_>,
    header: &TableHeader,
    record: &Record<'_>,
) -> Result<Option<Arc<str>>, (Range<usize>, Flaw)> {
    let column = header.columns.iter().position(|column| column.meaning == Meaning::Tenant);
    let Some(cell) = column.and_then(|at| record.cells.get(at)) else { return Ok(None) };
    let name = cell.trimmed();
    if name.is_empty() {
        return Err((
            cell.range.clone(),
            Flaw::new("the row names no tenant").hint(
                "fill in the name of a profile: where a column names tenants, every row needs one",
            ),
        ));
    }
    names.check(name).map_err(|flaw| (cell.range.clone(), flaw))?;
    Ok(Some(Arc::from(name)))
}

/// Checks the names that the command line chooses.
pub(super) fn check_choice(names: TenantNames<'_>, problems: &mut Diagnostics) {
    let Some(TenantChoice::Named(chosen)) = names.chosen else { return };
    for flaw in chosen.iter().filter_map(|name| names.check(name).err()) {
        problems.push_for_file(COMMAND_LINE, flaw);
    }
}

/// The rows so far, by tenant: one serial number or address may be there once in each.
#[derive(Default)]
pub(super) struct SeenByTenant(BTreeMap<Option<Arc<str>>, SeenRows>);

impl SeenByTenant {
    /// Notes a row, and returns the earlier ones of the same tenant and device.
    pub fn insert(&mut self, row: &Row, step: u16, at: usize) -> EarlierRows {
        self.0.entry(row.tenant.clone()).or_default().insert(&row.target, step, at)
    }
}

impl Job {
    /// The tenants that the job is for, in its order: those of its rows, else those that it chooses. `known` are the profiles.
    /// `None` where it names none.
    #[must_use]
    pub fn tenants_among(&self, known: &[String]) -> Option<Vec<String>> {
        let mut seen = BTreeSet::new();
        let of_rows = self.rows.iter().filter_map(|row| row.tenant.as_ref());
        let of_rows: Vec<String> =
            of_rows.filter(|name| seen.insert(*name)).map(|name| name.to_string()).collect();
        match &self.tenants {
            _ if !of_rows.is_empty() => Some(of_rows),
            Some(TenantChoice::Named(names)) => Some(names.clone()),
            Some(TenantChoice::All) => Some(known.to_vec()),
            None => None,
        }
    }

    /// Whether the job names a tenant at all.
    #[must_use]
    pub fn names_tenants(&self) -> bool {
        self.tenants.is_some() || self.rows.iter().any(|row| row.tenant.is_some())
    }

    /// The part of the job that is for one tenant of several: its rows, and the selection.
    #[must_use]
    pub fn part_for(&self, tenant: &str) -> Self {
        let is_its = |row: &&Row| row.tenant.as_deref() == Some(tenant);
        let mut rows: Vec<Row> = self.rows.iter().filter(is_its).cloned().collect();
        // The report of the group has a column of this name.
        for row in &mut rows {
            row.carried = row.carried.without(is_tenant_column);
        }
        Self { rows, ..self.without_rows() }
    }

    fn without_rows(&self) -> Self {
        Self {
            name: self.name.clone(),
            reason: self.reason.clone(),
            digest: self.digest.clone(),
            rows: Vec::new(),
            selection: self.selection.clone(),
            exclude: self.exclude.clone(),
            settings: self.settings.clone(),
            tenants: self.tenants.clone(),
            notes: self.notes.clone(),
        }
    }
}
