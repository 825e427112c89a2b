//! Data of the application in words.
//!
//! Owns the texts. Must never decide anything.

pub(crate) mod audit;
pub(crate) mod cron_hint;
pub(crate) mod diagnostics;
pub(crate) mod pin_news;
pub(crate) mod pins;
pub(crate) mod plan;
