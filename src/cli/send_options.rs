//! Options that name or select devices on the command line.
//!
//! Owns their names. What a filter means is the job's. Must never read a device.

use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::cli::job_options::pair;
use crate::cli::setting_flags::{SettingFlags, TenantsFlags};
use crate::model::settings::HelpHeading;

const INPUT: &str = HelpHeading::Input.shown();
const TARGETS: &str = HelpHeading::Targets.shown();
const SAFETY: &str = HelpHeading::Safety.shown();

#[derive(Debug, Args)]
#[command(next_help_heading = TARGETS)]
pub(crate) struct SendOptions {
    /// Action to send; sortie actions lists them
    pub action: String,
    /// Set a parameter of the action (repeatable)
    #[arg(long, help_heading = INPUT, value_name = "KEY=VALUE", value_parser = pair)]
    pub param: Vec<(String, String)>,
    /// Send to the device with this id (repeatable)
    #[arg(long, value_name = "ID")]
    pub device: Vec<String>,
    /// Send to the device with this serial number (repeatable)
    #[arg(long, value_name = "SERIAL")]
    pub serial: Vec<String>,
    /// Send to the device of the user with this e-mail address (repeatable)
    #[arg(long, value_name = "EMAIL")]
    pub user_email: Vec<String>,
    #[command(flatten)]
    pub filter: FilterOptions,
    /// Send to every device of the tenant
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub tenants: SettingFlags<TenantsFlags>,
    /// Allow erase_mode WIPE_PROTECTED, which can leave a PC unable to boot
    #[arg(long, help_heading = SAFETY, hide_short_help = true)]
    pub allow_wipe_protected: bool,
}

#[derive(Debug, Default, Args)]
#[command(next_help_heading = TARGETS)]
pub(crate) struct FilterOptions {
    /// Select devices of this platform, such as Mac or iPad (repeatable)
    #[arg(long, value_name = "PLATFORM")]
    pub platform: Vec<String>,
    /// Select devices in this blueprint (repeatable)
    #[arg(long, value_name = "NAME")]
    pub blueprint: Vec<String>,
    /// Select devices with this tag (repeatable)
    #[arg(long, value_name = "NAME")]
    pub tag: Vec<String>,
    /// Select devices whose name contains TEXT (repeatable)
    #[arg(long, value_name = "TEXT")]
    pub name_like: Vec<String>,
    /// Select devices whose last check-in is at most DURATION ago, such as 24h
    #[arg(long, value_name = "DURATION")]
    pub checked_in_within: Option<String>,
    /// Select devices whose last check-in is older than DURATION, such as 30d
    #[arg(long, value_name = "DURATION")]
    pub not_checked_in_for: Option<String>,
    /// Select devices with this OS version, or in this range, such as ">=14.0 <15.4" (repeatable)
    #[arg(long, value_name = "VERSION", hide_short_help = true)]
    pub os_version: Vec<String>,
    /// Select devices whose last enrollment is at most DURATION ago, such as 30d
    #[arg(long, value_name = "DURATION", hide_short_help = true)]
    pub enrolled_within: Option<String>,
    /// Select devices whose last enrollment is at least DURATION ago, such as 30d
    #[arg(long, value_name = "DURATION", hide_short_help = true)]
    pub enrolled_for: Option<String>,
    /// Select Macs and PCs with the agent (true) or without it (false)
    #[arg(long, value_name = "BOOL", hide_short_help = true, value_parser = switch())]
    pub agent: Option<String>,
    /// Select Macs with FileVault on (true) or off (false)
    #[arg(long, value_name = "BOOL", hide_short_help = true, value_parser = switch())]
    pub filevault: Option<String>,
    /// Select Apple devices that are supervised (true) or not (false); takes one request for each device
    #[arg(long, value_name = "BOOL", hide_short_help = true, value_parser = switch())]
    pub supervised: Option<String>,
    /// Select Apple devices with Activation Lock on (true) or off (false); takes one request for each device
    #[arg(long, value_name = "BOOL", hide_short_help = true, value_parser = switch())]
    pub activation_lock: Option<String>,
}

/// The words of a condition that holds or does not.
fn switch() -> PossibleValuesParser {
    PossibleValuesParser::new(["true", "false"])
}
