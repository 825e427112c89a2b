//! Several tenants in one job: one section a tenant, one confirmation for all of them.
//!
//! Owns how sections are prepared, confirmed, driven side by side and reported together. Each section is a whole prepared run
//! with the guards of a single run. Must never start a section that the consent of its group does not name.

pub(crate) mod ended;
pub(crate) mod prepare;
pub(crate) mod prepared_group;
pub(crate) mod question;
pub(crate) mod reason;
pub(crate) mod report;
pub(crate) mod resume;
pub(crate) mod run;
pub(crate) mod set;
pub(crate) mod standing;
