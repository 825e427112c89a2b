//! Guards that a job brings along, as plans and runs keep them.
//!
//! Owns what a retry needs to know of a job that is not read again. Must never hold what a list says: it is read anew.

use serde::{Deserialize, Serialize};

use super::Window;

/// Guards of a job, whatever flags put out of force: work that is repeated later falls under them again.
///
/// ```
/// use sortie::model::JobGuards;
/// assert_eq!(JobGuards::default().window, None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct JobGuards {
    /// The job's own window.
    pub window: Option<Window>,
    /// Another system's list, without which no device is touched.
    pub require: Option<RequiredList>,
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
