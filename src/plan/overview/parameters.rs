//! The parameters that a plan sends.
//!
//! Owns which values differ. Must never read the value of a secret.

use serde::Serialize;
use std::collections::BTreeMap;

use crate::kandji::{ActionSpec, find_action};
use crate::model::{ParamValue, Platform, Task};
use crate::plan::task_list::Plan;

/// A parameter of an action in one step, over all devices to which it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SentParameter {
    /// The step, from 1.
    pub step: u16,
    /// Name of the action.
    pub action: String,
    /// The API's key.
    pub name: String,
    /// Where its values come from.
    pub source: ParameterSource,
    /// Tasks that send it.
    pub tasks: u32,
    /// Tasks of the action in this step.
    pub of_tasks: u32,
    /// The distinct values with the number of tasks that send each, in the order of the plan; empty for secrets.
    pub values: Vec<ParameterCount>,
}

/// One value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ParameterCount {
    /// The value as a job writes it.
    pub value: String,
    /// Tasks that send it.
    pub tasks: u32,
}

/// Where the values of a parameter come from.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterSource {
    /// The job gives it.
    Job,
    /// The job does not give it; this value is always sent.
    Default,
    /// The job gives a secret, which is never shown.
    Secret,
    /// A PIN is drawn for each device when the request is sent.
    Drawn,
}

type Key<'p> = (u16, &'p str, usize, String, ParameterSource);

/// The parameters in the order of steps and of the action table. A new name is among the renames.
pub(super) fn parameters(plan: &Plan) -> Vec<SentParameter> {
    let mut totals: BTreeMap<(u16, &str), u32> = BTreeMap::new();
    let mut found: BTreeMap<Key<'_>, (u32, Values)> = BTreeMap::new();
    for (task, count) in plan.to_do_by_work() {
        *totals.entry((task.step, &task.action)).or_default() += count;
        for (place, name, source, value) in sent(task) {
            let key = (task.step, task.action.as_str(), place, name, source);
            let (tasks, values) = found.entry(key).or_default();
            *tasks += count;
            if let Some(value) = value {
                values.count(value, count);
            }
        }
    }
    let listed = found.into_iter();
    listed
        .map(|((step, action, _, name, source), (tasks, values))| SentParameter {
            step,
            action: action.to_owned(),
            name,
            source,
            tasks,
            of_tasks: totals.get(&(step, action)).copied().unwrap_or(tasks),
            values: values.listed,
        })
        .collect()
}

/// Distinct values with their numbers, in the order in which they were met.
#[derive(Default)]
struct Values {
    listed: Vec<ParameterCount>,
    places: BTreeMap<String, usize>,
}

impl Values {
    fn count(&mut self, value: String, tasks: u32) {
        match self.places.get(&value) {
            Some(at) => self.listed[*at].tasks += tasks,
            None => {
                self.places.insert(value.clone(), self.listed.len());
                self.listed.push(ParameterCount { value, tasks });
            }
        }
    }
}

/// What a task sends: the place in the action table, key, source, and the value where it is no secret.
fn sent(task: &Task) -> Vec<(usize, String, ParameterSource, Option<String>)> {
    let spec = find_action(&task.action).ok();
    let defaults = spec.map(|spec| spec.complete(task.device.platform, &task.params));
    let complete = defaults.as_ref().unwrap_or(&task.params);
    let new_name = spec.and_then(ActionSpec::new_name_param);
    let place = |name: &str| {
        spec.and_then(|spec| spec.params.iter().position(|param| param.key == name))
            .unwrap_or(usize::MAX)
    };
    let mut sent = Vec::new();
    for (name, value) in complete.iter().filter(|(name, _)| new_name != Some(name.as_str())) {
        let source = match value {
            ParamValue::Secret(_) => ParameterSource::Secret,
            _ if task.params.contains_key(name) => ParameterSource::Job,
            _ => ParameterSource::Default,
        };
        let value = (source != ParameterSource::Secret).then(|| value.shown());
        sent.push((place(name), name.clone(), source, value));
    }
    let drawn = spec.and_then(|spec| spec.takes_pin);
    if let Some(name) = drawn.filter(|name| !complete.contains_key(*name))
        && task.device.platform == Platform::Mac
    {
        sent.push((place(name), name.to_owned(), ParameterSource::Drawn, None));
    }
    sent
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sealed;
    use crate::plan::testing::plan;

    fn with(params: &[(&str, ParamValue)]) -> crate::model::Params {
        params.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
    }

    #[test]
    fn equal_values_count_together_and_defaults_are_marked() {
        let mut plan = plan(&[("erase", "a"), ("erase", "b"), ("erase", "c")]);
        plan.tasks[0].params = with(&[("PreserveDataPlan", ParamValue::Bool(false))]);
        let found = parameters(&plan);
        let shown: Vec<_> = found
            .iter()
            .map(|it| {
                (it.name.as_str(), it.source, it.tasks, it.of_tasks, it.values[0].value.as_str())
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("PreserveDataPlan", ParameterSource::Job, 1, 3, "false"),
                ("PreserveDataPlan", ParameterSource::Default, 2, 3, "true"),
            ]
        );
    }

    #[test]
    fn a_secret_has_no_value_and_a_missing_pin_is_drawn_for_macs() {
        let mut plan = plan(&[("erase", "a"), ("erase", "b"), ("erase", "c")]);
        plan.tasks[0].device_mut().platform = Platform::Mac;
        plan.tasks[1].device_mut().platform = Platform::Mac;
        let pin = ParamValue::Secret(Sealed::clear("451273".to_owned()));
        plan.tasks[0].params = with(&[("PIN", pin)]);
        let found = parameters(&plan);
        let pins: Vec<_> = found.iter().filter(|it| it.name == "PIN").collect();
        assert_eq!(
            pins.iter().map(|it| it.source).collect::<Vec<_>>(),
            [ParameterSource::Secret, ParameterSource::Drawn]
        );
        assert!(pins.iter().all(|it| it.values.is_empty() && it.tasks == 1));
        assert!(!serde_json::to_string(&found).expect("JSON").contains("451273"));
    }
}
