//! A job from the command line instead of a file.
//!
//! Owns the making of that job. It passes the same checks as a file's. Must never treat missing targets as
//! all devices.

use std::sync::Arc;

use super::clashes::{StepColumn, clash, identify_flaw};
use super::command_line::{COMMAND_LINE, action_step};
use super::diagnostics::{Diagnostics, Flaw, PlaceUnit};
use super::job_identity::{check_job_name, digest};
use super::sameness::SeenRows;
use super::steps::{StepDraft, step_flaws};
use super::tenant_choice::without_tenant;
use super::tenants::check_choice;
use super::{
    Exclusion, Filter, IdentifyBy, Job, JobSettings, ParseOptions, Row, RowWork, Selection, Step,
    Target,
};
use crate::model::{Carried, Risk};

/// Makes a job of one action for devices that were named one by one, or for a selection.
///
/// An empty filter picks the whole fleet; it may only come from `--all`.
///
/// ```
/// use sortie::job::{ParseOptions, Target, TargetField, ad_hoc};
/// let mut target = Target::default();
/// target.read_field(TargetField::SerialNumber, "C02XK1ABJG5J").expect("a serial number");
/// let options = ParseOptions::default();
/// let job = ad_hoc("restart", "restart", &[], vec![target], None, &options).expect("a job");
/// assert_eq!(job.rows[0].line, 0);
/// ```
///
/// # Errors
/// All problems, in the file `<command line>`.
pub fn ad_hoc(
    name: &str,
    action: &str,
    params: &[(String, String)],
    targets: Vec<Target>,
    selection: Option<Filter>,
    options: &ParseOptions,
) -> Result<Job, Diagnostics> {
    let mut problems = Diagnostics::default();
    let mut notes = Vec::new();
    if let Err(flaw) = check_job_name(name) {
        problems.push_for_file(COMMAND_LINE, flaw);
    }
    check_targets(&targets, selection.as_ref(), &mut problems);
    check_tenants(&targets, options, &mut problems);
    let with_params = ParseOptions { params: params.to_vec(), ..options.clone() };
    let step = action_step(action, &with_params, &mut problems)
        .filter(|step| is_complete(step, options.identify_by, &mut problems));
    let steps: Arc<[Step]> = step.into_iter().map(StepDraft::into_step).collect();
    let digest = digest_of(action, params, &targets, selection.as_ref());
    let rows = rows_of(targets, &steps, options, &mut problems, &mut notes);
    if problems.count() > 0 {
        return Err(problems);
    }
    Ok(Job {
        name: name.to_owned(),
        reason: None,
        digest,
        rows,
        selection: selection.map(|filter| Selection { filter, steps }),
        exclude: Exclusion::default(),
        tenants: options.tenants.clone(),
        settings: JobSettings::default(),
        notes,
    })
}

fn check_targets(targets: &[Target], selection: Option<&Filter>, problems: &mut Diagnostics) {
    let flaw = match (targets.is_empty(), selection) {
        (true, None) => Flaw::new("no devices are given")
            .hint("give --device, --serial, --blueprint, --platform or --all"),
        (false, Some(_)) => Flaw::new("devices are given both by name and by filter")
            .hint("use one of the two, and do the other in a second run"),
        _ => return,
    };
    problems.push_for_file(COMMAND_LINE, flaw);
}

/// Devices that flags name have no place for a tenant.
fn check_tenants(targets: &[Target], options: &ParseOptions, problems: &mut Diagnostics) {
    let names = options.tenant_names(None);
    check_choice(names, problems);
    if names.are_several() && !targets.is_empty() {
        let flaw = without_tenant("a flag names devices").hint(
            "select devices with a filter such as --platform, or write a CSV with a column 'tenant'",
        );
        problems.push_for_file(COMMAND_LINE, flaw);
    }
}

fn is_complete(
    step: &StepDraft,
    identify_by: Option<IdentifyBy>,
    problems: &mut Diagnostics,
) -> bool {
    let count_before = problems.count();
    for flaw in step_flaws(step.action, &step.params) {
        let key = flaw.param.map_or("KEY", |param| param.key);
        let hint = match flaw.is_missing {
            true => format!("give --param {key}=VALUE"),
            false => flaw.hint(None),
        };
        problems.push_for_file(COMMAND_LINE, Flaw::new(flaw.sentence).hint(hint));
    }
    if let Some(by) = identify_by
        && step.action.risk > Risk::Benign
    {
        let flaw = identify_flaw(by.word(), step.action.name, step.action.risk);
        problems.push_for_file(COMMAND_LINE, flaw);
    }
    problems.count() == count_before
}

fn rows_of(
    targets: Vec<Target>,
    steps: &Arc<[Step]>,
    options: &ParseOptions,
    problems: &mut Diagnostics,
    notes: &mut Vec<String>,
) -> Vec<Row> {
    let work = RowWork::of(Arc::clone(steps));
    let mut seen = SeenRows::default();
    let mut rows: Vec<Row> = Vec::new();
    for (at, target) in targets.into_iter().enumerate() {
        let target =
            options.identify_by.map_or_else(|| target.clone(), |by| target.only(by.field()));
        let number = at as u32 + 1;
        if !target.has_identity() {
            let flaw = Flaw::new(format!("target {number} names no device"))
                .hint("give a device id, a serial number or an e-mail address");
            problems.push_for_file(COMMAND_LINE, flaw);
            continue;
        }
        let row =
            Row { number, line: 0, target, work: Arc::clone(&work), carried: Carried::default() };
        let earlier = seen.insert(&row.target, 1, rows.len()).same_step;
        match earlier.and_then(|earlier| rows.get(earlier)) {
            None => rows.push(row),
            Some(first) if options.dedupe && first.target == row.target => {
                notes
                    .push(format!("device {} is given twice; it is used once", row.target.shown()));
            }
            Some(first) => {
                let mut flaw = clash((first, &row), PlaceUnit::Line, StepColumn::Absent, true);
                flaw.message = format!("device {} is given twice", row.target.shown());
                problems.push_for_file(COMMAND_LINE, flaw);
            }
        }
    }
    rows
}

/// What was asked, as a digest. PINs are left out: six digits can be guessed from a hash.
fn digest_of(
    action: &str,
    params: &[(String, String)],
    targets: &[Target],
    selection: Option<&Filter>,
) -> String {
    let names: Vec<&String> = params.iter().map(|(name, _)| name).collect();
    let values: Vec<&String> = params
        .iter()
        .filter(|(name, _)| !super::secrets::may_be_secret(name))
        .map(|(_, value)| value)
        .collect();
    digest(&[
        action.as_bytes(),
        format!("{names:?}").as_bytes(),
        format!("{values:?}").as_bytes(),
        format!("{targets:?}").as_bytes(),
        format!("{selection:?}").as_bytes(),
    ])
}
