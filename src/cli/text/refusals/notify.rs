//! Requests about notifications that are refused, in words.
//!
//! Owns the words. Must never show an address or a secret.

use super::words::Words;
use crate::app::NotifyReason;
use crate::model::nearest;

pub(crate) fn notify(reason: &NotifyReason) -> Words {
    match reason {
        NotifyReason::UnknownChannel { channel, profile, known } => {
            let owner = match profile.as_str() {
                "" => "no profile is in use, so there is".to_owned(),
                profile => format!("profile {profile} has"),
            };
            let near = nearest(channel, known.iter().map(String::as_str));
            let next = match (near, known.is_empty()) {
                (Some(near), _) => format!("did you mean '{near}'?"),
                (None, true) => {
                    "add the channel to the profile:\n  sortie help notifications".to_owned()
                }
                (None, false) => format!("its channels are {}", known.join(", ")),
            };
            Words::new(
                format!("{owner} no notification channel '{channel}'"),
                format!("{next}\nrun without notifications with: --no-notify"),
            )
        }
        NotifyReason::MailNotBuilt { channel } => Words::new(
            format!("channel {channel} sends e-mail, and this build has no support for it"),
            "install a build with the feature 'mail', or run with: --no-notify",
        ),
        NotifyReason::NotStarted { why } => {
            Words::new(format!("notifications cannot be sent: {why}"), "")
        }
    }
}
