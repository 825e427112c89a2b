//! Reading sections of many devices: their details, status and apps.
//!
//! Owns when an answer is about one device, and when it ends the reading. Invariant: each read is made once and its result
//! is handed over before the next one is judged, so that a caller can keep it. Must never keep anything itself.

use std::cell::Cell;
use std::collections::BTreeMap;

use futures::StreamExt;
use serde_json::Value;

use super::clock::Clock;
use super::details::DetailsRead;
use super::reads::{ReadError, Reads};
use crate::kandji::{DeviceSection, details_in};
use crate::model::DeviceId;
use crate::transport::Transport;

/// After so many devices in a row without a usable answer the tenant is not asked further: each read has been repeated
/// for a while.
const USELESS_IN_A_ROW_MAX: u32 = 10;
/// After so many refusals of a section that no device has answered, the token lacks its permission.
const FORBIDDEN_MAX: u32 = 3;

/// One section of one device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SectionRead {
    /// The device.
    pub device: DeviceId,
    /// What is read of it.
    pub section: DeviceSection,
}

/// Why the reading ended before all was read.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    /// The tenant cannot be read: no connection, no quota, a token that is no longer valid.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The token may not read this section of any device.
    #[error("{error}")]
    Forbidden {
        /// The section.
        section: DeviceSection,
        /// What the tenant said.
        error: String,
    },
    /// One device after the other gave no usable answer.
    #[error("{count} devices in a row gave no usable answer: {error}")]
    Useless {
        /// Number of devices.
        count: u32,
        /// What the last answer was.
        error: String,
    },
}

/// Reads these sections side by side. `keep` gets each of them, or why it was not read.
///
/// # Errors
/// [`GatherError`], or what `keep` says. What was handed over before stays read.
pub async fn gather<T: Transport, C: Clock, E: From<GatherError>>(
    reads: &Reads<T, C>,
    wanted: &[SectionRead],
    mut keep: impl FnMut(&SectionRead, Result<Value, String>) -> Result<(), E>,
) -> Result<(), E> {
    let is_over = Cell::new(false);
    let mut answers = futures::stream::iter(wanted)
        .take_while(|_| std::future::ready(!is_over.get()))
        .map(|wanted| async move {
            let request = wanted.section.request(&wanted.device);
            let answer = reads.read(&request, wanted.section.word()).await;
            (wanted, answer.map(|reply| wanted.section.read(&reply)))
        })
        .buffered(reads.at_once());
    let mut judgment = Judgment::default();
    let mut ended = None;
    while let Some((wanted, answer)) = answers.next().await {
        if is_over.get() {
            // It was on its way, and is not asked for twice.
            if let Ok(read @ Ok(_)) = answer {
                keep(wanted, read)?;
            }
            continue;
        }
        match judgment.judge(wanted.section, answer) {
            Ok(read) => keep(wanted, read)?,
            Err(error) => {
                ended = Some(error);
                is_over.set(true);
            }
        }
    }
    Ok(ended.map_or_else(|| judgment.end(), Err)?)
}

/// Reads the details that decide about devices. One that is not found or gives no usable answer is left out.
///
/// # Errors
/// [`GatherError`].
pub async fn read_deciding_details<T: Transport, C: Clock>(
    reads: &Reads<T, C>,
    devices: &[DeviceId],
) -> Result<DetailsRead, GatherError> {
    let section = DeviceSection::Details;
    let wanted: Vec<SectionRead> =
        devices.iter().map(|device| SectionRead { device: device.clone(), section }).collect();
    let mut read = DetailsRead::default();
    let mut reason = None;
    let keep = |wanted: &SectionRead, body: Result<Value, String>| {
        match body {
            Ok(body) => read.devices.push((wanted.device.clone(), details_in(&body))),
            Err(error) => drop(reason.get_or_insert(error)),
        }
        Ok::<(), GatherError>(())
    };
    gather(reads, &wanted, keep).await?;
    read.note = reason.map(|reason| {
        let missing = devices.len() - read.devices.len();
        format!("cannot read the details of {missing} of the devices ({reason})")
    });
    Ok(read)
}

/// What the answers so far say of the tenant.
#[derive(Default)]
struct Judgment {
    sections: BTreeMap<DeviceSection, Tally>,
    useless: u32,
}

#[derive(Default)]
struct Tally {
    answered: u32,
    forbidden: Option<(u32, String)>,
}

impl Judgment {
    /// What an answer says of its device.
    ///
    /// # Errors
    /// It says something about all devices.
    fn judge(
        &mut self,
        section: DeviceSection,
        answer: Result<Result<Value, String>, ReadError>,
    ) -> Result<Result<Value, String>, GatherError> {
        let tally = self.sections.entry(section).or_default();
        match answer {
            Ok(read) => {
                // A device that is not found is an answer too: the token may read the section.
                tally.answered += 1;
                self.useless = 0;
                Ok(read)
            }
            Err(ReadError::Forbidden(text)) => {
                let error = ReadError::Forbidden(text).to_string();
                let (count, _) = tally.forbidden.get_or_insert((0, error.clone()));
                *count += 1;
                if *count >= FORBIDDEN_MAX && tally.answered == 0 {
                    return Err(GatherError::Forbidden { section, error });
                }
                Ok(Err(error))
            }
            Err(error @ (ReadError::Unusable(_) | ReadError::OtherDevice(_))) => {
                self.useless += 1;
                let (count, error) = (self.useless, error.to_string());
                if count >= USELESS_IN_A_ROW_MAX {
                    return Err(GatherError::Useless { count, error });
                }
                Ok(Err(error))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// After the last answer: a section that only refused is refused for all devices.
    fn end(self) -> Result<(), GatherError> {
        for (section, tally) in self.sections {
            if let (0, Some((_, error))) = (tally.answered, tally.forbidden) {
                return Err(GatherError::Forbidden { section, error });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forbidden() -> Result<Result<Value, String>, ReadError> {
        Err(ReadError::Forbidden("no".to_owned()))
    }

    fn unusable() -> Result<Result<Value, String>, ReadError> {
        Err(ReadError::Unusable("HTTP 500".to_owned()))
    }

    #[test]
    fn a_section_that_no_device_answers_ends_the_reading() {
        let mut judgment = Judgment::default();
        assert!(judgment.judge(DeviceSection::Details, Ok(Ok(Value::Null))).is_ok());
        for _ in 1..FORBIDDEN_MAX {
            assert!(judgment.judge(DeviceSection::Status, forbidden()).expect("so far").is_err());
        }
        let ended = judgment.judge(DeviceSection::Status, forbidden());
        let section = DeviceSection::Status;
        assert!(
            matches!(ended, Err(GatherError::Forbidden { section: found, .. }) if found == section)
        );
        let mut few = Judgment::default();
        assert!(few.judge(section, forbidden()).is_ok());
        assert!(few.end().is_err(), "it is refused for all of the one device");
    }

    #[test]
    fn single_refusals_are_about_their_devices() {
        let mut judgment = Judgment::default();
        assert!(judgment.judge(DeviceSection::Apps, Ok(Ok(Value::Null))).is_ok());
        for _ in 0..FORBIDDEN_MAX * 2 {
            assert!(judgment.judge(DeviceSection::Apps, forbidden()).expect("goes on").is_err());
        }
        assert!(judgment.end().is_ok());
    }

    #[test]
    fn useless_answers_end_it_only_in_a_row() {
        let mut judgment = Judgment::default();
        let section = DeviceSection::Details;
        for _ in 0..3 {
            for _ in 1..USELESS_IN_A_ROW_MAX {
                assert!(judgment.judge(section, unusable()).expect("goes on").is_err());
            }
            let not_found = Ok(Err("HTTP 404".to_owned()));
            assert!(judgment.judge(section, not_found).expect("an answer").is_err());
        }
        for _ in 1..USELESS_IN_A_ROW_MAX {
            assert!(judgment.judge(section, unusable()).is_ok());
        }
        assert!(matches!(judgment.judge(section, unusable()), Err(GatherError::Useless { .. })));
    }

    #[test]
    fn a_token_that_is_no_longer_valid_ends_it_at_once() {
        let mut judgment = Judgment::default();
        let section = DeviceSection::Details;
        assert!(judgment.judge(section, Ok(Ok(Value::Null))).is_ok());
        let revoked = Err(ReadError::Unauthorized("Invalid token.".to_owned()));
        assert!(matches!(judgment.judge(section, revoked), Err(GatherError::Read(_))));
    }
}
