//! What rows of a table have in common.
//!
//! Owns which rows share it: those with the same steps in memory, the same tenant and the same origin. Must never compare
//! steps by what they do: that would cost more than it saves.

use std::collections::HashMap;
use std::sync::Arc;

use super::{RowOrigin, RowWork, Step};

/// The last work with each of the steps, by their address.
#[derive(Default)]
pub(super) struct RowWorks(HashMap<*const Step, Arc<RowWork>>);

impl RowWorks {
    /// The work of a row, shared with the row before that has these steps where the rest is the same too.
    pub fn of(
        &mut self,
        tenant: Option<Arc<str>>,
        steps: Arc<[Step]>,
        origin: Option<Arc<RowOrigin>>,
    ) -> Arc<RowWork> {
        let address = steps.as_ptr();
        let last = self.0.get(&address);
        if let Some(last) = last.filter(|last| last.tenant == tenant && last.origin == origin) {
            return Arc::clone(last);
        }
        // What is kept here holds the steps, so that their address is that of no others.
        let work = Arc::new(RowWork { tenant, steps, origin });
        self.0.insert(address, Arc::clone(&work));
        work
    }
}
