//! `sortie-temporal cancel`: nothing more is sent for a run.
//!
//! Owns what a cancel means. Must never say that something was recalled: what was sent, was sent.

use clap::Args;
use serde_json::json;
use sortie::cli::companion::{Companion, CompanionEnd, CompanionError};
use sortie::model::StopCause;
use temporalio_client::WorkflowSignalOptions;

use super::lookup::run_of;
use crate::connect::ConnectOptions;
use crate::text::trouble::{self, counted};
use crate::wire::SectionMessage;
use crate::workflows::Section;

/// Flags of `cancel`.
#[derive(Debug, Args)]
pub struct CancelOptions {
    /// Run to cancel: its name, its run id, the beginning of one, or 'latest'
    #[arg(value_name = "RUN")]
    run: String,
    /// Cancel only on this tenant [default: all tenants of the run]
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
}

/// Cancels a run: its sections stop sending, finish what is in progress and end.
///
/// # Errors
/// There is no such run, or the server does not answer.
pub async fn cancel(
    companion: &Companion,
    connect: &ConnectOptions,
    options: &CancelOptions,
) -> Result<CompanionEnd, CompanionError> {
    let server = connect.connect().await?;
    let mut found = run_of(&server, &options.run).await?;
    if let Some(tenant) = &options.tenant {
        found.retain(|section| section.tenant == *tenant);
    }
    let mut told = 0;
    for section in found.iter().filter(|section| !section.is_over()) {
        let handle = server.client.get_workflow_handle::<Section>(section.id.clone());
        let reason = format!("cancelled by {}", companion.operator());
        let stop = SectionMessage::Stop { cause: StopCause::Operator, reason };
        let options = WorkflowSignalOptions::default();
        let signalled = handle.signal(Section::tell, vec![stop], options).await;
        signalled.map_err(|error| trouble::of(&error))?;
        told += 1;
    }
    companion.answer(&json!({ "cancelled": told, "sections": found.len() }));
    match told {
        0 => companion.say("the run has ended already; nothing was changed"),
        told => companion.say(&format!(
            "{} told to stop. Nothing more is sent; what was sent is not recalled and is followed no further. \
             Requests in progress are recorded first.\nsee what was sent:\n  sortie-temporal report {} --wait",
            counted(told, "section"),
            options.run
        )),
    }
    Ok(CompanionEnd::WELL)
}
