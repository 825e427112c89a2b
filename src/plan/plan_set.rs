//! The plans of several tenants in one file.
//!
//! Owns the form: a line with the digest and the sections, then each section's whole plan file. Each is a JSON text, so tools that
//! read one after the other can read it. Must never take a section for another tenant's, and never a file of which one byte differs.

use serde::{Deserialize, Serialize};

use super::file::{PLAN_BYTES_MAX, PlanFile, PlanFileError};
use crate::model::sha256;

/// The version of the format.
pub const PLAN_SET_FORMAT: u32 = 1;
/// Largest plan set, in bytes: four of the largest plans, or a thousand of those that are usual.
pub const PLAN_SET_BYTES_MAX: u64 = 4 * PLAN_BYTES_MAX;
/// Most sections: the most tenants of a job.
const SECTIONS_MAX: usize = 1_000;
/// How a plan set begins.
const SET_HEAD: &[u8] = b"{\"plan_set\":";

/// The plans of several tenants, in the order of the job.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanSet {
    /// The sections. There is at least one.
    pub sections: Vec<PlanSection>,
}

/// The plan of one tenant.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanSection {
    /// The tenant, by the name of its profile.
    pub tenant: String,
    /// Its plan.
    pub file: PlanFile,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SetHead {
    plan_set: u32,
    digest: String,
    sections: Vec<SectionHead>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SectionHead {
    tenant: String,
    bytes: u64,
}

/// What is read of a head before all of it.
#[derive(Deserialize)]
struct SetStamp {
    plan_set: u64,
}

/// Whether bytes begin as a plan set does.
#[must_use]
pub fn is_plan_set(bytes: &[u8]) -> bool {
    bytes.starts_with(SET_HEAD)
}

/// The digest over the plans of these tenants, given as tenant and digest of its plan.
#[must_use]
pub fn set_digest<'a>(sections: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = format!("sortie plan set {PLAN_SET_FORMAT}\n");
    for (tenant, digest) in sections {
        text.push_str(&format!("{digest} {tenant}\n"));
    }
    sha256(text.as_bytes())
}

impl PlanSet {
    /// Its digest: over tenants and the digests of their plans, in order.
    #[must_use]
    pub fn digest(&self) -> String {
        let digests: Vec<String> = self.sections.iter().map(|it| it.file.digest()).collect();
        let tenants = self.sections.iter().map(|it| it.tenant.as_str());
        set_digest(tenants.zip(digests.iter().map(String::as_str)))
    }

    /// The file.
    ///
    /// # Errors
    /// As [`PlanFile::to_bytes`]; [`PlanFileError::SetTooLarge`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, PlanFileError> {
        let plans: Vec<Vec<u8>> =
            self.sections.iter().map(|it| it.file.to_bytes()).collect::<Result<_, _>>()?;
        let sections = self.sections.iter().zip(&plans).map(|(section, plan)| SectionHead {
            tenant: section.tenant.clone(),
            bytes: plan.len() as u64,
        });
        let sections = sections.collect();
        let head = SetHead { plan_set: PLAN_SET_FORMAT, digest: self.digest(), sections };
        let mut bytes = written(&head);
        plans.iter().for_each(|plan| bytes.extend_from_slice(plan));
        match bytes.len() as u64 > PLAN_SET_BYTES_MAX {
            true => Err(PlanFileError::SetTooLarge(bytes.len() as u64)),
            false => Ok(bytes),
        }
    }

    /// Reads a file, if it is what [`PlanSet::to_bytes`] wrote, byte by byte.
    ///
    /// # Errors
    /// [`PlanFileError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PlanFileError> {
        let altered = |what: &str| PlanFileError::Altered(what.to_owned());
        if bytes.len() as u64 > PLAN_SET_BYTES_MAX {
            return Err(PlanFileError::SetTooLarge(bytes.len() as u64));
        }
        let end = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
        let (line, mut rest) = bytes.split_at(end);
        let form = |error: serde_json::Error| PlanFileError::Form {
            line: error.line(),
            column: error.column(),
        };
        let stamp: SetStamp = serde_json::from_slice(line).map_err(form)?;
        if stamp.plan_set > u64::from(PLAN_SET_FORMAT) {
            return Err(PlanFileError::Newer(stamp.plan_set));
        }
        let head: SetHead = serde_json::from_slice(line).map_err(form)?;
        if head.plan_set != PLAN_SET_FORMAT || written(&head) != line {
            return Err(altered("its first line is not in the form that sortie writes"));
        }
        if head.sections.is_empty() || head.sections.len() > SECTIONS_MAX {
            return Err(altered("it has no sections, or too many"));
        }
        let mut sections: Vec<PlanSection> = Vec::with_capacity(head.sections.len());
        for SectionHead { tenant, bytes } in head.sections {
            let length = usize::try_from(bytes).unwrap_or(usize::MAX);
            let Some((plan, after)) = rest.split_at_checked(length) else {
                return Err(altered("a section is cut off"));
            };
            if sections.iter().any(|section| section.tenant == tenant) {
                return Err(altered("a tenant has two sections"));
            }
            sections.push(PlanSection { tenant, file: PlanFile::from_bytes(plan)? });
            rest = after;
        }
        let set = Self { sections };
        match (rest.is_empty(), set.digest() == head.digest) {
            (true, true) => Ok(set),
            (false, _) => Err(altered("there is more after the last section")),
            (true, false) => Err(altered("its digest does not match")),
        }
    }
}

/// The first line.
fn written(head: &SetHead) -> Vec<u8> {
    let mut line = serde_json::to_vec(head).unwrap_or_default();
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::super::testing::plan_file;
    use super::*;
    use crate::model::UnixMillis;

    fn section(tenant: &str, tasks: &[(&str, &str)]) -> PlanSection {
        let mut file = plan_file(tasks, UnixMillis(1_800_000_000_000));
        file.tenant = tenant.to_owned();
        PlanSection { tenant: tenant.to_owned(), file }
    }

    fn set() -> PlanSet {
        PlanSet { sections: vec![section("acme", &[("erase", "a")]), section("globex", &[])] }
    }

    #[test]
    fn a_set_is_read_as_written_and_one_other_byte_refuses_it() {
        let set = set();
        let bytes = set.to_bytes().expect("no secret");
        assert!(is_plan_set(&bytes));
        assert_eq!(PlanSet::from_bytes(&bytes).expect("as it was"), set);
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert!(PlanSet::from_bytes(&other).is_err(), "byte {at} differs");
        }
        for other in [&bytes[..bytes.len() - 1], b"", b"{}\n", b"{\"plan_set\":1}\n"] {
            assert!(PlanSet::from_bytes(other).is_err());
        }
        let longer = [bytes.as_slice(), b"\n"].concat();
        assert!(matches!(PlanSet::from_bytes(&longer), Err(PlanFileError::Altered(_))));
    }

    #[test]
    fn sections_can_be_neither_swapped_nor_dropped_nor_renamed() {
        let set = set();
        let head = |digest: String, set: &PlanSet| {
            let mut bytes = set.to_bytes().expect("no secret");
            let own = set.digest();
            let text = String::from_utf8(bytes.clone()).expect("JSON");
            bytes = text.replacen(&own, &digest, 1).into_bytes();
            PlanSet::from_bytes(&bytes)
        };
        let mut swapped = set.clone();
        swapped.sections.reverse();
        let mut fewer = set.clone();
        fewer.sections.pop();
        let mut renamed = set.clone();
        renamed.sections[1].tenant = "initech".to_owned();
        for other in [swapped, fewer, renamed] {
            assert_ne!(other.digest(), set.digest());
            let read = head(set.digest(), &other);
            assert!(matches!(read, Err(PlanFileError::Altered(_))), "{read:?}");
        }
    }

    #[test]
    fn a_set_of_a_newer_version_or_with_a_tenant_twice_is_refused() {
        let text = String::from_utf8(set().to_bytes().expect("no secret")).expect("JSON");
        let newer = text.replacen("{\"plan_set\":1", "{\"plan_set\":2", 1);
        let read = PlanSet::from_bytes(newer.as_bytes());
        assert!(matches!(read, Err(PlanFileError::Newer(2))), "{read:?}");
        let twice = PlanSet { sections: vec![section("acme", &[]), section("acme", &[])] };
        let read = PlanSet::from_bytes(&twice.to_bytes().expect("no secret"));
        assert!(matches!(read, Err(PlanFileError::Altered(_))), "{read:?}");
    }
}
