//! Channels and notices, laid out.
//!
//! Owns their tables and their JSON. Must never show an address or the file that holds it.

use serde_json::{Value, json};

use crate::app::{
    ChannelWay, NoticeListing, NoticesTried, Notifications, NotifyChannel, SecretPlace,
    TestedChannel,
};
use crate::cli::text::layout::counted;
use crate::cli::text::notification_news::cause;
use crate::cli::text::screen::{Screen, Tone};
use crate::cli::text::table::{Table, TableCell, TableColumn};
use crate::journal::OutboxState;
use crate::model::MaxErrors;

const CHANNELS: [TableColumn; 5] = [
    TableColumn::whole("CHANNEL"),
    TableColumn::whole("KIND"),
    TableColumn::text("NOTIFIED OF"),
    TableColumn::whole("FAILED OVER"),
    TableColumn::text("ADDRESS FROM"),
];

const NOTICES: [TableColumn; 8] = [
    TableColumn::whole("RECORDED"),
    TableColumn::whole("RUN"),
    TableColumn::whole("NOTICE"),
    TableColumn::text("PROFILE"),
    TableColumn::whole("CHANNEL"),
    TableColumn::whole("STATE"),
    TableColumn::number("TRIES"),
    TableColumn::text("LAST FAILURE"),
];

const TESTS: [TableColumn; 4] = [
    TableColumn::whole("CHANNEL"),
    TableColumn::whole("KIND"),
    TableColumn::whole("RESULT"),
    TableColumn::text("CAUSE"),
];

/// The channels of the profile as a table.
pub(crate) fn channel_table(setup: &Notifications, screen: &Screen) -> String {
    let mut table = Table::new(&CHANNELS);
    for (name, channel) in &setup.channels {
        table.row::<TableCell>([
            name.as_str().into(),
            channel.way.word().into(),
            kinds(channel).join(", ").into(),
            failed_over(channel).into(),
            address_from(channel).into(),
        ]);
    }
    table.render(screen)
}

/// Notices of the outbox as a table.
pub(crate) fn notice_table(notices: &[NoticeListing], screen: &Screen) -> String {
    let mut table = Table::new(&NOTICES);
    for NoticeListing { notice, fault } in notices {
        table.row::<TableCell>([
            screen.time(notice.made_at).into(),
            notice.run.as_str().into(),
            notice.kind.as_str().into(),
            notice.profile.as_str().into(),
            notice.channel.as_str().into(),
            TableCell::toned(tone_of(notice.state), notice.state.word().replace('_', " ")),
            notice.attempts.to_string().into(),
            fault.as_ref().map(cause).unwrap_or_default().into(),
        ]);
    }
    table.render(screen)
}

/// Tested channels as a table.
pub(crate) fn test_table(tests: &[TestedChannel], screen: &Screen) -> String {
    let mut table = Table::new(&TESTS);
    for TestedChannel { name, way, fault } in tests {
        table.row::<TableCell>([
            name.as_str().into(),
            (*way).into(),
            match fault {
                None => TableCell::toned(Tone::Good, "delivered"),
                Some(_) => TableCell::toned(Tone::Bad, "failed"),
            },
            fault.as_ref().map(cause).unwrap_or_default().into(),
        ]);
    }
    table.render(screen)
}

/// What a delivery that a person asked for came to, in one line.
pub(crate) fn sent_line(sent: &NoticesTried) -> String {
    let delivered =
        sent.tried.iter().filter(|it| it.notice.state == OutboxState::Delivered).count();
    let busy = if sent.is_busy { "; another process delivers notices now" } else { "" };
    match (sent.tried.is_empty(), sent.waiting) {
        (true, 0) => format!("no notification waits for delivery{busy}"),
        (_, 0) => format!("{} delivered{busy}", counted(delivered, "notification")),
        (_, waiting) => {
            let next = sent.next_at.map(|at| format!(", next try at {at}")).unwrap_or_default();
            format!(
                "{} delivered; {waiting} still waiting{next}{busy}",
                counted(delivered, "notification")
            )
        }
    }
}

/// Channels and notices for programs.
pub(crate) fn listing_json(setup: &Notifications, notices: &[NoticeListing]) -> Value {
    let channels: Vec<Value> = setup
        .channels
        .iter()
        .map(|(name, channel)| {
            json!({
                "name": name, "kind": channel.way.word(), "on": kinds(channel),
                "failed_over": failed_over(channel), "address_from": address_from(channel),
            })
        })
        .collect();
    json!({
        "profile": setup.profile, "channels": channels,
        "notices": notices.iter().map(notice_json).collect::<Vec<Value>>(),
    })
}

/// Tested channels for programs.
pub(crate) fn tests_json(tests: &[TestedChannel]) -> Value {
    let row = |test: &TestedChannel| {
        json!({
            "channel": test.name, "kind": test.way, "delivered": test.fault.is_none(),
            "cause": test.fault.as_ref().map(cause), "fault": test.fault,
        })
    };
    json!({ "tests": tests.iter().map(row).collect::<Vec<Value>>() })
}

/// A delivery for programs.
pub(crate) fn sent_json(sent: &NoticesTried) -> Value {
    json!({
        "tried": sent.tried.iter().map(notice_json).collect::<Vec<Value>>(),
        "waiting": sent.waiting, "next_at": sent.next_at.map(|at| at.to_string()),
    })
}

fn notice_json(listing: &NoticeListing) -> Value {
    let NoticeListing { notice, fault } = listing;
    json!({
        "id": notice.id, "run": notice.run, "kind": notice.kind, "profile": notice.profile,
        "channel": notice.channel, "state": notice.state.word(), "attempts": notice.attempts,
        "recorded_at": notice.made_at.to_string(), "next_at": notice.next_at.to_string(),
        "ended_at": notice.ended_at.map(|at| at.to_string()),
        "cause": fault.as_ref().map(cause), "fault": fault,
    })
}

fn kinds(channel: &NotifyChannel) -> Vec<&'static str> {
    channel.kinds.iter().map(|kind| kind.word()).collect()
}

fn failed_over(channel: &NotifyChannel) -> String {
    match channel.failed_over {
        MaxErrors::Count(count) => count.to_string(),
        MaxErrors::Percent(percent) => format!("{percent}%"),
    }
}

/// The kind of the place, never its name: a command line or a file name may say too much.
fn address_from(channel: &NotifyChannel) -> &'static str {
    let of = |place: &SecretPlace| match place {
        SecretPlace::Variable(_) => "variable",
        SecretPlace::File(_) => "file",
        SecretPlace::Command(_) => "command",
    };
    match &channel.way {
        ChannelWay::Webhook { url, .. } | ChannelWay::Slack { url } | ChannelWay::Teams { url } => {
            of(url)
        }
        ChannelWay::Email(_) => "profile",
    }
}

fn tone_of(state: OutboxState) -> Tone {
    match state {
        OutboxState::Waiting => Tone::Caution,
        OutboxState::Delivered => Tone::Good,
        OutboxState::GivenUp => Tone::Bad,
    }
}
