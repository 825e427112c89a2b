//! Conditions that a job sets for its runs, as plans and runs keep them.
//!
//! Owns what a retry needs to know of a job that is not read again. Must never hold what a list says: it is read anew.

use serde::{Deserialize, Serialize};

use super::Window;

/// Conditions that a job sets for its runs, even where a flag overrides them: a later retry is held to them again.
///
/// ```
/// use sortie::model::JobConditions;
/// assert_eq!(JobConditions::default().window, None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct JobConditions {
    /// The job's own window.
    pub window: Option<Window>,
    /// Another system's list, without which no device is touched.
    pub require: Option<RequiredList>,
    /// The channels that the job names for its notifications; `None` where it names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notify: Option<Vec<String>>,
}

/// Where another system's list is found, and what it has to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequiredList {
    /// Its file, from the root.
    pub file: String,
    /// The column by which it names devices.
    pub on: String,
    /// How old it may be, in milliseconds.
    pub max_age_ms: Option<u64>,
}
