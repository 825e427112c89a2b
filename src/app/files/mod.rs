//! Files that bind people or hold secrets.
//!
//! Owns who may write and read them. Must never wait for a pipe without a limit.

mod binding_file;
pub(crate) mod private_file;
pub(crate) mod toml_place;
pub(crate) mod trusted_file;

pub use binding_file::{BindingFileReason, NotBelieved};
pub use private_file::PrivateFileFault;
