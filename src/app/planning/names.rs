//! Names in a job, as what the tenant knows them by.
//!
//! Owns which parameters name something at the tenant, and that a plan holds ids. Must never send anything but reads, and
//! never keep a name that the tenant does not know.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::reason::{NameProblem, PlanningReason, UnusableName};
use crate::app::Reason;
use crate::drive::{Clock, KnownNames, NameFlaw, Reads, WantedName, look_up_names};
use crate::job::{Job, Step};
use crate::kandji::NamedKind;
use crate::model::{NamedValue, ParamValue, Params};
use crate::transport::Transport;

/// The job with an id for each name; `None` for one without names.
///
/// # Errors
/// All names that are not exactly and uniquely those of something at the tenant.
pub(super) async fn with_ids<T: Transport, C: Clock>(
    job: &Job,
    reads: &Reads<T, C>,
) -> Result<Option<Job>, Reason> {
    let mut wanted = BTreeSet::new();
    let selected = job.selection.iter().map(|selection| &selection.steps);
    let mut before: Option<&Arc<[Step]>> = None;
    for steps in job.rows.iter().map(|row| &row.steps).chain(selected) {
        // Rows that do the same share their steps.
        if before.is_none_or(|before| !Arc::ptr_eq(before, steps)) {
            wanted.extend(steps.iter().flat_map(names_of).map(|(_, name)| name));
        }
        before = Some(steps);
    }
    if wanted.is_empty() {
        return Ok(None);
    }
    let known = look_up_names(reads, &wanted).await?;
    let unusable: Vec<UnusableName> = known.iter().filter_map(unusable).collect();
    if !unusable.is_empty() {
        return Err(PlanningReason::UnusableNames { names: unusable }.into());
    }
    Ok(Some(with_known(job, &known)))
}

/// The parameters of a step that name something, by key.
fn names_of(step: &Step) -> impl Iterator<Item = (String, WantedName)> + '_ {
    step.params.iter().filter_map(|(key, value)| {
        let kind = step.action.param(key)?.kind.named()?;
        let (text, is_id) = match value {
            ParamValue::Text(name) => (name.clone(), false),
            ParamValue::Named(value) => (value.id.clone(), true),
            _ => return None,
        };
        Some((key.clone(), WantedName { kind, text, is_id }))
    })
}

fn with_known(job: &Job, known: &KnownNames) -> Job {
    let mut job = job.clone();
    let mut done: HashMap<*const Step, Arc<[Step]>> = HashMap::new();
    let mut replaced = |steps: &Arc<[Step]>| {
        let known = done.entry(steps.as_ptr()).or_insert_with(|| {
            let step = |step: &Step| Step { params: ids_in(step, known), ..step.clone() };
            steps.iter().map(step).collect()
        });
        Arc::clone(known)
    };
    // The steps of the first job stay alive meanwhile: no address is used twice.
    let originals: Vec<Arc<[Step]>> = job.rows.iter().map(|row| Arc::clone(&row.steps)).collect();
    for (row, steps) in job.rows.iter_mut().zip(&originals) {
        row.steps = replaced(steps);
    }
    if let Some(selection) = &mut job.selection {
        let steps = Arc::clone(&selection.steps);
        selection.steps = replaced(&steps);
    }
    job
}

fn ids_in(step: &Step, known: &KnownNames) -> Params {
    let mut params = step.params.clone();
    for (key, name) in names_of(step) {
        if let Some(Ok(value)) = known.get(&name) {
            params.insert(key, ParamValue::Named(value.clone()));
        }
    }
    params
}

fn unusable((wanted, found): (&WantedName, &Result<NamedValue, NameFlaw>)) -> Option<UnusableName> {
    let problem = match found {
        Ok(_) => return None,
        Err(NameFlaw::Unknown { near }) => NameProblem::Unknown { near: near.clone() },
        Err(NameFlaw::Several { ids }) => NameProblem::Several { ids: ids.clone() },
        Err(NameFlaw::Archived) => NameProblem::Archived,
    };
    let is_id = wanted.is_id;
    let of = match wanted.kind {
        NamedKind::Blueprint => "blueprint",
        NamedKind::User => "user",
    };
    Some(UnusableName { of, name: wanted.text.clone(), is_id, problem })
}
