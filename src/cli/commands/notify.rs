//! `sortie notify`: channels and notices, a test, a delivery now.
//!
//! Owns what is said where there are none. Here a failed delivery is an error: it is what the command is for. Must never
//! contact a tenant.

use crate::app::settings::Profile;
use crate::app::{Notifications, NotifyChoice};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::{open_to_read, open_workspace};
use crate::cli::notifications::notifications;
use crate::cli::options::{GlobalOptions, ListingFormat};
use crate::cli::settings::read_profile;
use crate::cli::setup_options::NotifyOptions;
use crate::cli::terminal::printer::Printer;
use crate::cli::text::layout::counted;
use crate::cli::text::notification_list::{
    channel_table, listing_json, notice_table, sent_json, sent_line, test_table, tests_json,
};

pub(crate) fn notify(
    global: &GlobalOptions,
    options: &NotifyOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let profile: Profile = read_profile(global)?;
    let setup = notifications(&profile, &NotifyChoice::AsConfigured);
    match (&options.test, options.send) {
        (Some(channel), _) => test(&setup, channel.as_deref(), printer),
        (None, true) => send(global, setup, printer),
        (None, false) => list(global, &setup, printer),
    }
}

/// Sends a test notice and shows a row for each channel.
fn test(setup: &Notifications, channel: Option<&str>, printer: &Printer) -> Result<Exit, Failure> {
    let tests = setup.test(channel)?;
    if tests.is_empty() {
        return Err(Failure::usage(no_channels(setup))
            .next("add a channel to the profile:\n  sortie help notifications"));
    }
    match printer.format {
        ListingFormat::Json => printer.data(&tests_json(&tests).to_string()),
        ListingFormat::Text | ListingFormat::Csv => {
            printer.show_paged(&test_table(&tests, &printer.screen()));
        }
    }
    let failed = tests.iter().filter(|test| test.fault.is_some()).count();
    match failed {
        0 => Ok(Exit::Well),
        failed => {
            let what =
                format!("{failed} of {} did not get the test", counted(tests.len(), "channel"));
            Err(Failure::new(Exit::Unexpected, what)
                .next("correct the channels above, then test again with: sortie notify --test"))
        }
    }
}

/// Delivers what waits.
fn send(global: &GlobalOptions, setup: Notifications, printer: &Printer) -> Result<Exit, Failure> {
    let sent = open_workspace(global, printer)?.notifying(setup).send_notices()?;
    match printer.format {
        ListingFormat::Json => printer.data(&sent_json(&sent).to_string()),
        ListingFormat::Text | ListingFormat::Csv if !sent.tried.is_empty() => {
            printer.show_paged(&notice_table(&sent.tried, &printer.screen()));
        }
        ListingFormat::Text | ListingFormat::Csv => {}
    }
    printer.say(&sent_line(&sent));
    let failed = sent.tried.iter().filter(|it| it.fault.is_some()).count();
    match failed {
        0 => Ok(Exit::Well),
        failed => {
            let what = format!("{} not delivered", counted(failed, "notification"));
            Err(Failure::new(Exit::Unexpected, what)
                .next("test the channels with: sortie notify --test"))
        }
    }
}

/// Shows channels and notices.
fn list(global: &GlobalOptions, setup: &Notifications, printer: &Printer) -> Result<Exit, Failure> {
    let workspace = open_to_read(global, printer)?;
    let notices = workspace.map(|workspace| workspace.notices()).transpose()?.unwrap_or_default();
    if printer.format == ListingFormat::Json {
        printer.data(&listing_json(setup, &notices).to_string());
        return Ok(Exit::Well);
    }
    let screen = printer.screen();
    let mut text = String::new();
    if setup.channels.is_empty() {
        printer.say(&format!("{}; see: sortie help notifications", no_channels(setup)));
    } else {
        text.push_str(&channel_table(setup, &screen));
    }
    if !notices.is_empty() {
        let gap = if text.is_empty() { "" } else { "\n" };
        text.push_str(&format!("{gap}{}", notice_table(&notices, &screen)));
    }
    if !text.is_empty() {
        printer.show_paged(&text);
    }
    Ok(Exit::Well)
}

fn no_channels(setup: &Notifications) -> String {
    match setup.profile.as_str() {
        "" => "no profile is in use, so there are no notification channels".to_owned(),
        profile => format!("profile {profile} has no notification channels"),
    }
}
