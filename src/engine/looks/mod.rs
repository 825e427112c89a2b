//! Which device is read next, and what the looks show.
//!
//! Owns the queue of looks, the check-in poll, and the page that the next look reads. Must never know of sends, of
//! doubt or of PINs, and never record anything.

mod check_in_order;
mod check_in_poll;
mod first_looks;
mod follow;
mod pages;
mod sightings;
mod witnesses;

pub(super) use sightings::{Looks, NextLook};
