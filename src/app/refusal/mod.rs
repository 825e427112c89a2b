//! Why sortie did not do something, as data.
//!
//! Owns the form of a refusal: reason with its facts, class, next steps, and what had been sent by then. Each part of the
//! application has a type of reasons beside the code that refuses. Must never hold a sentence or an exit code, and never
//! say what was sent by default: a [`Reason`] claims nothing, only a [`Refusal`], which leaves the application, has to.

mod class;
mod conversions;
mod facts;
mod next;
mod reason;
mod sent;

pub use class::RefusalClass;
pub use facts::RefusalFacts;
pub use next::NextStep;
pub use reason::{LeftOutTenant, Reason, TenantsRefused, VoidApproval};
pub use sent::{BeforeSending, Refusal, Sent};
