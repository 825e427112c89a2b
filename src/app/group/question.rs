//! The one question about the plans of several tenants.
//!
//! Owns which plans a consent covers. Invariant: a consent to a group starts exactly the plans that its question named; one plan
//! more, one less or one that changed needs a new question.

use crate::app::consent::{Consent, ConsentReason, GroupShare, Question};
use crate::app::consent_work::{TenantDevices, Work};
use crate::plan::{PlanFile, set_digest};

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
    /// Each tenant with the digest of its plan.
    plans: Vec<(String, String)>,
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
    shares: Vec<(String, Consent)>,
}

impl GroupConfirmed {
    /// The consent with which the section of this tenant is started; `None` where the group has no such section.
    #[must_use]
    pub fn consent_for(&self, tenant: &str) -> Option<&Consent> {
        self.shares.iter().find(|(name, _)| name == tenant).map(|(_, consent)| consent)
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

    /// Digest over tenants and plans, as a plan set has it.
    #[must_use]
    pub fn digest(&self) -> String {
        set_digest(self.plans.iter().map(|(tenant, digest)| (tenant.as_str(), digest.as_str())))
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
        let confirmed = self.question.verify(&consent.given)?.for_tenants(self.plans.len());
        let share = |(tenant, digest): &(String, String)| {
            let share = GroupShare::new(digest.clone(), confirmed.clone());
            (tenant.clone(), Consent::OfGroup(share))
        };
        Ok(GroupConfirmed { shares: self.plans.iter().map(share).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{Confirmed, Needed};
    use crate::model::UnixMillis;
    use crate::plan::testing::plan_file;

    fn file(tenant: &str, tasks: &[(&str, &str)]) -> PlanFile {
        let file = plan_file(tasks, UnixMillis(1_800_000_000_000));
        PlanFile { tenant: tenant.to_owned(), ..file }
    }

    fn question(files: &[PlanFile]) -> GroupQuestion {
        GroupQuestion::of(files.iter().map(|file| GroupedPlan { tenant: &file.tenant, file }))
    }

    fn in_advance(words: &str) -> Consent {
        Consent::InAdvance { yes: false, words: Some(words.to_owned()) }
    }

    fn start(file: &PlanFile, consent: &Consent) -> Result<Confirmed, ConsentReason> {
        Question::verify_plan(file, consent)
    }

    #[test]
    fn one_answer_names_total_and_number_of_tenants() {
        let erase =
            [file("acme", &[("erase", "a")]), file("globex", &[("erase", "a"), ("restart", "b")])];
        let needed = |files: &[PlanFile]| question(files).question().needed().clone();
        let phrase = "ERASE 2 AND RESTART 1 ON 2 TENANTS";
        // The ids of two tenants' devices are apart, though they may be spelled alike.
        assert_eq!(needed(&erase), Needed::Phrase(phrase.to_owned()));
        assert_eq!(needed(&erase[..1]), Needed::Phrase("ERASE 1 ON acme".to_owned()));
        let restart = [file("acme", &[("restart", "a")]), file("globex", &[("restart", "a")])];
        assert_eq!(needed(&restart), Needed::Count(2));
        let names: Vec<String> = question(&erase)
            .tenants()
            .iter()
            .map(|it| format!("{} {}", it.tenant, it.devices))
            .collect();
        assert_eq!(names, ["acme 1", "globex 2"]);
    }

    #[test]
    fn a_consent_starts_exactly_the_plans_it_was_given_to() {
        let files = [file("acme", &[("restart", "a")]), file("globex", &[("restart", "b")])];
        let asked = question(&files);
        let consent = asked.answered(in_advance("2"));
        let confirmed = asked.verify(&consent).expect("its number");
        for file in &files {
            let share = confirmed.consent_for(&file.tenant).expect("a share");
            assert_eq!(
                start(file, share).expect("its plan").how(),
                "--confirm \"2\", for 2 tenants"
            );
        }
        let acme = confirmed.consent_for("acme").expect("a share");
        assert!(matches!(start(&files[1], acme), Err(ConsentReason::OtherPlans { .. })));
        assert_eq!(confirmed.consent_for("initech"), None);
        let mut changed = files[0].clone();
        changed.plan.tasks[0].row = 2;
        assert!(matches!(start(&changed, acme), Err(ConsentReason::OtherPlans { .. })));
        // The answer to other plans is no answer to these, even where the words would do.
        for others in [&files[..1], &[files[0].clone(), file("initech", &[("restart", "b")])][..]] {
            let refused = question(others).verify(&consent);
            assert!(matches!(refused, Err(ConsentReason::OtherPlans { .. })), "{refused:?}");
        }
        assert!(asked.verify(&asked.answered(in_advance("3"))).is_err());
        assert!(asked.verify(&asked.answered(Consent::NONE)).is_err());
        // A share is no consent to anything but its plan.
        let share = Question::of_yes("closing a run").verify(acme);
        assert!(matches!(share, Err(ConsentReason::OtherPlans { .. })), "{share:?}");
    }
}
