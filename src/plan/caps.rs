//! Caps as an organization's policy writes them.
//!
//! Owns the keys of caps as they are written: numbers, shares of a fleet, dated exceptions, maximums. Must never say
//! which of them holds: `cap_rules` does.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use std::collections::BTreeMap;
use std::fmt;

use crate::kandji::find_action;
use crate::model::{Risk, UnixMillis};

/// A share of a fleet is never fewer devices than this: 5 % of a tenant with 20 devices would be one, and every other
/// job would need an exception. A tenant of unknown size counts as one whose share is this.
pub const CAP_FLOOR_DEVICES: u32 = 10;

/// Hundredths of a percent in the whole.
const WHOLE: u32 = 10_000;

/// The table `caps`: by risk, and one action's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Caps {
    /// Of each disruptive action.
    pub disruptive: CapKeys,
    /// Of each irreversible action.
    pub irreversible: CapKeys,
    /// One action's own; what it leaves out is its risk's.
    pub action: BTreeMap<CappedAction, CapKeys>,
}

/// A cap as the policy writes it; what it leaves out is a level's above.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CapKeys {
    /// Devices in one run.
    pub per_run: Option<u32>,
    /// Devices in any 24 hours.
    pub per_day: Option<u32>,
    /// Share of the tenant's devices, for both.
    pub share: Option<Share>,
}

/// The table `maximum`: what an approval may raise a cap to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Maximums {
    /// Of each disruptive action.
    pub disruptive: MaximumKeys,
    /// Of each irreversible action.
    pub irreversible: MaximumKeys,
    /// One action's own; what it leaves out is its risk's.
    pub action: BTreeMap<CappedAction, MaximumKeys>,
}

/// What an approval may raise; what is left out stays as it is.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MaximumKeys {
    /// Devices in one run.
    pub per_run: Option<u32>,
    /// Devices in any 24 hours.
    pub per_day: Option<u32>,
}

/// One `[[exception]]`: one action of one job may reach more devices for a while.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapException {
    /// Name of the job.
    #[serde(deserialize_with = "filled")]
    pub job: String,
    /// The action that the exception is for.
    pub action: CappedAction,
    /// Devices in a run and in a day, for any share of the tenant.
    pub max: u32,
    /// When the exception ends.
    pub until: Deadline,
}

/// The exact name of an action that has caps.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct CappedAction(pub(super) String);

/// A share of the tenant's devices, in hundredths of a percent.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Share(pub(super) u32);

/// The moment from which something holds no more, with how it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// The moment, as parsed.
    pub at: UnixMillis,
    /// How it was written.
    pub(super) written: String,
}

/// Why a value of the policy is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CapError {
    /// No such action, or not by this name.
    #[error("{0}")]
    Name(String),
    /// The action is harmless.
    #[error("{0} is {risk} and cannot have a cap", risk = .1.word())]
    Uncapped(&'static str, Risk),
    /// Not a share.
    #[error("'{0}' is not a share; write more than 0% and at most 100%, such as \"20%\"")]
    Share(String),
}

impl TryFrom<String> for CappedAction {
    type Error = CapError;

    fn try_from(text: String) -> Result<Self, CapError> {
        let action = find_action(&text).map_err(|error| CapError::Name(error.to_string()))?;
        // Two spellings of one action would be two tables, and one of them would hold for nothing.
        if action.name != text {
            let name = action.name;
            return Err(CapError::Name(format!("write '{name}' instead of '{text}' in a policy")));
        }
        match action.risk {
            Risk::Read | Risk::Benign => Err(CapError::Uncapped(action.name, action.risk)),
            Risk::Disruptive | Risk::Irreversible => Ok(Self(action.name.to_owned())),
        }
    }
}

impl TryFrom<String> for Share {
    type Error = CapError;

    fn try_from(text: String) -> Result<Self, CapError> {
        let number = text.trim().strip_suffix('%').and_then(|head| head.trim().parse::<f64>().ok());
        match number {
            // The smallest share that is written is a hundredth of a percent.
            Some(percent) if (0.01..=100.0).contains(&percent) => {
                Ok(Self((percent * 100.0).round() as u32))
            }
            _ => Err(CapError::Share(text)),
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}%", f64::from(self.0) / 100.0)
    }
}

impl Share {
    /// So many devices of a fleet, rounded down, and never under the floor.
    pub(super) fn devices(self, fleet: Option<u32>) -> u32 {
        let part = u64::from(fleet.unwrap_or(0)) * u64::from(self.0) / u64::from(WHOLE);
        u32::try_from(part).unwrap_or(u32::MAX).max(CAP_FLOOR_DEVICES)
    }
}

impl Deadline {
    /// Reads a date, which lasts until its end in UTC, or a moment as RFC 3339.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let at = match text.parse::<jiff::Timestamp>() {
            Ok(moment) => UnixMillis(moment.as_millisecond()),
            // A civil date would also be read from a local time, which is not a moment.
            Err(_) if text.len() == "2026-12-31".len() => {
                let next = text.parse::<Date>().ok()?.tomorrow().ok()?;
                let end = TimeZone::UTC.to_timestamp(next.at(0, 0, 0, 0)).ok()?;
                UnixMillis(end.as_millisecond())
            }
            Err(_) => return None,
        };
        Some(Self { at, written: text.to_owned() })
    }
}

impl<'de> Deserialize<'de> for Deadline {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;
        impl Visitor<'_> for Written {
            type Value = Deadline;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a date like \"2026-12-31\", in quotation marks")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Deadline, E> {
                Deadline::parse(text).ok_or_else(|| {
                    E::custom(format!(
                        "'{text}' is not a date such as 2026-12-31 or a time such as 2026-12-31T18:00:00Z"
                    ))
                })
            }
        }
        deserializer.deserialize_any(Written)
    }
}

/// Reads a text that says something.
fn filled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() {
        return Err(D::Error::custom("the text is empty"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_a_date_or_a_moment() {
        for (text, expected) in [
            ("2026-12-31", Some("2027-01-01T00:00:00.000Z")),
            ("2026-12-31T18:00:00+01:00", Some("2026-12-31T17:00:00.000Z")),
            ("2026-12-31T18:00:00", None),
            ("2026-02-30", None),
            ("soon", None),
            ("", None),
        ] {
            let end = Deadline::parse(text).map(|end| end.at.to_string());
            assert_eq!(end.as_deref(), expected, "{text}");
        }
    }
}
