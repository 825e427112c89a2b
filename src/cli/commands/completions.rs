//! `sortie completions`: the completion script of a shell.
//!
//! Owns nothing but the order. The script derives from the command line. Needs neither tenant nor state directory.

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::cli::completion_values::{with_values, words_first};
use crate::cli::exit::Exit;
use crate::cli::options::Options;
use crate::cli::terminal::printer::Printer;

pub(crate) fn completions(shell: Shell, printer: &Printer) -> Exit {
    let mut script = Vec::new();
    generate(shell, &mut with_values(Options::command()), "sortie", &mut script);
    let script = String::from_utf8_lossy(&script);
    match shell {
        Shell::Bash => printer.data(&words_first(&script)),
        _ => printer.data(&script),
    }
    Exit::Well
}
