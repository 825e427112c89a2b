//! Where journals live on this machine.
//!
//! Owns the choice of the state directory and of the configuration file.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::failure::Failure;
use super::options::GlobalOptions;
use crate::journal::{Index, StateDir};

/// The state directory and its index.
pub(super) struct State {
    pub dir: StateDir,
    pub index: Arc<Mutex<Index>>,
}

impl State {
    /// Opens the state directory: the flag's, the environment's, else the platform's.
    pub(super) fn open(options: &GlobalOptions) -> Result<Self, Failure> {
        let path = match &options.state_dir {
            Some(path) => path.clone(),
            None => base_directory()?.join("state"),
        };
        let dir = StateDir::open(&path)?;
        let index = Arc::new(Mutex::new(Index::open(&dir)?));
        Ok(Self { dir, index })
    }

    /// The index, for one short use.
    pub(super) fn index(&self) -> std::sync::MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The configuration file, if there is one.
pub(super) fn config_path(options: &GlobalOptions) -> Result<Option<PathBuf>, Failure> {
    if let Some(path) = &options.config {
        return Ok(Some(path.clone()));
    }
    let path = base_directory()?.join("config.toml");
    Ok(path.is_file().then_some(path))
}

/// `~/.sortie`-like directory by the rules of the platform.
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
