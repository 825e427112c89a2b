//! All reasons.
//!
//! Owns their list. The types stand beside the code that refuses. Must never hold a reason as text alone.

use serde::Serialize;
use std::fmt::Debug;

use super::{NextStep, RefusalClass};
use crate::app::approval::{ApprovalReason, VoidApproval};
use crate::app::audit::AuditReason;
use crate::app::consent::ConsentReason;
use crate::app::files::BindingFileReason;
use crate::app::history::HistoryReason;
use crate::app::outside::{DriveReason, JournalReason, ReadReason};
use crate::app::prune::PruneReason;
use crate::app::runs::doubt::DoubtReason;
use crate::app::runs::run_view::ReportsReason;
use crate::app::runs::trust::OpenedRunReason;
use crate::app::ssh_keygen::SigningReason;
use crate::app::tenant::{AddressReason, ConnectionReason, DeviceReason, TokenReason};
use crate::app::workspace::WorkspaceReason;

/// What every type of reasons says of itself besides its facts, which are its fields.
pub trait RefusalFacts: Debug + Serialize {
    /// The kind of obstacle.
    fn class(&self) -> RefusalClass;

    /// What to do next, the best first; empty where nothing can be done.
    fn next(&self) -> Vec<NextStep>;
}

macro_rules! reasons {
    ($($(#[doc = $text:literal])* $name:ident($type:ty),)*) => {
        /// Why sortie did not do something. It serializes as its facts, with their `kind`.
        #[derive(Debug, Serialize)]
        #[serde(untagged)]
        pub enum Reason {
            $($(#[doc = $text])* $name(Box<$type>),)*
        }

        impl Reason {
            fn facts(&self) -> &dyn FactsOf {
                match self {
                    $(Self::$name(reason) => &**reason,)*
                }
            }
        }

        $(impl From<$type> for Reason {
            fn from(reason: $type) -> Self {
                Self::$name(Box::new(reason))
            }
        })*
    };
}

/// [`RefusalFacts`] without its serialization, so that all types can be asked alike.
trait FactsOf {
    fn class(&self) -> RefusalClass;
    fn next(&self) -> Vec<NextStep>;
}

impl<T: RefusalFacts> FactsOf for T {
    fn class(&self) -> RefusalClass {
        RefusalFacts::class(self)
    }

    fn next(&self) -> Vec<NextStep> {
        RefusalFacts::next(self)
    }
}

reasons! {
    /// An approval does not count, or cannot be given.
    Approval(ApprovalReason),
    /// An audit does not say that everything is what was written.
    Audit(AuditReason),
    /// The consent that was given is not enough.
    Consent(ConsentReason),
    /// The address of a tenant is not used.
    Address(AddressReason),
    /// There is no connection to the tenant, though address and token are right.
    Connection(ConnectionReason),
    /// A device is not found.
    Device(DeviceReason),
    /// A doubt is not resolved.
    Doubt(DoubtReason),
    /// The loop of a run failed.
    Drive(DriveReason),
    /// The history of a device is not had, or not in full.
    History(HistoryReason),
    /// The journal or the state directory failed, or is not what sortie wrote.
    Journal(JournalReason),
    /// The policy, or another file that binds people, cannot be obeyed.
    BindingFile(BindingFileReason),
    /// A run that can be read cannot be gone on with.
    OpenedRun(OpenedRunReason),
    /// Not everything was pruned.
    Prune(PruneReason),
    /// The tenant cannot be read.
    Read(ReadReason),
    /// Reports of a run are not written.
    Reports(ReportsReason),
    /// A statement was not signed.
    Signing(SigningReason),
    /// A check refused that the approval of the run would have passed, had it still counted.
    VoidApproval(VoidApproval),
    /// There is no token to send.
    Token(TokenReason),
    /// The workspace has nothing of what was asked for.
    Workspace(WorkspaceReason),
}

impl Reason {
    /// The kind of obstacle.
    #[must_use]
    pub fn class(&self) -> RefusalClass {
        self.facts().class()
    }

    /// What to do next, the best first; empty where nothing can be done.
    #[must_use]
    pub fn next(&self) -> Vec<NextStep> {
        self.facts().next()
    }
}
