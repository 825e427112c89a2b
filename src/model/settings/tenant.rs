//! Settings about which tenant is meant, and with which token.
//!
//! Owns their rows. Must never hold a token, and must never give the token a flag: arguments are visible to every user
//! of the machine.

use super::row::{FlagGroup, SettingFlag, SettingKind};

/// The vendor's regions.
pub const REGIONS: &[&str] = &["us", "eu"];

rows! { Tenant:
    /// The address of the API.
    BASE_URL {
        name: "base_url",
        flags: &[SettingFlag::value("base-url", "URL").against(&["subdomain"])],
        variables: &["SORTIE_BASE_URL", "IRU_API_URL", "KANDJI_API_URL"],
        profile_key: Some("base_url"),
        kind: SettingKind::Text,
        group: FlagGroup::Tenant,
        help: "Set the address of the tenant's API",
    }
    /// The tenant's subdomain at the vendor.
    SUBDOMAIN {
        name: "subdomain",
        flags: &[SettingFlag::value("subdomain", "NAME")],
        profile_key: Some("subdomain"),
        kind: SettingKind::Text,
        group: FlagGroup::Tenant,
        help: "Set the tenant by its subdomain",
        is_daily: true,
    }
    /// The vendor's region of the subdomain.
    REGION {
        name: "region",
        flags: &[SettingFlag::value("region", "REGION").with("subdomain")],
        profile_key: Some("region"),
        kind: SettingKind::Word(REGIONS),
        default: "us",
        group: FlagGroup::Tenant,
        help: "Set the region of the subdomain",
    }
    /// Whether the address may be of another host than the vendor's.
    ALLOW_OTHER_HOST {
        name: "allow_other_host",
        flags: &[SettingFlag::switch("allow-other-host")],
        profile_key: Some("allow_other_host"),
        default: "false",
        group: FlagGroup::Tenant,
        help: "Allow an address that is not one of the vendor's",
    }
    /// The token itself, which only the environment may hold.
    TOKEN {
        name: "token",
        variables: &["SORTIE_TOKEN", "IRU_API_TOKEN", "KANDJI_API_TOKEN", "KANDJI_TOKEN"],
        kind: SettingKind::Text,
        group: FlagGroup::Tenant,
        is_secret: true,
        help: "Use this token",
    }
    /// The file that holds the token.
    TOKEN_FILE {
        name: "token_file",
        flags: &[SettingFlag::value("token-file", "FILE")],
        profile_key: Some("token_file"),
        kind: SettingKind::Path,
        group: FlagGroup::Tenant,
        is_secret: true,
        help: "Read the token from this file (mode 0600) instead of SORTIE_TOKEN (or IRU_API_TOKEN, KANDJI_API_TOKEN, KANDJI_TOKEN)",
        is_daily: true,
    }
    /// The command that prints the token.
    TOKEN_COMMAND {
        name: "token_command",
        flags: &[SettingFlag::value("token-command", "COMMAND").against(&["token-file"])],
        profile_key: Some("token_command"),
        kind: SettingKind::Text,
        group: FlagGroup::Tenant,
        is_secret: true,
        help: "Run this command and read the token from its output",
    }
    /// A certificate authority besides the system's.
    CA_FILE {
        name: "ca_file",
        flags: &[SettingFlag::value("ca-file", "FILE")],
        profile_key: Some("ca_file"),
        kind: SettingKind::Path,
        group: FlagGroup::Tenant,
        help: "Trust this certificate authority (PEM) in addition to the system's",
    }
    /// Whether a simulated tenant is used.
    SIMULATE {
        name: "simulate",
        flags: &[SettingFlag::switch("simulate")
            .against(&["base-url", "subdomain", "token-file", "token-command"])],
        default: "false",
        group: FlagGroup::Tenant,
        help: "Use a simulated tenant that has the devices of the job; no token needed",
        is_daily: true,
    }
    /// The seed of randomness.
    SEED {
        name: "seed",
        flags: &[SettingFlag::value("seed", "NUMBER")],
        kind: SettingKind::Number,
        default: "drawn for each run",
        group: FlagGroup::Tenant,
        help: "Seed the simulated tenant and the random choices of the run",
    }
    /// How long one request may take.
    TIMEOUT {
        name: "timeout",
        flags: &[SettingFlag::value("timeout", "DURATION")],
        variables: &["SORTIE_TIMEOUT"],
        kind: SettingKind::Duration { least_ms: TIMEOUT_MS_MIN, most_ms: u64::MAX },
        default: "1m",
        group: FlagGroup::Tenant,
        help: "Give up on a request after this time",
    }
}

/// Shortest time for one request, in milliseconds.
pub const TIMEOUT_MS_MIN: u64 = 100;
