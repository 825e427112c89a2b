//! The manual: topics in Markdown, and their forms on a terminal, as Markdown and as man pages.
//!
//! Owns what `sortie help` shows besides the options of a command. Must never repeat a fact that a table of the program
//! holds: topics name the table, and [`derived`] fills it.

pub(crate) mod derived;
pub(crate) mod man;
pub(crate) mod markdown;
pub(crate) mod on_screen;
mod roff;
#[cfg(test)]
mod tests;
pub(crate) mod topics;
