//! The classes of actions that decide how they are guarded, repeated and followed.
//!
//! Owns these classes, and the traces that a request leaves. Must never name an action: the action table lives with the API's codec.

use serde::{Deserialize, Serialize};

/// What an action can cost when it hits the wrong device.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Changes nothing.
    Read,
    /// Changes nothing that a person would miss.
    Benign,
    /// Interrupts the person at the device; can be undone.
    Disruptive,
    /// Cannot be undone.
    Irreversible,
}

impl Risk {
    /// The risk as plans, tables and JSON write it: `read`, `benign`, `disruptive` or `irreversible`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Benign => "benign",
            Self::Disruptive => "disruptive",
            Self::Irreversible => "irreversible",
        }
    }
}

/// Whether a request may be sent again when it is unknown whether the first one was applied.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// A second application does no harm.
    Safe,
    /// Never sent again unless the first is known not to have been applied.
    Once,
}

/// How the end of a task becomes known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// The API's answer is the result.
    Answer,
    /// The API's acceptance is all that can be seen; `why` says so to people.
    Acceptance {
        /// Why no end can be seen.
        why: String,
    },
    /// A command in the device's history, matched by Apple's request type and time.
    Command {
        /// Request types that may belong to the action.
        request_types: Vec<String>,
        /// Text that must occur in the command's type or metadata, where the request type alone
        /// is too wide (`Settings` for a rename).
        mark: Option<String>,
        /// The device's disappearance (404) or a newer enrollment also proves the end (erase).
        or_gone: bool,
        /// The device's bearing this name also proves the end (rename).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        or_named: Option<String>,
        /// A report about the device that shows this state also proves the end (Lost Mode).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        or_state: Option<DeviceState>,
    },
    /// A report about the device shows this state.
    State(DeviceState),
    /// The device record is gone (404).
    Gone,
    /// The device record bears what the parameters say. It shows that before a request, too.
    Recorded,
}

/// A state of a device that a report about it shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceState {
    /// What follows the path of the device in the path of the report.
    pub path_suffix: String,
    /// What the report shows in this state.
    pub sign: StateSign,
}

/// What a report shows of a device in the state that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateSign {
    /// A key has this value, in any case, since a moment after the request.
    Since {
        /// The key of the value; nested keys with a dot.
        key: String,
        /// The value.
        value: String,
        /// The key of the moment from which it has the value.
        time_key: String,
    },
    /// There is nothing to report: the API answers 400 with these words.
    Said {
        /// The words, in lower case.
        words: String,
    },
}

impl End {
    /// Whether a task that ends so is looked after once it was accepted, when commands are followed for
    /// `wait_ms` milliseconds.
    #[must_use]
    pub fn is_followed(&self, wait_ms: u64) -> bool {
        wait_ms > 0
            && matches!(self, Self::Command { .. } | Self::State(_) | Self::Gone | Self::Recorded)
    }

    /// What shows the end, where anything does.
    #[must_use]
    pub fn trace(&self) -> Trace {
        match self {
            Self::Answer | Self::Acceptance { .. } => Trace::None,
            Self::Command { or_gone: false, or_named: None, or_state: None, .. } => Trace::Command,
            Self::Command { or_gone: false, or_named: None, .. } => Trace::CommandAndState,
            Self::Command { .. } => Trace::CommandAndRecord,
            Self::State(_) => Trace::State,
            Self::Gone | Self::Recorded => Trace::Record,
        }
    }

    /// The state of the device that shows the end, alone or beside a command.
    #[must_use]
    pub fn state(&self) -> Option<&DeviceState> {
        match self {
            Self::State(state) | Self::Command { or_state: Some(state), .. } => Some(state),
            _ => None,
        }
    }
}

/// What a request leaves behind that can be read.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trace {
    /// Nothing.
    None,
    /// A row in the device's command history.
    Command,
    /// A change of the device's record: it is gone, has enrolled again, bears other values.
    Record,
    /// Both.
    CommandAndRecord,
    /// A state of the device that a report about it shows, and the device list does not.
    State,
    /// A row in the device's command history, and a state that a report about the device shows.
    CommandAndState,
}

impl Trace {
    /// Whether a request leaves a trace that can be read after a doubt: a command, a changed record, or both.
    #[must_use]
    pub fn exists(self) -> bool {
        self != Self::None
    }

    /// Whether the command history and another source can both show the end: they are read in turn.
    #[must_use]
    pub fn takes_turns(self) -> bool {
        matches!(self, Self::CommandAndRecord | Self::CommandAndState)
    }

    /// Whether the device's record, or that it is gone, can show the end.
    #[must_use]
    pub fn is_on_record(self) -> bool {
        matches!(self, Self::Record | Self::CommandAndRecord)
    }
}
