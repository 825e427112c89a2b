//! Reading addresses, signing secrets and passwords of channels.
//!
//! Owns how each place is read: as tokens are. Must never show what was read, nor keep it for longer than a delivery.

use super::channel::SecretPlace;
use super::fault::DeliveryFault;
use super::setup::Notifications;
use crate::app::files::private_file::read_private_file;
use crate::app::tenant::secret_of_command;
use crate::model::Sealed;

/// Reads a secret. `what` begins the key that names its place: `url`, `secret` or `password`.
pub(super) fn read_secret(
    setup: &Notifications,
    what: &str,
    place: &SecretPlace,
) -> Result<Sealed, DeliveryFault> {
    let fault =
        |why: String| DeliveryFault::Secret { key: format!("{what}_{}", place.word()), why };
    let secret = match place {
        SecretPlace::Variable(name) => (setup.read_variable)(name)
            .ok_or_else(|| fault(format!("the variable {name} is not set")))?,
        SecretPlace::File(path) => Sealed::clear(
            read_private_file(path).map_err(|error| fault(format!("the file {error}")))?,
        ),
        SecretPlace::Command(line) => Sealed::clear(
            secret_of_command(line, &setup.hidden_variables)
                // The error is shared with token commands.
                .map_err(|error| {
                    fault(error.to_string().replace("the token command", "the command"))
                })?,
        ),
    };
    match secret.expose().is_none_or(|text| text.trim().is_empty()) {
        true => Err(fault("it is empty".to_owned())),
        false => Ok(secret),
    }
}
