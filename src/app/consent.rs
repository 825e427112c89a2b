//! Consent: what work needs before it may be carried out, and whether what was given is enough.
//!
//! Owns both. A front end obtains a [`Consent`]; the application verifies it before anything is sent, for every front end. Must
//! never take a consent to one plan for a consent to another.

use serde::Serialize;
use std::collections::BTreeSet;

use super::consent_work::{Needed, TenantDevices, Work};
use super::refusal::{NextStep, RefusalClass, RefusalFacts};
use crate::model::{DeviceId, Risk, Task};
use crate::plan::{Plan, PlanFile, Wrapping, phrase_of, phrase_of_group};

/// The share of one plan in the consent to a group of plans. Only the application makes one, from a consent that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupShare {
    plan_digest: String,
    confirmed: Confirmed,
}

impl GroupShare {
    /// The share of the plan with this digest.
    pub(in crate::app) fn new(plan_digest: String, confirmed: Confirmed) -> Self {
        Self { plan_digest, confirmed }
    }
}

/// What was given for a piece of work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Given beforehand, perhaps before the plan was made.
    InAdvance {
        /// A plain yes.
        yes: bool,
        /// The number of devices, or the phrase.
        words: Option<String>,
    },
    /// What a person typed who saw the work just now.
    Typed {
        /// The answer, as it was typed.
        text: String,
    },
    /// Given to a group of plans, of which the plan is one.
    OfGroup(GroupShare),
}

impl Consent {
    /// No consent: the front end obtained none.
    pub const NONE: Self = Self::InAdvance { yes: false, words: None };
}

/// A piece of work, and what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    work: Work,
    needed: Needed,
    devices: usize,
    /// The job bounds itself, so that a yes beforehand replaces the number of devices.
    is_bounded: bool,
}

/// A consent that is enough. There is no other way to one than [`Question::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmed {
    how: String,
    is_at_terminal: bool,
}

impl Confirmed {
    /// How it was given, as journals keep it.
    #[must_use]
    pub fn how(&self) -> &str {
        &self.how
    }

    /// The same, given to the plans of so many tenants.
    pub(in crate::app) fn for_tenants(self, tenants: usize) -> Self {
        Self { how: format!("{}, for {tenants} tenants", self.how), ..self }
    }

    /// A person typed it who saw the work just now.
    #[must_use]
    pub fn is_at_terminal(&self) -> bool {
        self.is_at_terminal
    }
}

/// Why a consent is not enough.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ConsentReason {
    /// The words that were given beforehand belong to other work.
    #[serde(rename = "consent_to_other_work")]
    OtherWords {
        /// The words that were given.
        given: String,
        /// The work.
        work: Work,
        /// What it needs.
        needed: Needed,
    },
    /// None was given, or less than it takes.
    #[serde(rename = "consent_missing")]
    Missing {
        /// The work.
        work: Work,
        /// What it needs.
        needed: Needed,
        /// Why no prompt was shown.
        why: NotAsked,
    },
    /// It was given to other plans, or to this one before it changed.
    #[serde(rename = "consent_to_other_plans")]
    OtherPlans {
        /// The work.
        work: Work,
        /// What it needs.
        needed: Needed,
    },
    /// A person was asked and did not confirm.
    #[serde(rename = "consent_declined")]
    Declined {
        /// The work.
        work: Work,
        /// What it needs.
        needed: Needed,
    },
}

/// Why no prompt was shown.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NotAsked {
    /// The front end did not ask yet.
    NotYet,
    /// A yes was given beforehand, and it is not enough.
    YesIsNotEnough,
    /// The request forbids to ask.
    Forbidden,
    /// There is no terminal to ask on.
    NoTerminal,
}

impl Question {
    /// Whether a plan may be carried out.
    #[must_use]
    pub fn of_plan(plan: &Plan, tenant: &str, wrapping: Wrapping) -> Self {
        let devices = plan.devices();
        Self {
            work: Work::Plan { risk: plan.risk(), devices, tenant: tenant.to_owned() },
            needed: Needed::of(plan, tenant),
            devices,
            is_bounded: wrapping.is_whole(),
        }
    }

    /// Whether the plans of these tenants may be carried out. The phrase names their number, and one tenant alone by its name.
    pub(in crate::app) fn of_group<'a>(
        plans: impl Iterator<Item = (&'a str, &'a PlanFile)> + Clone,
    ) -> Self {
        let tenants: Vec<TenantDevices> = plans
            .clone()
            .map(|(tenant, file)| TenantDevices {
                tenant: tenant.to_owned(),
                devices: file.plan.devices(),
            })
            .collect();
        let devices = tenants.iter().map(|it| it.devices).sum();
        let risk = plans.clone().map(|(_, file)| file.plan.risk()).max().unwrap_or(Risk::Read);
        let on = match tenants.as_slice() {
            [only] => only.tenant.clone(),
            several => format!("{} TENANTS", several.len()),
        };
        let of_plans = plans.clone().map(|(_, file)| &file.plan);
        let needed = Needed::of_risk(risk, devices, || phrase_of_group(of_plans, &on));
        let is_bounded = plans.clone().all(|(_, file)| file.wrapping.is_whole());
        Self { work: Work::Group { risk, devices, tenants }, needed, devices, is_bounded }
    }

    /// Whether tasks may be sent again that may have been applied already.
    #[must_use]
    pub fn of_sending_again(tasks: &[&Task], tenant: &str) -> Self {
        let devices: BTreeSet<&DeviceId> = tasks.iter().map(|task| &task.device.id).collect();
        let devices = devices.len();
        let risk = tasks.iter().map(|task| task.risk).max().unwrap_or(Risk::Irreversible);
        let needed = match risk {
            Risk::Read | Risk::Benign => Needed::Yes,
            Risk::Disruptive => Needed::Count(devices),
            Risk::Irreversible => {
                Needed::Phrase(phrase_of(tasks.iter().copied(), tenant).unwrap_or_default())
            }
        };
        let work = Work::SendAgain { devices, tenant: tenant.to_owned() };
        Self { work, needed, devices, is_bounded: false }
    }

    /// Whether something may be done that a plain yes confirms.
    #[must_use]
    pub fn of_yes(what: &'static str) -> Self {
        Self { work: Work::Other { what }, needed: Needed::Yes, devices: 0, is_bounded: false }
    }

    /// The consent that the work needs.
    #[must_use]
    pub fn needed(&self) -> &Needed {
        &self.needed
    }

    /// Whether the work bounds itself, so that a yes given beforehand replaces the number of devices.
    #[must_use]
    pub fn is_bounded(&self) -> bool {
        self.is_bounded
    }

    /// The work that the question is about.
    #[must_use]
    pub fn work(&self) -> &Work {
        &self.work
    }

    /// Verifies a consent.
    ///
    /// # Errors
    /// [`ConsentReason`] when it is not what the work needs.
    pub fn verify(&self, consent: &Consent) -> Result<Confirmed, ConsentReason> {
        match consent {
            Consent::InAdvance { yes, words } => self.verify_in_advance(*yes, words.as_deref()),
            Consent::Typed { text } if self.needed.is_met_by(text) => {
                let how = format!("'{}' on the terminal", text.trim());
                Ok(Confirmed { how, is_at_terminal: true })
            }
            Consent::Typed { .. } => Err(ConsentReason::Declined {
                work: self.work.clone(),
                needed: self.needed.clone(),
            }),
            // A share counts for a plan by its digest alone, which this question does not know.
            Consent::OfGroup(_) => Err(self.of_other_plans()),
        }
    }

    /// Verifies a consent to carry out this plan.
    ///
    /// # Errors
    /// As [`Question::verify`]; also when it is the share of another plan.
    pub(crate) fn verify_plan(
        file: &PlanFile,
        consent: &Consent,
    ) -> Result<Confirmed, ConsentReason> {
        match consent {
            Consent::OfGroup(share) if share.plan_digest == file.digest() => {
                Ok(share.confirmed.clone())
            }
            _ => Self::of_plan(&file.plan, &file.tenant, file.wrapping).verify(consent),
        }
    }

    /// Why a consent to other plans does not count.
    pub(in crate::app) fn of_other_plans(&self) -> ConsentReason {
        ConsentReason::OtherPlans { work: self.work.clone(), needed: self.needed.clone() }
    }

    fn verify_in_advance(
        &self,
        yes: bool,
        words: Option<&str>,
    ) -> Result<Confirmed, ConsentReason> {
        let Self { work, needed, devices, is_bounded } = self;
        let enough = |how: String| Ok(Confirmed { how, is_at_terminal: false });
        // With nothing left to do every word is right: a job that is run until it is done gives the same each time.
        if let (
            Needed::Nothing,
            Work::Plan { risk, devices, .. } | Work::Group { risk, devices, .. },
        ) = (needed, work)
            && (words.is_none() || *devices == 0)
        {
            return enough(format!("none needed ({})", risk.word()));
        }
        if let Some(text) = words.map(str::trim) {
            if needed.is_met_in_advance(text, *devices) {
                return enough(format!("--confirm \"{text}\""));
            }
            return Err(ConsentReason::OtherWords {
                given: text.to_owned(),
                work: work.clone(),
                needed: needed.clone(),
            });
        }
        match needed {
            Needed::Nothing | Needed::Yes if yes => enough("--yes".to_owned()),
            Needed::Count(_) if yes && *is_bounded => {
                enough("--yes, within the bounds of the job".to_owned())
            }
            _ => Err(self.missing(if yes { NotAsked::YesIsNotEnough } else { NotAsked::NotYet })),
        }
    }

    /// Why the work is not done when no prompt was possible.
    #[must_use]
    pub fn missing(&self, why: NotAsked) -> ConsentReason {
        ConsentReason::Missing { work: self.work.clone(), needed: self.needed.clone(), why }
    }
}

impl RefusalFacts for ConsentReason {
    fn class(&self) -> RefusalClass {
        RefusalClass::Policy
    }

    fn next(&self) -> Vec<NextStep> {
        let (Self::OtherWords { needed, .. }
        | Self::Missing { needed, .. }
        | Self::OtherPlans { needed, .. }
        | Self::Declined { needed, .. }) = self;
        vec![NextStep::Confirm { words: needed.words() }]
    }
}
