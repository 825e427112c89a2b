//! Paths that name a device, and texts in queries.
//!
//! Owns the only place where a text from outside becomes part of a path. Invariant: an id is one segment of the path,
//! with any content. Must never leave anything in it that a server or a client could take for a separator.

use crate::model::DeviceId;

/// The path of a device, with what follows its id: `/details`, or nothing.
pub(super) fn device_path(device: &DeviceId, suffix: &str) -> String {
    format!("/api/v1/devices/{}{suffix}", percent_encode(device.as_str(), b"-"))
}

/// A text as the value of a query: everything is escaped but letters, digits and `-._~`.
pub(super) fn query_value(text: &str) -> String {
    percent_encode(text, b"-._~")
}

fn percent_encode(text: &str, plain: &[u8]) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::super::{
        ACTIONS, commands_request, details_request, device_by_id, pin_request, secret_request,
    };
    use super::*;
    use crate::model::{Params, SecretSource};

    #[test]
    fn any_id_is_one_segment_of_every_path() {
        for text in
            ["d2b2eafe-2dc2-4b13-bd2b-f93735f0e59f/action/erase?x=", "../../devices", "a#b%2f"]
        {
            let id = DeviceId::from_api(text);
            let mut requests = vec![
                device_by_id(&id),
                details_request(&id),
                pin_request(&id),
                commands_request(&id, 0),
                secret_request(&id, SecretSource::FilevaultKey),
            ];
            requests.extend(ACTIONS.map(|action| action.request(&id, &Params::new())));
            for request in requests {
                let path = request.path_and_query.strip_prefix("/api/v1/devices/").expect(text);
                let segment = path.split(['/', '?', '#']).next().unwrap_or_default();
                assert!(segment.contains('%') && !segment.contains('.'), "{path}");
                assert_eq!(segment, percent_encode(text, b"-"), "{path}");
            }
        }
    }
}
