//! Another system's word on which devices may be touched.
//!
//! Owns the list that a job requires, what it says about a device, and how old it may be. Must never let a list that
//! is empty, damaged or too old mean that a device may be touched.

use std::collections::BTreeSet;

use super::{Target, TargetField};
use crate::model::{
    Device, RequiredList, UnixMillis, comparable, human_duration, is_placeholder_serial,
};

/// How far ahead of ours the clock may go that dated a file, in milliseconds: five minutes, as sign-ons allow.
const CLOCK_SKEW_MS_MAX: i64 = 5 * 60_000;

/// What a job requires: that another system's export lists the device.
///
/// ```
/// use sortie::job::{Input, ParseOptions, parse};
/// let text = b"version: 1\naction: restart\ntargets: {all: true}\nrequire: {file: e.csv, on: serial_number}\n";
/// let input = Input { name: "job.yaml", bytes: text };
/// let load = |_: &str| Ok(b"Serial Number,Owner\nC02XK1ABJG5J,jo\n".to_vec());
/// let job = parse(&input, &ParseOptions::default(), &load).expect("a job");
/// let requirement = job.settings.require.expect("it is there");
/// assert_eq!(requirement.listed_count(), 1);
/// assert_eq!(requirement.reason(), "not listed in e.csv");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredDevices {
    /// The export, as the job names it.
    pub file: String,
    /// Where it is, from the root, as far as is known.
    pub path: Option<String>,
    /// By what it names devices: one of the three identities.
    pub on: TargetField,
    /// How old it may be, in milliseconds.
    pub max_age_ms: Option<u64>,
    /// When it was last written, as far as is known. The age of what was read is reckoned from
    /// this, even if the file has changed since.
    pub written_at: Option<UnixMillis>,
    /// What it lists, folded.
    listed: BTreeSet<String>,
}

/// Why an export may not be relied on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AgeError {
    /// It is unknown when it was written.
    #[error("the age of {file} is unknown, and the job allows at most {}", human_duration(*max_age_ms))]
    Unknown {
        /// The export.
        file: String,
        /// What the job allows.
        max_age_ms: u64,
    },
    /// It is older than the job allows.
    #[error("{file} is {} old (written {written_at}), but the job allows at most {}", human_duration(*age_ms), human_duration(*max_age_ms))]
    TooOld {
        /// The export.
        file: String,
        /// When it was written.
        written_at: UnixMillis,
        /// Its age.
        age_ms: u64,
        /// What the job allows.
        max_age_ms: u64,
    },
    /// It was written later than now.
    #[error("{file} is dated {written_at}, {} in the future, so its age is unknown; the job allows at most {}", human_duration(*ahead_ms), human_duration(*max_age_ms))]
    Future {
        /// The export.
        file: String,
        /// When it says that it was written.
        written_at: UnixMillis,
        /// How far that lies ahead.
        ahead_ms: u64,
        /// What the job allows.
        max_age_ms: u64,
    },
}

impl RequiredDevices {
    /// A requirement on a list of targets; `None` when none of them says what devices are required by.
    pub(super) fn new<'t>(
        file: &str,
        on: TargetField,
        max_age_ms: Option<u64>,
        targets: impl IntoIterator<Item = &'t Target>,
    ) -> Option<Self> {
        let listed: BTreeSet<String> = targets
            .into_iter()
            .filter_map(|target| Some(comparable(on.of_target(target)?)))
            .collect();
        if listed.is_empty() {
            return None;
        }
        Some(Self { file: file.to_owned(), path: None, on, max_age_ms, written_at: None, listed })
    }

    /// Whether the export lists the device. Serial numbers and addresses are compared whole and without regard to
    /// case; a device without one is not listed.
    #[must_use]
    pub fn lists(&self, device: &Device) -> bool {
        self.on.of_device(device).is_some_and(|text| self.listed.contains(&comparable(text)))
    }

    /// What a plan keeps of it, so that the export can be read again.
    #[must_use]
    pub fn kept(&self) -> RequiredList {
        RequiredList {
            file: self.path.clone().unwrap_or_else(|| self.file.clone()),
            on: self.on.word().to_owned(),
            max_age_ms: self.max_age_ms,
        }
    }

    /// How many devices the export lists, each counted once.
    #[must_use]
    pub fn listed_count(&self) -> usize {
        self.listed.len()
    }

    /// Why a device is left out that is not listed.
    #[must_use]
    pub fn reason(&self) -> String {
        format!("not listed in {}", self.file)
    }

    /// Whether the export is recent enough at `now`. One without a limit of age always is.
    ///
    /// # Errors
    /// [`AgeError`] says what is wrong with its age.
    pub fn check_age(&self, now: UnixMillis) -> Result<(), AgeError> {
        let Some(max_age_ms) = self.max_age_ms else { return Ok(()) };
        let file = self.file.clone();
        let Some(written_at) = self.written_at else {
            return Err(AgeError::Unknown { file, max_age_ms });
        };
        let age_ms = now.remaining_ms(written_at);
        if age_ms > max_age_ms {
            return Err(AgeError::TooOld { file, written_at, age_ms, max_age_ms });
        }
        if written_at.since(now) > CLOCK_SKEW_MS_MAX {
            let ahead_ms = written_at.remaining_ms(now);
            return Err(AgeError::Future { file, written_at, ahead_ms, max_age_ms });
        }
        Ok(())
    }
}

impl TargetField {
    /// What a target says of this identity.
    fn of_target(self, target: &Target) -> Option<&str> {
        match self {
            Self::DeviceId => target.device_id.as_ref().map(|id| id.as_str()),
            Self::SerialNumber => target.serial_number.as_deref(),
            Self::UserEmail => target.user_email.as_deref(),
            Self::DeviceName | Self::AssetTag => None,
        }
    }

    /// What a device says of this identity; `None` where it says nothing.
    fn of_device(self, device: &Device) -> Option<&str> {
        let text = match self {
            Self::DeviceId => device.id.as_str(),
            Self::SerialNumber => device.serial_number.as_str(),
            Self::UserEmail => device.user_email.as_str(),
            Self::DeviceName | Self::AssetTag => "",
        };
        let is_placeholder = self == Self::SerialNumber && is_placeholder_serial(text);
        (!text.is_empty() && !is_placeholder).then_some(text)
    }
}
