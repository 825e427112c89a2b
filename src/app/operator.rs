//! Who works here, as the system knows it.
//!
//! Owns the question to the system. Must never read the environment: the person whom an answer binds could change it.

/// The user who runs this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Operator {
    /// The name of the effective user; `#501` where the system has none for it.
    pub user: String,
    /// Its number; `None` where users have none.
    pub uid: Option<u32>,
    /// The name of this host.
    pub host: String,
}

impl Operator {
    /// Asks the system.
    pub(crate) fn current() -> Self {
        let uid = own_uid();
        let user = whoami::username().ok().filter(|user| !user.is_empty());
        let user = user.unwrap_or_else(|| match uid {
            Some(uid) => format!("#{uid}"),
            None => "somebody".to_owned(),
        });
        let host = whoami::hostname().unwrap_or_else(|_| "unknown host".to_owned());
        Self { user, uid, host }
    }

    /// For journals, plans and people: `alice (uid 501) on mdm1`.
    pub(crate) fn shown(&self) -> String {
        match self.uid {
            Some(uid) => format!("{} (uid {uid}) on {}", self.user, self.host),
            None => format!("{} on {}", self.user, self.host),
        }
    }
}

/// The user that [`Operator::shown`] names.
pub(crate) fn user_in(shown: &str) -> &str {
    let user = shown.rsplit_once(" on ").map_or(shown, |(user, _)| user);
    match user.rsplit_once(" (uid ") {
        Some((name, uid)) if uid.ends_with(')') => name,
        _ => user,
    }
}

/// The number of the effective user.
#[cfg(unix)]
pub(crate) fn own_uid() -> Option<u32> {
    Some(rustix::process::geteuid().as_raw())
}

#[cfg(not(unix))]
pub(crate) fn own_uid() -> Option<u32> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_is_found_again_in_what_is_shown() {
        for (user, uid) in [("alice", Some(501)), ("#501", Some(501)), ("Ann on Call", None)] {
            let operator = Operator { user: user.to_owned(), uid, host: "mdm1".to_owned() };
            assert_eq!(user_in(&operator.shown()), user);
        }
        assert_eq!(user_in("alice"), "alice");
    }

    #[test]
    fn the_system_knows_who_runs_the_tests() {
        let operator = Operator::current();
        assert!(!operator.user.is_empty() && !operator.host.is_empty());
        assert_eq!(operator.uid.is_some(), cfg!(unix));
    }
}
