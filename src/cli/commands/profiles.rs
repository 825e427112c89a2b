//! `sortie profiles`: the profiles of the configuration.
//!
//! Owns what is said where there are none. Must never read a token.

use crate::app::settings::ProfileList;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::{config_path, config_place};
use crate::cli::options::{GlobalOptions, ListingFormat};
use crate::cli::terminal::printer::Printer;
use crate::cli::text::profiles::{json_of, table_of};

pub(crate) fn profiles(global: &GlobalOptions, printer: &Printer) -> Result<Exit, Failure> {
    let list = match config_path(global)? {
        Some(path) => ProfileList::read(&path)?,
        None => ProfileList::default(),
    };
    if let Some(default) = list.default.as_ref().filter(|default| !list.has(default)) {
        printer.warn(&format!("the default profile '{default}' does not exist"));
    }
    match printer.format {
        ListingFormat::Json => printer.list(json_of(&list)),
        _ if list.profiles.is_empty() => printer.say(&format!(
            "no profiles in {}; write one with: sortie init",
            config_place(global)?.display()
        )),
        _ => printer.show_paged(&table_of(&list, &printer.screen())),
    }
    Ok(Exit::Well)
}
