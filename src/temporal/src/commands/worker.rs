//! `sortie-temporal worker`: this host sends the requests of runs.
//!
//! Owns which tenants, keys and jobs the worker has. Must never start a worker that has no token at all.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use sortie::app::RefusalClass;
use sortie::cli::companion::{Companion, CompanionEnd, CompanionError};
use sortie::cli::known_tenants::{KnownTenants, TenantWish};

use crate::activities::{Calls, FindTenant};
use crate::connect::ConnectOptions;
use crate::jobs::{self, Jobs};
use crate::text::trouble::counted;
use crate::worker;

/// Flags of `worker`.
#[derive(Debug, Args)]
pub struct RunWorkerOptions {
    /// Read the private key of the workers from this age file, for PINs that are drawn
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    /// Start scheduled jobs from this directory [default: none]
    #[arg(long, value_name = "DIR")]
    jobs: Option<PathBuf>,
    /// Encrypt PINs of scheduled jobs to this public key of the workers
    #[arg(long, env = "SORTIE_WORKER_KEY", hide_env_values = true, value_name = "AGE_KEY")]
    worker_key: Option<String>,
    #[command(flatten)]
    tenant: TenantWish,
}

/// Runs a worker until it is interrupted; requests in progress are finished first.
///
/// # Errors
/// The host has no token, or the server refuses the worker.
pub async fn worker(
    companion: &Companion,
    connect: &ConnectOptions,
    options: &RunWorkerOptions,
) -> Result<CompanionEnd, CompanionError> {
    let tenants = companion.tenants(&options.tenant)?;
    let count = tenants.count();
    if count == 0 {
        return Err(CompanionError::new(
            RefusalClass::Usage,
            "this host has no tenant with a token, so the worker could send nothing",
            "write a profile for each tenant:\n  sortie init",
        ));
    }
    let state_dir = companion.state_dir()?;
    let server = connect.connect().await?;
    let calls = Calls::new(finder(tenants), state_dir.clone(), options.identity.clone());
    let (leave, left) = tokio::sync::watch::channel(());
    let queue = server.task_queue.clone();
    let runs = worker::run(server.client.clone(), &queue, calls, gone(left.clone()));
    let jobs_worker = match &options.jobs {
        None => None,
        Some(directory) => Some(Jobs {
            directory: readable(directory)?,
            state_dir,
            server: server.clone(),
            worker_key: options.worker_key.clone(),
            companion: companion.clone(),
        }),
    };
    companion.say(&format!(
        "worker of {} for {} on task queue '{queue}'{}; Ctrl-C finishes requests in progress, then leaves",
        server.place.shown(),
        counted(count, "tenant"),
        if jobs_worker.is_some() { ", with scheduled jobs" } else { "" },
    ));
    let scheduled = async {
        match jobs_worker {
            Some(jobs) => jobs::run(&server, jobs, gone(left)).await,
            None => Ok(()),
        }
    };
    let both = async { tokio::try_join!(runs, scheduled) };
    let interrupted = async move {
        signalled().await;
        drop(leave);
        std::future::pending::<()>().await;
    };
    let ended = tokio::select! {
        ended = both => ended.map(drop),
        () = interrupted => Ok(()),
    };
    ended.map_err(|error| {
        CompanionError::new(
            RefusalClass::Unexpected,
            format!("the worker ended: {error}"),
            "check the server and the network, then start it again; runs in progress wait for it",
        )
    })?;
    companion.say("the worker has left; runs in progress continue on other workers");
    Ok(CompanionEnd::WELL)
}

/// Finds what names a tenant and holds its token on this host.
fn finder(tenants: KnownTenants) -> FindTenant {
    Arc::new(move |base_url: &str| {
        tenants.find(base_url).ok_or_else(|| {
            format!("this worker has no token for {base_url}: add a profile with its address")
        })
    })
}

fn readable(directory: &std::path::Path) -> Result<PathBuf, CompanionError> {
    match std::fs::read_dir(directory) {
        Ok(_) => Ok(directory.to_owned()),
        Err(error) => Err(CompanionError::new(
            RefusalClass::Usage,
            format!("cannot read the directory {}: {error}", directory.display()),
            "name the directory of the job files with --jobs",
        )),
    }
}

/// Ends when the sender is gone.
async fn gone(mut left: tokio::sync::watch::Receiver<()>) {
    while left.changed().await.is_ok() {}
}

/// Ends at Ctrl-C, and where the system asks the process to leave.
async fn signalled() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
