//! What can be read of one device besides its row: details, status, apps.
//!
//! Owns their paths, and which answers are theirs. Must never ask for a secret.

use serde_json::Value;

use super::actions::LIST_BODY_BYTES_MAX;
use super::body::{complaint, json};
use super::path::device_path;
use crate::model::wire::{Method, Reply, Request};
use crate::model::{DeviceId, Repeat};

/// A part of what the tenant knows about a device.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeviceSection {
    /// Hardware, volumes, users, profiles, FileVault, supervision, Activation Lock.
    Details,
    /// Library items and parameters with their states.
    Status,
    /// Installed apps.
    Apps,
}

impl DeviceSection {
    /// All sections, in the order of an export.
    pub const ALL: [Self; 3] = [Self::Details, Self::Status, Self::Apps];

    /// Its word on the command line, in files, and where requests are counted.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Details => "details",
            Self::Status => "status",
            Self::Apps => "apps",
        }
    }

    /// The section with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|section| section.word() == word)
    }

    /// What the tenant's settings call the permission to read it. Details are documented; the others are inferred from
    /// the names of their requests.
    #[must_use]
    pub fn permission(self) -> &'static str {
        match self {
            Self::Details => "Device details",
            Self::Status => "Device status",
            Self::Apps => "Device apps",
        }
    }

    /// The request for it. Each lists as much as a device has, so an answer may be long.
    #[must_use]
    pub fn request(self, device: &DeviceId) -> Request {
        Request {
            method: Method::Get,
            path_and_query: device_path(device, &format!("/{}", self.word())),
            body: None,
            repeat: Repeat::Safe,
            body_bytes_max: LIST_BODY_BYTES_MAX,
        }
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// What the answer is instead, for anything but a 200 with an object that has the keys of the section.
    pub fn read(self, reply: &Reply) -> Result<Value, String> {
        let said = || super::unusable(reply, self.expected());
        if reply.status != 200 {
            return Err(said());
        }
        match json(&reply.body) {
            Ok(body @ Value::Object(_))
                if complaint(&reply.body).is_none() && self.has_its_keys(&body) =>
            {
                Ok(body)
            }
            _ => Err(said()),
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Self::Details => "the details of a device",
            Self::Status => "the status of a device",
            Self::Apps => "the apps of a device",
        }
    }

    /// Whether an object is this section. Of details no key is common to all platforms and ages of the API.
    fn has_its_keys(self, body: &Value) -> bool {
        match self {
            Self::Details => true,
            Self::Status => body["library_items"].is_array() || body["parameters"].is_array(),
            Self::Apps => body["apps"].is_array(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        Reply { status, body: body.as_bytes().to_vec(), ..Reply::default() }
    }

    #[test]
    fn answers_of_another_form_are_not_taken() {
        for (section, body) in [
            (DeviceSection::Details, r#"{"general":{"device_id":"a"}}"#),
            (DeviceSection::Status, r#"{"device_id":"a","library_items":[],"parameters":[]}"#),
            (DeviceSection::Apps, r#"{"device_id":"a","apps":[{"app_name":"Safari"}]}"#),
        ] {
            assert!(section.read(&reply(200, body)).is_ok(), "{section:?}");
            for (status, body) in [
                (404, body),
                (403, r#"{"detail":"You do not have permission to perform this action."}"#),
                (200, "<html>Log in</html>"),
                (200, r#"{"detail":"Not found."}"#),
                (200, "[]"),
                (200, ""),
            ] {
                let error = section.read(&reply(status, body)).expect_err(body);
                assert!(!error.is_empty(), "{section:?} {status} {body}");
            }
            assert_eq!(DeviceSection::parse(section.word()), Some(section));
        }
        assert!(DeviceSection::Apps.read(&reply(200, r#"{"library_items":[]}"#)).is_err());
        assert!(DeviceSection::Status.read(&reply(200, r#"{"apps":[]}"#)).is_err());
    }
}
