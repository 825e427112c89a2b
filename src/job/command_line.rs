//! The action that the command line gives to a job.
//!
//! Owns the reading of `--action` and `--param`. Must never repeat the value of a parameter: it may be a PIN.

use super::diagnostics::{Diagnostics, Flaw};
use super::parse_options::ParseOptions;
use super::steps::{Form, StepDraft, find_param, read_action, read_value};

/// Where problems of flags are said to be.
pub(super) const COMMAND_LINE: &str = "<command line>";

pub(super) fn refuse_params_without_action(options: &ParseOptions, problems: &mut Diagnostics) {
    if options.params.is_empty() {
        return;
    }
    let flaw = Flaw::new("--param needs --action")
        .hint("for actions named in the file, put the parameters in the file");
    problems.push_for_file(COMMAND_LINE, flaw);
}

/// The one step of `--action` and `--param`.
pub(super) fn action_step(
    action: &str,
    options: &ParseOptions,
    problems: &mut Diagnostics,
) -> Option<StepDraft> {
    let count_before = problems.count();
    let action = match read_action(action.trim()) {
        Ok(action) => action,
        Err(flaw) => {
            problems.push_for_file(COMMAND_LINE, flaw);
            return None;
        }
    };
    let mut step = StepDraft::new(1, action);
    for (name, text) in &options.params {
        let value = find_param(action, name).and_then(|param| {
            let value = read_value(param, text, Form::Text, options.protected_values())?;
            if step.params.contains_key(param.key) {
                return Err(Flaw::new(format!("{} is given twice", param.key)));
            }
            Ok((param, value))
        });
        match value {
            Ok((param, value)) => {
                step.params.insert(param.key.to_owned(), value);
            }
            Err(flaw) => problems.push_for_file(COMMAND_LINE, flaw),
        }
    }
    (problems.count() == count_before).then_some(step)
}
