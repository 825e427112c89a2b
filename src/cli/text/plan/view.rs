//! What a plan is shown with.
//!
//! Owns the inputs of the text. Must never compute a fact of the plan: that is the overview's.

use crate::app::charging::Used;
use crate::model::UnixMillis;
use crate::plan::{PlanFile, PlanOverview};

/// How much of long lists is shown.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum PlanExtent {
    /// Some of each.
    #[default]
    Short,
    /// All.
    Full,
}

impl PlanExtent {
    /// The extent that the flag `--full` asks for.
    pub(crate) fn of_flag(is_full: bool) -> Self {
        if is_full { Self::Full } else { Self::Short }
    }
}

/// What is known about a plan besides its file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Around {
    /// Requests that making the plan took; 0 for a plan from a file.
    pub reads: u64,
    /// What named the address, the profile, and where the token comes from now.
    pub reached_by: String,
    /// The proxy on the way to the tenant.
    pub proxy: Option<String>,
    /// The state directory whose caps and runs count, on which host; empty where none does.
    pub place: String,
    /// The policy file, or that the built-in rules apply.
    pub policy: String,
    /// What is used of the caps of the day.
    pub used: Vec<Used>,
}

/// A plan and what it is shown with.
pub(crate) struct PlanView<'a> {
    pub file: &'a PlanFile,
    pub overview: PlanOverview,
    pub around: &'a Around,
    pub extent: PlanExtent,
    /// Ages count from here.
    pub now: UnixMillis,
    /// A check refuses the plan, so there is nothing to confirm.
    pub is_refused: bool,
}

impl<'a> PlanView<'a> {
    pub(crate) fn new(
        file: &'a PlanFile,
        around: &'a Around,
        extent: PlanExtent,
        now: UnixMillis,
    ) -> Self {
        Self { file, overview: PlanOverview::of(file), around, extent, now, is_refused: false }
    }

    /// Notes whether a check refuses the plan.
    pub(crate) fn refused(self, is_refused: bool) -> Self {
        Self { is_refused, ..self }
    }

    /// It is shown to its approver, who knows nothing but the file.
    pub(super) fn is_approval(&self) -> bool {
        self.around.place.is_empty()
    }
}
