//! The steps of a YAML job.
//!
//! Owns `steps:`, `action:`, `with:` and `after:`. Must never accept a key that it does not know.

use super::diagnostics::{Flaw, quote};
use super::nodes::NodeReader;
use super::steps::{ProtectedValues, STEPS_MAX, StepDraft, read_action};
use super::tree::{MapEntry, Node, find};
use super::yaml_params::read_with;
use crate::model::Gate;

/// One step with the node that it comes from.
pub(super) struct StepNode<'n> {
    /// The step as read.
    pub draft: StepDraft,
    /// The node of the file that holds the step.
    pub node: &'n Node,
}

/// The steps, or the short form of one.
pub(super) fn read_steps<'n>(
    reader: &mut NodeReader<'_, '_>,
    root: &'n Node,
    entries: &'n [MapEntry],
    protected_values: ProtectedValues,
) -> Option<Vec<StepNode<'n>>> {
    let short = find(entries, "action").or_else(|| find(entries, "with"));
    match (find(entries, "steps"), short) {
        (Some(_), Some(short)) => {
            let flaw = Flaw::new(format!("the job has both steps and {}", quote(&short.key)))
                .hint("move the action into the steps");
            reader.refuse(&short.key_range, flaw);
            None
        }
        (None, None) => {
            let start = root.range.start;
            let flaw = Flaw::new("the job has no action")
                .hint("add 'action: NAME', or 'steps:' with a list of actions");
            reader.refuse(&(start..start), flaw);
            None
        }
        (None, Some(_)) => {
            let action = find(entries, "action");
            let node = action.map_or(root, |entry| &entry.value);
            let draft = read_step(reader, node, 1, entries, protected_values)?;
            Some(vec![StepNode { draft, node }])
        }
        (Some(steps), None) => {
            let items = reader.list(&steps.value, "steps")?;
            if items.len() > usize::from(STEPS_MAX) {
                let flaw = format!("{} steps; at most {STEPS_MAX} are allowed", items.len());
                reader.refuse(&steps.value.range, Flaw::new(flaw));
                return None;
            }
            let count_before = reader.problems.count();
            let mut drafts = Vec::new();
            for (node, number) in items.iter().zip(1..) {
                let Some(entries) = reader.map(node, "a step", &["action", "with", "after"]) else {
                    continue;
                };
                let draft = read_step(reader, node, number, entries, protected_values);
                drafts.extend(draft.map(|draft| StepNode { draft, node }));
            }
            (reader.problems.count() == count_before).then_some(drafts)
        }
    }
}

fn read_step(
    reader: &mut NodeReader<'_, '_>,
    node: &Node,
    number: u16,
    entries: &[MapEntry],
    protected_values: ProtectedValues,
) -> Option<StepDraft> {
    let Some(action) = find(entries, "action") else {
        let flaw = Flaw::new("the step has no action").hint("add 'action: ...'");
        reader.refuse(&node.range, flaw);
        return None;
    };
    let count_before = reader.problems.count();
    let word = reader.text(&action.value, "action")?;
    let found = reader.settle(&action.value.range, read_action(word.trim()))?;
    let mut drafts = [StepDraft::new(number, found)];
    if let Some(with) = find(entries, "with") {
        read_with(reader, &with.value, &mut drafts, protected_values);
    }
    let after = find(entries, "after").and_then(|after| read_after(reader, after, number));
    let [mut draft] = drafts;
    draft.after = after;
    (reader.problems.count() == count_before).then_some(draft)
}

fn read_after(reader: &mut NodeReader<'_, '_>, entry: &MapEntry, number: u16) -> Option<Gate> {
    let text = reader.text(&entry.value, "after")?;
    if number == 1 {
        let flaw = Flaw::new("after has no effect on the first step")
            .hint("it sets how far the previous step must get before this step begins");
        reader.refuse(&entry.key_range, flaw);
    }
    match text {
        "accepted" => Some(Gate::Accepted),
        "completed" => Some(Gate::Completed),
        _ => {
            let flaw =
                Flaw::new(format!("after must be accepted or completed, not {}", quote(text)));
            reader.refuse(&entry.value.range, flaw);
            None
        }
    }
}
