//! PINs and other secrets of runs.
//!
//! Owns their sealing, their custody and their recovery. Must never show one unasked.

mod age;
mod compared_pin;
pub(crate) mod custody;
pub(crate) mod known_pins;
mod pins_found;
mod pins_recovery;
mod pins_search;
pub(crate) mod pins_shown;
mod pins_verification;
mod reason;
pub(crate) mod recovered_pin;
pub(crate) mod sealing;

pub use compared_pin::{ComparedPin, PinComparison, PinsCompared};
pub use custody::SecretsStorage;
pub use pins_found::{
    FoundPin, FoundSecret, HiddenValue, PinLack, PinProvenance, TaskPins, WhyClosed,
};
pub use pins_recovery::{RecoveryEnd, RecoveryRequest};
pub use pins_search::PinsRequest;
pub use pins_shown::{PinsViewer, RevealedValue, ShownAs};
pub use reason::{IdentityFault, KeyFault, KeyPlace, SecretsReason};
pub use recovered_pin::{PinRecovery, RecoveredPin};
pub use sealing::Recipients;
