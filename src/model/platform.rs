//! What kind of device it is.
//!
//! Owns the platforms and their spellings. Must never know what an action can do on one.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What kind of device it is, in the API's words.
#[derive(
    Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Platform {
    /// `Mac`
    Mac,
    /// `iPhone`
    #[serde(rename = "iPhone")]
    IPhone,
    /// `iPad`, Shared iPads included
    #[serde(rename = "iPad")]
    IPad,
    /// `AppleTV`
    #[serde(rename = "AppleTV")]
    AppleTv,
    /// `Vision`; the API's spelling was never published, several are understood
    Vision,
    /// `Windows`
    Windows,
    /// `Android`
    Android,
    /// Anything else, the empty text included
    #[default]
    Unknown,
}

impl Platform {
    /// All platforms that can be named in a job.
    pub const ALL: [Self; 7] = [
        Self::Mac,
        Self::IPhone,
        Self::IPad,
        Self::AppleTv,
        Self::Vision,
        Self::Windows,
        Self::Android,
    ];

    /// Reads a platform without regard to case and spaces.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let folded: String =
            text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        match folded.as_str() {
            "mac" | "macos" => Self::Mac,
            "iphone" => Self::IPhone,
            "ipad" => Self::IPad,
            "appletv" => Self::AppleTv,
            "vision" | "visionpro" | "applevision" | "applevisionpro" => Self::Vision,
            "windows" => Self::Windows,
            "android" => Self::Android,
            _ => Self::Unknown,
        }
    }

    /// The platform as the API spells it in device records, such as `Mac` or `iPhone`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Mac => "Mac",
            Self::IPhone => "iPhone",
            Self::IPad => "iPad",
            Self::AppleTv => "AppleTV",
            Self::Vision => "Vision",
            Self::Windows => "Windows",
            Self::Android => "Android",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the device uses Apple's MDM protocol, which is what the command history covers.
    #[must_use]
    pub fn is_apple(self) -> bool {
        !matches!(self, Self::Windows | Self::Android | Self::Unknown)
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}
