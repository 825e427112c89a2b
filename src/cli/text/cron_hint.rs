//! The few lines of YAML that let cron run what a person would have to confirm.
//!
//! Owns their form. They set limits where a reviewer can see them, and then `--yes` is enough. Must never offer them for work that
//! cannot be undone.

use std::path::Path;

use crate::cli::options::JobOptions;
use crate::model::Risk;
use crate::plan::PlanFile;

/// Room for more devices, in percent: a lab grows, and a fleet would be a mistake.
const ROOM_PERCENT: usize = 10;

/// The lines, where the plan comes from a CSV file of one action.
pub(crate) fn wrapped(options: &JobOptions, file: &PlanFile) -> Option<String> {
    if file.plan.risk() != Risk::Disruptive || file.wrapping.is_whole() || options.job == "-" {
        return None;
    }
    let mut actions: Vec<&str> = file.plan.to_do().map(|task| task.action.as_str()).collect();
    actions.sort_unstable();
    actions.dedup();
    let [action] = actions[..] else { return None };
    let path = Path::new(&options.job);
    let is_yaml = path.extension().is_some_and(|it| it == "yaml" || it == "yml");
    let devices = file.plan.devices();
    let most = devices + (devices * ROOM_PERCENT).div_ceil(100);
    if is_yaml {
        return Some(format!(
            "for cron, add these limits to {} and give --yes:\n\
             \u{20}   limits: {{ max_devices: {most} }}\n\u{20}   send_until: 2h",
            options.job
        ));
    }
    let name = path.file_stem()?.to_string_lossy().into_owned();
    let csv = path.file_name()?.to_string_lossy().into_owned();
    let ignore = match &options.action {
        Some(_) => String::new(),
        None => " --ignore-column action".to_owned(),
    };
    Some(format!(
        "for cron, save this as {name}.yaml beside {csv} and run it with --yes{ignore}:\n\
         \u{20}   version: 1\n\
         \u{20}   name: {name}\n\
         \u{20}   targets: {{ file: {csv} }}\n\
         \u{20}   action: {action}\n\
         \u{20}   limits: {{ max_devices: {most} }}\n\
         \u{20}   send_until: 2h"
    ))
}
