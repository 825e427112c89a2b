//! The tenants that a job names.
//!
//! Owns which names a job may have, and how it becomes one job a tenant. Must never guess a tenant: a device of a job for several
//! tenants says its own.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::columns::{Meaning, TableHeader};
use super::command_line::COMMAND_LINE;
use super::definition::{Job, Row};
use super::diagnostics::{Diagnostics, Flaw, quote};
use super::sameness::SeenRows;
use super::scan::Record;
use super::target::Target;
use crate::kandji::fold;
use crate::model::nearest;

/// The word for every profile.
pub const ALL_TENANTS: &str = "all";
/// The name of the column, and of the key of a device.
pub(super) const TENANT_NAME: &str = "tenant";
/// Most names that a hint lists.
const NAMES_SHOWN_MAX: usize = 8;

/// Which tenants a job is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TenantChoice {
    /// Every profile of the configuration.
    All,
    /// These profiles, in this order.
    Named(Vec<String>),
}

impl TenantChoice {
    /// The choice that these names make; `None` where `all` stands beside other names.
    #[must_use]
    pub fn of(names: &[String]) -> Option<Self> {
        match names.iter().any(|name| name == ALL_TENANTS) {
            true if names.len() > 1 => None,
            true => Some(Self::All),
            false => Some(Self::Named(names.to_vec())),
        }
    }

    /// Whether it may be more than one tenant.
    #[must_use]
    pub fn is_several(&self) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.len() > 1,
        }
    }
}

/// Which names of tenants a job may use.
#[derive(Copy, Clone, Default)]
pub(super) struct TenantNames<'a> {
    /// The profiles; `None` where any name is one.
    pub known: Option<&'a [String]>,
    /// The tenants that the job is for, where it says so apart from its devices.
    pub chosen: Option<&'a TenantChoice>,
}

impl TenantNames<'_> {
    /// Whether a device has to say its tenant.
    pub fn are_several(self) -> bool {
        self.chosen.is_some_and(TenantChoice::is_several)
    }

    /// Checks the name of a tenant.
    pub fn check(self, name: &str) -> Result<(), Flaw> {
        if let Some(known) = self.known
            && !known.iter().any(|it| it == name)
        {
            let flaw = Flaw::new(format!("there is no profile {}", quote(name)));
            return Err(flaw.hint(hint(name, known)));
        }
        match self.chosen {
            Some(TenantChoice::Named(names)) if !names.iter().any(|it| it == name) => {
                Err(Flaw::new(format!("the job is not for tenant {}", quote(name))).hint(format!(
                    "it is for {}; add the tenant, or remove the device",
                    names.join(", ")
                )))
            }
            _ => Ok(()),
        }
    }

    /// The tenant of a record; `None` where no column names it.
    pub fn read(
        self,
        header: &TableHeader,
        record: &Record<'_>,
    ) -> Result<Option<String>, (Range<usize>, Flaw)> {
        let column = header.columns.iter().position(|column| column.meaning == Meaning::Tenant);
        let Some(cell) = column.and_then(|at| record.cells.get(at)) else { return Ok(None) };
        let name = cell.trimmed();
        if name.is_empty() {
            return Err((cell.range.clone(), Flaw::new("the row names no tenant").hint(
                "fill in the name of a profile: where a column names tenants, every row needs one",
            )));
        }
        self.check(name).map_err(|flaw| (cell.range.clone(), flaw))?;
        Ok(Some(name.to_owned()))
    }
}

fn hint(name: &str, known: &[String]) -> String {
    if let Some(near) = nearest(name, known.iter().map(String::as_str)) {
        return format!("did you mean '{near}'?");
    }
    match known {
        [] => "write a profile first with: sortie init".to_owned(),
        few if few.len() <= NAMES_SHOWN_MAX => format!("the profiles are {}", few.join(", ")),
        _ => "list the profiles with: sortie profiles".to_owned(),
    }
}

/// Checks the names that the command line chooses.
pub(super) fn check_choice(names: TenantNames<'_>, problems: &mut Diagnostics) {
    let Some(TenantChoice::Named(chosen)) = names.chosen else { return };
    for flaw in chosen.iter().filter_map(|name| names.check(name).err()) {
        problems.push_for_file(COMMAND_LINE, flaw);
    }
}

/// The flaw of devices of which none says its tenant, in a job for several.
pub(super) fn without_tenant(what: &str) -> Flaw {
    Flaw::new(format!("the job is for several tenants, and {what}"))
}

/// Whether the name of a column means the tenant of a row.
pub(super) fn is_tenant_column(name: &str) -> bool {
    fold(name) == TENANT_NAME
}

/// The rows so far, by tenant: one serial number or address may be there once in each.
#[derive(Default)]
pub(super) struct SeenByTenant(BTreeMap<Option<String>, SeenRows>);

impl SeenByTenant {
    /// Notes a row, and returns an earlier one of the same tenant, device and step.
    pub fn insert(&mut self, row: &Row, step: u16, at: usize) -> Option<usize> {
        let target: &Target = &row.target;
        self.0.entry(row.tenant.clone()).or_default().insert(target, step, at)
    }
}

impl Job {
    /// The tenants that the job is for, in its order: those of its rows, else those that it chooses. `known` are the profiles.
    /// `None` where it names none.
    #[must_use]
    pub fn tenants_among(&self, known: &[String]) -> Option<Vec<String>> {
        let mut seen = BTreeSet::new();
        let of_rows = self.rows.iter().filter_map(|row| row.tenant.as_ref());
        let of_rows: Vec<String> = of_rows.filter(|name| seen.insert(*name)).cloned().collect();
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
            row.carried.retain(|(name, _)| !is_tenant_column(name));
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
