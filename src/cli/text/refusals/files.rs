//! Files that bind people, in words.
//!
//! Owns what to do about them; what is wrong they say themselves, because it is also recorded. Must never show what stands in
//! these files.

use super::words::Words;
use crate::app::BindingFileReason;

pub(super) fn binding_file(reason: &BindingFileReason) -> Words {
    let next = match reason {
        BindingFileReason::NotBelieved { path, .. } => format!(
            "check its content, then run as root:\n  chown root '{0}' && chmod go-w '{0}'",
            path.display()
        ),
        BindingFileReason::Unreadable { .. } => {
            "the policy applies to every user of this host: make it readable, or ask its owner to remove it".to_owned()
        }
        BindingFileReason::TooLarge { .. } => "shorten the file".to_owned(),
        BindingFileReason::Invalid { .. } => {
            "correct the policy; sortie plans and sends nothing until the policy can be read"
                .to_owned()
        }
    };
    Words::new(reason.to_string(), next)
}
