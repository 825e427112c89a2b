//! Options about a job file.
//!
//! Owns how columns, delimiter, encoding and sheet are named on the command line. Must never open the file.

use clap::Args;

use crate::cli::setting_flags::{SettingFlags, TenantsFlags};
use crate::model::settings::HelpHeading;

const INPUT: &str = HelpHeading::Input.shown();
const SAFETY: &str = HelpHeading::Safety.shown();

#[derive(Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = INPUT)]
pub(crate) struct JobOptions {
    /// CSV, XLSX or YAML job, or - for standard input (run: also a saved plan)
    pub job: String,
    /// Run this action on every row of a CSV that has no action column
    #[arg(long, value_name = "ACTION")]
    pub action: Option<String>,
    /// Set a parameter of --action (repeatable)
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair, requires = "action")]
    pub param: Vec<(String, String)>,
    /// Rename a column, such as "Display Name=new_name" (repeatable)
    #[arg(long, value_name = "COLUMN=NAME", value_parser = pair)]
    pub map: Vec<(String, String)>,
    /// Ignore this column (repeatable)
    #[arg(long, value_name = "COLUMN")]
    pub ignore_column: Vec<String>,
    /// Identify devices by this column only; benign actions only
    #[arg(long, hide_short_help = true, value_name = "COLUMN", value_parser = ["device_id", "serial_number", "user_email"])]
    pub identify_by: Option<String>,
    /// Drop duplicate rows instead of refusing them
    #[arg(long, hide_short_help = true)]
    pub dedupe: bool,
    /// Set the CSV delimiter: , ; or tab [default: detected from the header]
    #[arg(long, hide_short_help = true, value_name = "CHARACTER", value_parser = delimiter)]
    pub delimiter: Option<u8>,
    /// Set the encoding of a CSV that is not UTF-8 and has no byte order mark
    #[arg(long, hide_short_help = true, value_name = "NAME", value_parser = ["utf-8", "utf-16le", "utf-16be", "windows-1252", "macintosh"])]
    pub encoding: Option<String>,
    /// Read this sheet of a workbook [default: the only sheet with values]
    #[arg(long, hide_short_help = true, value_name = "NAME")]
    pub sheet: Option<String>,
    /// Read or skip hidden rows and columns of a workbook [default: refuse them]
    #[arg(long, hide_short_help = true, value_name = "CHOICE", value_parser = ["read", "skip"])]
    pub hidden: Option<String>,
    #[command(flatten)]
    pub tenants: SettingFlags<TenantsFlags>,
    /// Allow erase_mode WIPE_PROTECTED, which can leave a PC unable to boot
    #[arg(long, help_heading = SAFETY, hide_short_help = true)]
    pub allow_wipe_protected: bool,
}

/// Reads `key=value`.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

/// Reads one of the three delimiters.
fn delimiter(text: &str) -> Result<u8, String> {
    match text {
        "," => Ok(b','),
        ";" => Ok(b';'),
        "\t" | "\\t" | "tab" => Ok(b'\t'),
        _ => Err("one of , ; or tab".to_owned()),
    }
}
