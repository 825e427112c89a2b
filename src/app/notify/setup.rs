//! What a front end says about notifications.
//!
//! Owns which channels a run uses. Must never read the environment itself, and never let a job name an address: it names
//! channels of the profile, which the profile's owner set up.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::channel::{ChannelWay, NotifyChannel};
use super::facts::{WordNotice, bare_words};
use super::reason::NotifyReason;
use crate::model::Sealed;
use crate::transport::HAS_MAIL;

/// Which channels this request uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NotifyChoice {
    /// Those that the job names, else all of the profile; none for a simulated run.
    #[default]
    AsConfigured,
    /// These, for a simulated run too.
    Named(Vec<String>),
    /// None.
    Off,
}

/// The channels of a profile, and how their secrets are read.
#[derive(Clone)]
pub struct Notifications {
    /// Name of the profile; empty where none is in use.
    pub profile: String,
    /// Its channels by name.
    pub channels: BTreeMap<String, NotifyChannel>,
    /// Which of them this request uses.
    pub choice: NotifyChoice,
    /// Certificate authorities to trust besides the system's: a file in PEM.
    pub ca_file: Option<PathBuf>,
    /// Reads a variable of the environment.
    pub read_variable: fn(&str) -> Option<Sealed>,
    /// Variables that a command for a secret does not see.
    pub hidden_variables: Vec<String>,
    /// Words a notice for people.
    pub word: WordNotice,
}

impl Default for Notifications {
    /// No channels.
    fn default() -> Self {
        Self {
            profile: String::new(),
            channels: BTreeMap::new(),
            choice: NotifyChoice::default(),
            ca_file: None,
            read_variable: |_| None,
            hidden_variables: Vec::new(),
            word: bare_words,
        }
    }
}

impl fmt::Debug for Notifications {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Notifications")
            .field("profile", &self.profile)
            .field("channels", &self.channels.keys())
            .field("choice", &self.choice)
            .finish_non_exhaustive()
    }
}

/// Whether the tenant of a run is a real one.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum TenantKind {
    /// It is.
    Real,
    /// It is simulated inside this program.
    Simulated,
}

impl Notifications {
    /// The channels of a run, and names that the profile does not have. `job` is what the job names.
    pub(crate) fn chosen(
        &self,
        job: Option<&[String]>,
        tenant: TenantKind,
    ) -> (BTreeMap<String, NotifyChannel>, Vec<String>) {
        let named = match (&self.choice, job, tenant) {
            (NotifyChoice::Off, _, _) | (NotifyChoice::AsConfigured, _, TenantKind::Simulated) => {
                return (BTreeMap::new(), Vec::new());
            }
            (NotifyChoice::Named(names), _, _) => names.as_slice(),
            (NotifyChoice::AsConfigured, Some(names), TenantKind::Real) => names,
            (NotifyChoice::AsConfigured, None, TenantKind::Real) => {
                return (self.channels.clone(), Vec::new());
            }
        };
        let (mut chosen, mut unknown) = (BTreeMap::new(), Vec::new());
        for name in named {
            match self.channels.get(name) {
                Some(channel) => {
                    chosen.insert(name.clone(), channel.clone());
                }
                None => unknown.push(name.clone()),
            }
        }
        (chosen, unknown)
    }

    /// Refuses a run whose channels the profile does not have, or that this build cannot use.
    ///
    /// # Errors
    /// [`NotifyReason`]; nothing was sent then.
    pub(crate) fn check(
        &self,
        job: Option<&[String]>,
        tenant: TenantKind,
    ) -> Result<(), NotifyReason> {
        let (chosen, unknown) = self.chosen(job, tenant);
        if let Some(channel) = unknown.into_iter().next() {
            return Err(self.unknown(channel));
        }
        let mail =
            chosen.into_iter().find(|(_, channel)| matches!(channel.way, ChannelWay::Email(_)));
        match mail {
            Some((channel, _)) if !HAS_MAIL => Err(NotifyReason::MailNotBuilt { channel }),
            _ => Ok(()),
        }
    }

    /// The refusal of a channel that the profile does not have.
    pub(crate) fn unknown(&self, channel: String) -> NotifyReason {
        NotifyReason::UnknownChannel {
            channel,
            profile: self.profile.clone(),
            known: self.channels.keys().cloned().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notifications(choice: NotifyChoice) -> Notifications {
        let channel = |way: &str| -> NotifyChannel {
            toml::from_str(&format!("{way} = {{ url_env = 'A' }}")).expect("a channel")
        };
        let channels = [("ops", "slack"), ("pager", "webhook")];
        Notifications {
            profile: "acme".to_owned(),
            channels: channels.map(|(name, way)| (name.to_owned(), channel(way))).into(),
            choice,
            ..Notifications::default()
        }
    }

    #[test]
    fn flags_outrank_the_job_and_the_job_outranks_the_profile() {
        let pager = vec!["pager".to_owned()];
        let (real, simulated) = (TenantKind::Real, TenantKind::Simulated);
        for (choice, job, tenant, expected) in [
            (NotifyChoice::AsConfigured, None, real, vec!["ops", "pager"]),
            (NotifyChoice::AsConfigured, Some(&pager), real, vec!["pager"]),
            (NotifyChoice::AsConfigured, Some(&pager), simulated, vec![]),
            (NotifyChoice::AsConfigured, None, simulated, vec![]),
            (NotifyChoice::Named(vec!["ops".to_owned()]), Some(&pager), real, vec!["ops"]),
            (NotifyChoice::Named(vec!["ops".to_owned()]), None, simulated, vec!["ops"]),
            (NotifyChoice::Off, Some(&pager), real, vec![]),
        ] {
            let setup = notifications(choice.clone());
            let (chosen, unknown) = setup.chosen(job.map(Vec::as_slice), tenant);
            let names: Vec<&str> = chosen.keys().map(String::as_str).collect();
            assert_eq!((names, unknown), (expected, Vec::new()), "{choice:?}");
        }
    }

    #[test]
    fn a_channel_that_the_profile_does_not_have_is_refused() {
        let job = ["oncall".to_owned()];
        let check = |choice| notifications(choice).check(Some(&job), TenantKind::Real);
        let refused = check(NotifyChoice::AsConfigured).expect_err("no such channel");
        assert!(
            matches!(&refused, NotifyReason::UnknownChannel { channel, .. } if channel == "oncall")
        );
        assert!(check(NotifyChoice::Off).is_ok());
    }
}
