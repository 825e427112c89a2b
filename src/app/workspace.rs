//! Where journals live on this machine.
//!
//! Owns the choice of the state directory and of the configuration file, and what each tenant's hour is called there.
//! Must never count one tenant twice because its address was spelt another way.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use crate::app::clock::warn_of_clock;
use crate::cli::failure::Failure;
use crate::cli::options::{GlobalOptions, variable};
use crate::cli::terminal::printer::Printer;
use crate::drive::Quota;
use crate::journal::{Index, StateDir};
use crate::transport::tenant_key;

/// The state directory and its index.
pub(crate) struct State {
    pub dir: StateDir,
    pub index: Arc<Mutex<Index>>,
}

impl State {
    /// Opens the state directory: the flag's, the environment's, else the platform's.
    pub(crate) fn open(options: &GlobalOptions, printer: &Printer) -> Result<Self, Failure> {
        let dir = StateDir::open(&state_path(options)?)?;
        let index = Index::open(&dir)?;
        warn_of_clock(&dir, &index, printer)?;
        Ok(Self { dir, index: Arc::new(Mutex::new(index)) })
    }

    /// Opens the state directory for looking only: nothing is created, and what a newer program wrote can
    /// be read. `None` when there is none yet.
    pub(crate) fn open_to_read(options: &GlobalOptions) -> Result<Option<Self>, Failure> {
        let dir = StateDir::at(&state_path(options)?);
        let index = Index::open_to_read(&dir)?;
        Ok(index.map(|index| Self { dir, index: Arc::new(Mutex::new(index)) }))
    }

    /// The same for those who look for a run.
    pub(crate) fn with_runs(options: &GlobalOptions) -> Result<Self, Failure> {
        Self::open_to_read(options)?.ok_or_else(|| {
            Failure::usage("there are no runs yet")
                .next("start one with: sortie run JOB, or name another place with --state-dir")
        })
    }

    /// The hour of the tenant at `base_url`.
    pub(crate) fn quota(&self, base_url: &str, per_hour: u32) -> Quota {
        Quota::new(Arc::clone(&self.index), &tenant_key(base_url), per_hour)
    }

    /// The index, for one short use.
    pub(crate) fn index(&self) -> std::sync::MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn state_path(options: &GlobalOptions) -> Result<PathBuf, Failure> {
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
