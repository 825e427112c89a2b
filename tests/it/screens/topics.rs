//! The manual on terminals: the list of commands and topics, one topic, and an unknown one.
//!
//! Owns their screens. Must never page: the terminal of the tests is tall enough, or has no pager.

use super::screen;
use crate::harness::Bench;

#[test]
fn the_manual_fits_the_terminal() {
    let bench = Bench::offline();
    screen(&bench, "help_topics", &["help"], &[]);
    screen(&bench, "help_waves", &["help", "waves"], &[]);
    screen(&bench, "help_confirm", &["help", "confirm"], &[]);
    screen(&bench, "help_unknown", &["help", "wavs"], &[]);
}
