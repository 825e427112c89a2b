//! A job for a scheduler: from its facts to the text of its files.
//!
//! Owns the texts. They are pure: the same facts give the same bytes. Must never hold a token.

mod cron;
mod files;
mod launchd;
mod quoting;
mod remarks;
mod systemd;
#[cfg(test)]
mod testing;
mod unit;

pub(crate) use files::files;
pub(crate) use unit::{SCHEDULERS, ScheduledUnit, Scheduler, UnitFile, UnitFlaw, UnitToken};
