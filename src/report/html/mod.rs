//! `report.html`: a run as one page, for people.
//!
//! Owns this one format; its parts are folds over the rows, its layout is a template. Invariant: the page loads nothing,
//! every text in it is escaped, and it shows a PIN only on request.

mod attention;
mod bar;
mod columns;
mod curve;
mod headline;
mod page;
mod requests;
mod tenants;
mod waves;
mod words;

pub use page::ReportHtml;
