//! The Kandji / Iru Endpoint API as a pure codec.
//!
//! Owns what the API calls things: paths, bodies, answers, error texts, spellings. Must never send, wait
//! or decide what happens next.

mod actions;

pub use actions::{
    ACTIONS, ActionSpec, EndSpec, NameError, ParamKind, ParamSpec, Requirement, edit_distance,
    find_action, fold,
};
