//! A reason in words: their form.
//!
//! Owns the three parts that people read. Must never hold an exit code.

/// A reason in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Words {
    /// What happened.
    pub what: String,
    /// What state things are in, besides what was sent; empty where there is nothing to add.
    pub state: String,
    /// What to do next; empty where the rest says it. A command to run stands on a line of its own, after two spaces.
    pub next: String,
}

impl Words {
    /// What happened, and what to do next.
    pub(super) fn new(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { what: what.into(), state: String::new(), next: next.into() }
    }

    /// The same, with the state that things are in.
    pub(super) fn state(self, state: impl Into<String>) -> Self {
        Self { state: state.into(), ..self }
    }
}
