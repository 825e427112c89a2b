//! `sortie doctor`: whether this host, the tenant and the token are ready.
//!
//! Owns the exit code, that of the first problem. Only reads.

use crate::app::doctor::{DoctorRequest, examine};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::{config_path, config_place, state_path};
use crate::cli::options::{GlobalOptions, ListingFormat, TenantOptions};
use crate::cli::runtime::runtime;
use crate::cli::settings::profile_at;
use crate::cli::tenant_options::{read_pace, tenant_request};
use crate::cli::terminal::printer::Printer;
use crate::cli::text::doctor::{json_of, summary_of, text_of};
use crate::cli::text::doctor_facts::DoctorPlaces;
use crate::transport::HttpTransport;

pub(crate) fn doctor(
    global: &GlobalOptions,
    tenant: &TenantOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let configuration = config_path(global)?;
    let profile = profile_at(configuration.as_deref(), global);
    let given = tenant.values()?;
    let named = profile.as_ref().ok().map(|profile| tenant_request(&given, profile)).transpose()?;
    let pace = profile.as_ref().map(read_pace).unwrap_or_default();
    let state_dir = state_path(global)?;
    let request = DoctorRequest { state_dir, configuration, profile, tenant: named, pace };
    let findings = runtime()?.block_on(examine(&request, printer.events()));
    let proxy = HttpTransport::proxy_notice();
    let place = config_place(global)?;
    let places = DoctorPlaces { proxy: proxy.as_deref(), configuration: &place };
    match printer.format {
        ListingFormat::Json => printer.list(json_of(&findings, &places)),
        _ => {
            printer.show_paged(&text_of(&findings, &places, &printer.screen()));
            printer.say(&summary_of(&findings));
        }
    }
    let problem = findings.iter().find_map(|finding| finding.class());
    Ok(problem.map_or(Exit::Well, Exit::of))
}
