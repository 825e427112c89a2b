//! The filter that flags describe.
//!
//! Owns the names of the flags. What a filter means is the job's.

use super::failure::Failure;
use super::options::FilterOptions;
use crate::job::{Filter, read_filter_pair};

/// Reads the filter that flags describe.
pub(crate) fn read_filter(options: &FilterOptions) -> Result<Filter, Failure> {
    let mut filter = Filter::default();
    let lists = [
        ("platform", &options.platform),
        ("blueprint", &options.blueprint),
        ("tag", &options.tag),
        ("name_like", &options.name_like),
        ("os_version", &options.os_version),
    ];
    let single = [
        ("checked_in_within", &options.checked_in_within),
        ("not_checked_in_for", &options.not_checked_in_for),
        ("enrolled_within", &options.enrolled_within),
        ("enrolled_for", &options.enrolled_for),
        ("agent", &options.agent),
        ("filevault", &options.filevault),
        ("supervised", &options.supervised),
        ("activation_lock", &options.activation_lock),
    ];
    let pairs = lists
        .into_iter()
        .flat_map(|(key, values)| values.iter().map(move |value| (key, value)))
        .chain(single.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?))));
    for (key, value) in pairs {
        read_filter_pair(&mut filter, key, value)
            .map_err(|error| Failure::usage(format!("--{}: {error}", key.replace('_', "-"))))?;
    }
    Ok(filter)
}
