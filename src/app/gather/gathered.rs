//! Sections of devices that were gathered.
//!
//! Owns reading them back, one device after the other: a fleet's are larger than memory. Must never mix up two devices.

use std::collections::BTreeMap;

use serde_json::Value;

use super::kept_file::KeptFile;
use super::reason::GatherReason;
use crate::drive::SectionRead;
use crate::kandji::DeviceSection;
use crate::model::{DeviceId, UnixMillis};

/// A section of a device that was not read, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionFailure {
    /// The device.
    pub device: DeviceId,
    /// The section.
    pub section: DeviceSection,
    /// What the answer was instead.
    pub error: String,
}

/// What was gathered of one device.
#[derive(Clone, Debug, Default)]
pub struct GatheredDevice {
    /// Its sections, as the tenant wrote them.
    pub sections: BTreeMap<DeviceSection, Value>,
    /// When the oldest of them was read.
    pub gathered_at: Option<UnixMillis>,
    /// Sections that were not read, each with the reason.
    pub errors: Vec<(DeviceSection, String)>,
}

/// What was gathered.
#[derive(Debug)]
pub struct Gathered {
    file: KeptFile,
    sections: Vec<DeviceSection>,
    /// Sections that were not read. A later gather asks for them again.
    pub failures: Vec<SectionFailure>,
}

impl Gathered {
    pub(super) fn new(
        file: KeptFile,
        sections: Vec<DeviceSection>,
        failures: Vec<SectionFailure>,
    ) -> Self {
        Self { file, sections, failures }
    }

    /// What was gathered, in the order of the columns.
    #[must_use]
    pub fn sections(&self) -> &[DeviceSection] {
        &self.sections
    }

    /// Reads what was gathered of a device.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn device(&mut self, id: &DeviceId) -> Result<GatheredDevice, GatherReason> {
        let mut found = GatheredDevice::default();
        for section in &self.sections {
            let read = SectionRead { device: id.clone(), section: *section };
            if let Some((at, body)) = self.file.body(&read)? {
                found.gathered_at = Some(found.gathered_at.map_or(at, |oldest| oldest.min(at)));
                found.sections.insert(*section, body);
            }
        }
        let of_device = self.failures.iter().filter(|failure| failure.device == *id);
        found.errors = of_device.map(|it| (it.section, it.error.clone())).collect();
        Ok(found)
    }
}
