//! `sortie man`: the manual as files.
//!
//! Owns the directory that it writes to. The pages come from `cli/help/man.rs`. Needs neither tenant nor state directory.

use clap::CommandFactory;
use std::path::Path;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::help::man::pages;
use crate::cli::help_options::ManOptions;
use crate::cli::options::Options;
use crate::cli::terminal::printer::{Printer, counted};

pub(crate) fn man(options: &ManOptions, printer: &Printer) -> Result<Exit, Failure> {
    let mut program = Options::command();
    program.build();
    let failed = |path: &Path, error: &std::io::Error| {
        Failure::new(Exit::Journal, format!("cannot write {}: {error}", path.display()))
            .next("name a directory that you can write:\n  sortie man --out DIR")
    };
    let directory = &options.out;
    std::fs::create_dir_all(directory).map_err(|error| failed(directory, &error))?;
    let pages = pages(&program);
    for page in &pages {
        let path = directory.join(&page.file);
        std::fs::write(&path, &page.text).map_err(|error| failed(&path, &error))?;
    }
    printer.say(&format!("{} in {}", counted(pages.len(), "man page"), directory.display()));
    let files: Vec<&str> = pages.iter().map(|page| page.file.as_str()).collect();
    printer.answer(&serde_json::json!({ "directory": directory, "files": files }));
    Ok(Exit::Well)
}
