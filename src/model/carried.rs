//! Columns of a job that its report carries on.
//!
//! Owns how they are kept: once for all tasks of a row. Must never change a cell.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ops::Deref;
use std::sync::Arc;

use super::SharedText;

/// Names and cells of the columns that mean nothing to a job, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried(Option<Arc<Vec<(SharedText, SharedText)>>>);

impl Carried {
    /// The same without the columns of which this holds.
    #[must_use]
    pub fn without(&self, holds: impl Fn(&str) -> bool) -> Self {
        match self.iter().any(|(name, _)| holds(name)) {
            true => self.iter().filter(|(name, _)| !holds(name)).cloned().collect(),
            false => self.clone(),
        }
    }
}

impl<const N: usize> PartialEq<[(&str, &str); N]> for Carried {
    fn eq(&self, other: &[(&str, &str); N]) -> bool {
        let cells = self.iter().map(|(name, cell)| (name.as_str(), cell.as_str()));
        cells.eq(other.iter().copied())
    }
}

impl Deref for Carried {
    type Target = [(SharedText, SharedText)];

    fn deref(&self) -> &Self::Target {
        self.0.as_ref().map_or(&[], |cells| cells.as_slice())
    }
}

impl<N: Into<SharedText>, C: Into<SharedText>> FromIterator<(N, C)> for Carried {
    fn from_iter<I: IntoIterator<Item = (N, C)>>(cells: I) -> Self {
        let cells: Vec<(SharedText, SharedText)> =
            cells.into_iter().map(|(name, cell)| (name.into(), cell.into())).collect();
        Self((!cells.is_empty()).then(|| Arc::new(cells)))
    }
}

impl Serialize for Carried {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.deref().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Carried {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<(SharedText, SharedText)>::deserialize(deserializer)?.into_iter().collect())
    }
}
