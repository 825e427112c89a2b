//! What happens while the application works, for any number of observers.
//!
//! Owns the stream. Must never carry a secret, and never wait for an observer that reads slowly: observers return at once.

mod event;
mod run;
mod stream;

pub use event::{AppEvent, Leftover, NoticeFailure};
pub use run::{GroupBegins, PinFact, RunAdvanced, RunBegins, RunNews, SeenEntry, SeenTask};
pub use stream::Events;
