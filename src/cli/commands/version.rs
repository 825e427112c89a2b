//! `sortie version`: which sortie this is, and how it was built.
//!
//! Owns where the facts of the build come from. Needs neither tenant nor state directory. Must never run another program.

use crate::cli::exit::Exit;
use crate::cli::options::ListingFormat;
use crate::cli::terminal::printer::Printer;
use crate::cli::text::version::{BuildFacts, json_of, long_of, short_of};
use crate::journal::sqlite_version;

/// The facts of this build. The build script sets them, and the release script names the commit.
fn build_facts() -> BuildFacts {
    BuildFacts {
        version: env!("CARGO_PKG_VERSION"),
        commit: option_env!("SORTIE_COMMIT").filter(|commit| !commit.is_empty()),
        target: env!("SORTIE_BUILD_TARGET"),
        compiler: env!("SORTIE_BUILD_COMPILER"),
        features: names_in(env!("SORTIE_BUILD_FEATURES")),
        features_left: names_in(env!("SORTIE_BUILD_FEATURES_LEFT")),
        sqlite: sqlite_version(),
        rustls: env!("SORTIE_BUILD_RUSTLS"),
        aws_lc_rs: env!("SORTIE_BUILD_AWS_LC_RS"),
    }
}

fn names_in(list: &'static str) -> Vec<&'static str> {
    list.split(',').filter(|name| !name.is_empty()).collect()
}

pub(crate) fn version(printer: &Printer) -> Exit {
    let facts = build_facts();
    match printer.format {
        ListingFormat::Json => printer.answer(&json_of(&facts)),
        _ if printer.is_verbose() => printer.show(&long_of(&facts)),
        _ => printer.show(&short_of(&facts)),
    }
    Exit::Well
}
