//! `sortie actions`: the action table.
//!
//! Owns the choice between the list and one action. Needs neither tenant nor token.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::options::ListingFormat;
use crate::cli::terminal::printer::Printer;
use crate::cli::text::actions::{in_full, json, table};
use crate::kandji::{ACTIONS, find_action};

pub(crate) fn actions(name: Option<&str>, printer: &Printer) -> Result<Exit, Failure> {
    let is_json = printer.format == ListingFormat::Json;
    match name {
        None if is_json => printer.list(ACTIONS.iter().map(|action| json(action)).collect()),
        None => printer.show_paged(&table(&printer.screen())),
        Some(name) => {
            let action = find_action(name).map_err(|error| {
                Failure::usage(error.to_string()).next("list the actions with:\n  sortie actions")
            })?;
            match is_json {
                true => printer.object(json(action)),
                false => printer.show_paged(&in_full(action)),
            }
        }
    }
    Ok(Exit::Well)
}
