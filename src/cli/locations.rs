//! Where the state directory and the configuration are on this machine.
//!
//! Owns the choice: the flag's, the environment's, else the platform's. Must never create anything.

use std::path::PathBuf;

use super::failure::Failure;
use super::options::GlobalOptions;
use super::setting_flags::variable;
use super::terminal::printer::Printer;
use super::text::refusals::words;
use crate::app::Workspace;

/// Opens the state directory.
pub(crate) fn open_workspace(
    options: &GlobalOptions,
    printer: &Printer,
) -> Result<Workspace, Failure> {
    let workspace = Workspace::open(&state_path(options)?, printer.events())?;
    Ok(workspace.describing(|reason| words(reason).what))
}

/// Opens the state directory for looking only; `None` where there is none yet.
pub(crate) fn open_to_read(
    options: &GlobalOptions,
    printer: &Printer,
) -> Result<Option<Workspace>, Failure> {
    Ok(Workspace::open_to_read(&state_path(options)?, printer.events())?)
}

/// Opens the state directory for looking at its runs.
pub(crate) fn with_runs(options: &GlobalOptions, printer: &Printer) -> Result<Workspace, Failure> {
    Ok(Workspace::with_runs(&state_path(options)?, printer.events())?)
}

/// The state directory, whether there is one or not.
pub(crate) fn state_path(options: &GlobalOptions) -> Result<PathBuf, Failure> {
    let given =
        options.state_dir.clone().or_else(|| variable("SORTIE_STATE_DIR").map(PathBuf::from));
    match given {
        Some(path) => Ok(path),
        None => Ok(base_directory()?.join("state")),
    }
}

/// The configuration file, if there is one.
pub(crate) fn config_path(options: &GlobalOptions) -> Result<Option<PathBuf>, Failure> {
    let given = options.config.clone().or_else(|| variable("SORTIE_CONFIG").map(PathBuf::from));
    if given.is_some() {
        return Ok(given);
    }
    let path = base_directory()?.join("config.toml");
    Ok(path.is_file().then_some(path))
}

/// The configuration file, whether there is one or not.
pub(crate) fn config_place(options: &GlobalOptions) -> Result<PathBuf, Failure> {
    let given = options.config.clone().or_else(|| variable("SORTIE_CONFIG").map(PathBuf::from));
    match given {
        Some(path) => Ok(path),
        None => Ok(base_directory()?.join("config.toml")),
    }
}

/// The directory of this program's data, by the rules of the platform.
fn base_directory() -> Result<PathBuf, Failure> {
    use etcetera::AppStrategy;
    let names = etcetera::AppStrategyArgs {
        top_level_domain: "io".to_owned(),
        author: "sortie".to_owned(),
        app_name: "sortie".to_owned(),
    };
    etcetera::choose_app_strategy(names).map(|strategy| strategy.data_dir()).map_err(|error| {
        Failure::usage(format!("no home directory: {error}")).next("give --state-dir")
    })
}
