//! Files that bind people, in words.
//!
//! Owns what to do about them; what is wrong they say themselves, because it is recorded as well. Must never show what stands in
//! such a file.

use super::words::Words;
use crate::app::BindingFileReason;

pub(super) fn binding_file(reason: &BindingFileReason) -> Words {
    let next = match reason {
        BindingFileReason::NotBelieved { path, .. } => format!(
            "look at what it says; then, as root: chown root '{0}' && chmod go-w '{0}'",
            path.display()
        ),
        BindingFileReason::Unreadable { .. } => {
            "it binds whoever works here: make it readable, or have its owner take it away".to_owned()
        }
        BindingFileReason::TooLarge { .. } => "make it smaller".to_owned(),
        BindingFileReason::Invalid { .. } => {
            "correct the policy; until then nothing is planned or sent, because nobody knows what it forbids"
                .to_owned()
        }
    };
    Words::new(reason.to_string(), next)
}
