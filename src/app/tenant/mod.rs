//! The way to a tenant: address, token, transport.
//!
//! Owns the connection. Must never make a transport that can write before it is asked for.

pub(crate) mod address;
pub(crate) mod connect;
pub(crate) mod token;
pub(crate) mod token_command;
