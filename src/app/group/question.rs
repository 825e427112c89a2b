//! The one question about the plans of several tenants.
//!
//! Owns which plans a consent covers. Invariant: a consent to a group starts exactly the plans that its question named; one plan
//! more, one less or one that changed needs a new question.

use std::collections::BTreeMap;

use crate::app::consent::{Consent, ConsentReason, GroupShare, Question, TenantDevices, Work};
use crate::model::sha256;
use crate::plan::PlanFile;

/// One plan of a group.
#[derive(Copy, Clone)]
pub(crate) struct GroupedPlan<'a> {
    /// The tenant, by the name of its profile.
    pub tenant: &'a str,
    /// Its plan.
    pub file: &'a PlanFile,
}

/// Whether the plans of several tenants may be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupQuestion {
    question: Question,
    /// Digest of each plan, by tenant.
    plans: BTreeMap<String, String>,
}

/// What was given for the plans of a group. [`GroupQuestion::answered`] makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupConsent {
    given: Consent,
    /// Digest over the plans that were shown.
    shown: String,
}

/// A consent that is enough for a group. There is no other way to one than [`GroupQuestion::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupConfirmed {
    shares: BTreeMap<String, Consent>,
}

impl GroupConfirmed {
    /// The consent with which the section of this tenant is started; `None` where the group has no such section.
    #[must_use]
    pub fn consent_for(&self, tenant: &str) -> Option<&Consent> {
        self.shares.get(tenant)
    }
}

impl GroupQuestion {
    pub(crate) fn of<'a>(plans: impl Iterator<Item = GroupedPlan<'a>> + Clone) -> Self {
        let digest = |it: GroupedPlan<'_>| (it.tenant.to_owned(), it.file.digest());
        let files = plans.clone().map(|it| (it.tenant, it.file));
        Self { question: Question::of_group(files), plans: plans.map(digest).collect() }
    }

    /// The question that a person answers, or that was answered beforehand.
    #[must_use]
    pub fn question(&self) -> &Question {
        &self.question
    }

    /// Devices of each tenant, in the order of the job.
    #[must_use]
    pub fn tenants(&self) -> &[TenantDevices] {
        match self.question.work() {
            Work::Group { tenants, .. } => tenants,
            _ => &[],
        }
    }

    /// Digest over tenants and plans.
    #[must_use]
    pub fn digest(&self) -> String {
        let lines: String =
            self.plans.iter().map(|(tenant, digest)| format!("{digest} {tenant}\n")).collect();
        sha256(lines.as_bytes())
    }

    /// The answer to exactly this question.
    #[must_use]
    pub fn answered(&self, given: Consent) -> GroupConsent {
        GroupConsent { given, shown: self.digest() }
    }

    /// Verifies a consent, and returns the share of each section in it.
    ///
    /// # Errors
    /// [`ConsentReason`] when it was given to other plans, or is not what the plans need.
    pub fn verify(&self, consent: &GroupConsent) -> Result<GroupConfirmed, ConsentReason> {
        if consent.shown != self.digest() {
            return Err(self.question.of_other_plans());
        }
        let confirmed = self.question.verify(&consent.given)?;
        let share = |(tenant, digest): (&String, &String)| {
            let share = GroupShare::new(digest.clone(), confirmed.clone());
            (tenant.clone(), Consent::OfGroup(share))
        };
        Ok(GroupConfirmed { shares: self.plans.iter().map(share).collect() })
    }
}
