//! `sortie init`: writes a profile and tests it.
//!
//! Owns the order: ask, store the token, write the profile, test it. A profile whose test fails stays. Must never take a token
//! from the command line, or replace a profile unasked.

use std::path::Path;

use crate::app::Recipients;
use crate::app::doctor::{DoctorFinding, examine_tenant};
use crate::app::settings::{
    NewProfile, Profile, ProfileChoice, ProfileList, ProfileWishes, SecretKeys, WrittenProfile,
    store_token, write_profile,
};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::{config_place, open_workspace};
use crate::cli::options::{GlobalOptions, ListingFormat, TenantOptions};
use crate::cli::runtime::runtime;
use crate::cli::setup_options::InitOptions;
use crate::cli::tenant_options::{read_pace, tenant_request, url_of};
use crate::cli::terminal::printer::Printer;
use crate::cli::terminal::question::can_ask;
use crate::cli::terminal::setup_questions::{Answers, Known, ask_all};
use crate::cli::text::doctor::{json_of, summary_of, text_of};
use crate::cli::text::doctor_facts::DoctorPlaces;
use crate::transport::{HttpTransport, OtherHosts, check_base_url};

pub(crate) fn init(
    global: &GlobalOptions,
    options: &InitOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let path = config_place(global)?;
    let list = match path.is_file() {
        true => ProfileList::read(&path)?,
        false => ProfileList::default(),
    };
    let given = given_profile(global, options)?;
    let is_named = given.base_url.is_some() || given.subdomain.is_some();
    let wishes = ProfileWishes { is_default: options.default, is_replacement: options.force };
    let answers = match (is_named, can_ask() && !global.no_input) {
        (true, _) => Answers { profile: given, wishes, token: None },
        (false, true) => ask_all(given, wishes, &Known { list: &list, configuration: &path })?,
        (false, false) => {
            return Err(Failure::usage("no tenant is given, and sortie cannot prompt here")
                .next("give the subdomain and where the token is:\n  sortie init PROFILE --subdomain NAME --token-file FILE"));
        }
    };
    check(&answers.profile, options)?;
    let profile = answers.profile;
    if let (Some(token), Some(file)) = (&answers.token, &profile.token_file) {
        store_token(Path::new(file), token)?;
        printer.say(&format!("stored the token in {file}"));
    }
    let written = write_profile(&path, &profile, answers.wishes)?;
    let what = if written.has_replaced { "replaced" } else { "wrote" };
    printer.say(&format!("{what} the profile '{}' in {}", profile.name, path.display()));
    let findings = test(global, &path, &profile.name, printer)?;
    show(&findings, &profile, &written, &path, printer);
    let problem = findings.iter().find_map(DoctorFinding::class);
    Ok(problem.map_or(Exit::Well, Exit::of))
}

/// What the flags say of the profile. Paths become absolute: the profile is used from other directories.
fn given_profile(global: &GlobalOptions, options: &InitOptions) -> Result<NewProfile, Failure> {
    let absolute = |path: &Path| {
        let whole = std::path::absolute(path).ok();
        let text = whole.and_then(|path| path.to_str().map(str::to_owned));
        // The name of a token file is not repeated: people paste tokens there.
        text.ok_or_else(|| Failure::usage("a path is empty or not UTF-8 text"))
    };
    let named = options.name.clone().or_else(|| global.profile.clone());
    let name = match (named, &options.subdomain, &options.base_url) {
        (Some(name), ..) => name,
        (None, Some(subdomain), _) => subdomain.to_ascii_lowercase(),
        (None, None, Some(url)) => name_of(url),
        (None, None, None) => String::new(),
    };
    Ok(NewProfile {
        name,
        base_url: options.base_url.clone(),
        subdomain: options.subdomain.clone(),
        region: options.region.clone(),
        is_other_host_allowed: options.allow_other_host,
        token_file: options.token_file.as_deref().map(absolute).transpose()?,
        token_command: options.token_command.clone(),
        ca_file: options.ca_file.as_deref().map(absolute).transpose()?,
        encrypt_to: options.encrypt_to.clone(),
    })
}

/// The name that an address suggests; empty where it suggests none.
fn name_of(url: &str) -> String {
    check_base_url(url, OtherHosts::Allow).map(|checked| checked.tenant).unwrap_or_default()
}

/// Refuses what would make the profile useless, before anything is written.
fn check(profile: &NewProfile, options: &InitOptions) -> Result<(), Failure> {
    let url = match (&profile.base_url, &profile.subdomain) {
        (Some(url), _) => url.clone(),
        (None, subdomain) => {
            url_of(subdomain.as_deref().unwrap_or_default(), profile.region.as_deref())?
        }
    };
    let other_hosts =
        if profile.is_other_host_allowed { OtherHosts::Allow } else { OtherHosts::Refuse };
    check_base_url(&url, other_hosts).map_err(crate::app::AddressReason::from)?;
    // One that was typed at a prompt was confirmed there.
    let is_typed = options.encrypt_to.is_empty();
    let keys = SecretKeys {
        encrypt_to: Some(profile.encrypt_to.clone()),
        single_key: options.single_key || is_typed,
    };
    Recipients::of_configuration(&keys)?;
    Ok(())
}

/// Tests the profile as `--profile NAME` would use it.
fn test(
    global: &GlobalOptions,
    path: &Path,
    name: &str,
    printer: &Printer,
) -> Result<Vec<DoctorFinding>, Failure> {
    let profile = Profile::read(Some(path), Some(name), ProfileChoice::Flag)?;
    let request = tenant_request(&TenantOptions::default().values()?, &profile)?;
    let workspace = open_workspace(global, printer)?;
    Ok(runtime()?.block_on(examine_tenant(&workspace, &request, read_pace(&profile))))
}

fn show(
    findings: &[DoctorFinding],
    profile: &NewProfile,
    written: &WrittenProfile,
    path: &Path,
    printer: &Printer,
) {
    let proxy = HttpTransport::proxy_notice();
    let places = DoctorPlaces { proxy: proxy.as_deref(), configuration: path };
    if printer.format == ListingFormat::Json {
        let object = serde_json::json!({
            "profile": profile.name,
            "configuration": path,
            "default": written.is_default,
            "replaced": written.has_replaced,
            "checks": json_of(findings, &places),
        });
        return printer.data(&object.to_string());
    }
    printer.show_paged(&text_of(findings, &places, &printer.screen()));
    printer.say(&summary_of(findings));
    printer.say(&match written.is_default {
        true => "the profile is the default; no --profile is needed".to_owned(),
        false => format!("use it with: --profile {}", profile.name),
    });
}
