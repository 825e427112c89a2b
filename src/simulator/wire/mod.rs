//! The wire format of the tenant's API: requests, routes, bodies, pages and answers.
//!
//! Owns the modules of the wire format. Must never hold state of the tenant.

pub(super) mod answers;
pub(super) mod breakage;
pub(super) mod exchange;
pub(super) mod fields;
pub(super) mod pages;
pub(super) mod routes;
pub(super) mod spelling;
