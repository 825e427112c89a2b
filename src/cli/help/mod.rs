//! The manual: topics in Markdown, and their forms on a terminal, as Markdown and as man pages.
//!
//! Owns what `sortie help` shows besides the options of a command. Must never repeat a fact that a table of the program
//! holds: topics name the table, and [`derived`] fills it.
//!
//! The manual is Markdown inside the program: one parser feeds the terminal, `--markdown` and the man pages. Man pages
//! need no package, because the writer of roff is one small file.

pub(crate) mod derived;
pub(crate) mod man;
pub(crate) mod markdown;
pub(crate) mod on_screen;
mod roff;
#[cfg(test)]
mod tests;
pub(crate) mod topics;
