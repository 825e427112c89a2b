//! The way to a tenant: address, token, transport.
//!
//! Owns the connection, and the rules by which a token goes to one tenant only. Must never make a transport that can write
//! before it is asked for, and never read flags or the environment: a front end says what each of them names.

mod address;
mod address_reason;
mod connection;
mod connection_reason;
mod device_reason;
mod keyring;
mod reader;
mod request;
mod simulated;
mod token;
mod token_command;
mod token_reason;

pub use address_reason::AddressReason;
pub use connection::Connection;
pub(crate) use connection::is_simulated_name;
pub use connection_reason::ConnectionReason;
pub use device_reason::DeviceReason;
pub use keyring::{KeyringError, forget_in_keyring, has_keyring};
pub use reader::{DeviceName, DevicesFound, DevicesRequest, ReadPace, TenantReader};
pub use request::{
    NamedAddress, NamedToken, TenantPlace, TenantProfile, TenantRequest, TokenPlace,
};
pub use token::keep_token;
pub use token_command::TokenCommandError;
pub(crate) use token_command::secret_of_command;
pub use token_reason::{TokenFlaw, TokenReason};
