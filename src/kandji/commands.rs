//! The command history of a device, and finding our own command in it.
//!
//! Owns the match between an action that was sent and the commands that may belong to it. No answer of the
//! API names the command that it queued, so the match is by request type and time, and says so when more
//! than one fits. Must never guess: what does not fit is not ours.

use serde_json::Value;

use super::actions::LIST_BODY_BYTES_MAX;
use super::body::{is_own_not_found, json, says_not_found};
use super::devices::{device_by_id, read_devices};
use super::headers::retry_after_ms;
use super::paging::LIST_ROWS_MAX;
use super::paging::Remainder;
use super::path::device_path;
use super::state::{state_request, state_sighting};
use crate::model::wire::{Method, Reply, Request};
use crate::model::{
    CommandSeen, CommandStatus, DeviceId, End, Repeat, Sighting, UnixMillis, View, is_same_text,
};

/// One page of the command history, oldest first.
#[must_use]
pub fn commands_request(device: &DeviceId, offset: u32) -> Request {
    Request {
        method: Method::Get,
        path_and_query: device_path(
            device,
            &format!("/commands?limit={LIST_ROWS_MAX}&offset={offset}"),
        ),
        body: None,
        repeat: Repeat::Safe,
        body_bytes_max: LIST_BODY_BYTES_MAX,
    }
}

/// One page of a device's command history, as `GET /devices/{id}/commands` returns it: at most 300 rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CommandsPage {
    /// Rows in the whole history.
    pub count: u32,
    /// Whether the answer names a next page; `None` where it does not say.
    pub has_next: Option<bool>,
    /// The rows of this page.
    pub rows: Vec<CommandRow>,
    /// The rows as they came, for people who want all of it.
    pub raw: Vec<Value>,
}

/// One command of a device's history, with the fields that sortie reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandRow {
    /// UUID of the command.
    pub uuid: String,
    /// Apple's request type.
    pub request_type: String,
    /// The vendor's name for it.
    pub command_type: String,
    /// Metadata as JSON text.
    pub metadata: String,
    /// Its status, `None` for a number that is not documented.
    pub status: Option<CommandStatus>,
    /// When it was queued.
    pub requested_at: Option<UnixMillis>,
    /// When it was completed.
    pub completed_at: Option<UnixMillis>,
    /// The device's reason for a failure.
    pub error: String,
}

impl CommandsPage {
    /// Reads a page; `None` when the answer is not one.
    #[must_use]
    pub fn read(reply: &Reply) -> Option<Self> {
        if reply.status != 200 {
            return None;
        }
        let value: Value = json(&reply.body).ok()?;
        let raw = value["commands"]["results"].as_array()?.clone();
        let count = value["commands"]["count"].as_u64().unwrap_or(raw.len() as u64);
        let rows = raw.iter().map(read_row).collect();
        let has_next = value["commands"].get("next").map(|next| !next.is_null());
        Some(Self { has_next, count: u32::try_from(count).unwrap_or(u32::MAX), rows, raw })
    }
}

impl CommandsPage {
    /// What the page at `offset` says about the rows after it. A count is believed where it asks to read on, and as an
    /// end only together with the missing next page.
    #[must_use]
    pub fn remainder(&self, offset: u32) -> Remainder {
        let read_to = offset.saturating_add(u32::try_from(self.rows.len()).unwrap_or(u32::MAX));
        match self.has_next {
            Some(true) => Remainder::Some,
            _ if self.count > read_to => Remainder::Some,
            Some(false) => Remainder::Nothing,
            None => Remainder::Unsaid,
        }
    }
}

fn read_row(row: &Value) -> CommandRow {
    let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
    CommandRow {
        uuid: text("uuid"),
        request_type: text("request_type"),
        command_type: text("command_type"),
        metadata: row["metadata"].to_string(),
        status: row["status"].as_i64().and_then(CommandStatus::from_number),
        requested_at: UnixMillis::parse(&text("date_requested")),
        completed_at: UnixMillis::parse(&text("date_completed")),
        error: read_errors(&row["error_chain"]),
    }
}

/// The device's reasons, in English where there is a choice.
fn read_errors(chain: &Value) -> String {
    let Some(links) = chain.as_array() else { return String::new() };
    let sentences: Vec<String> = links
        .iter()
        .map(|link| {
            let text = |key: &str| link[key].as_str().filter(|text| !text.is_empty());
            let words = text("us_english_description")
                .or_else(|| text("localized_description"))
                .unwrap_or("no reason given");
            match (text("domain"), link["code"].as_i64()) {
                (Some(domain), Some(code)) => format!("{words} ({domain} {code})"),
                _ => words.to_owned(),
            }
        })
        .collect();
    sentences.join("; ")
}

/// What looks expect, in words.
const RECORD: &str = "the record of one device";
const HISTORY: &str = "a command history";

/// The read request that shows how far a followed task has come that ends as `end` says: a page of its device's
/// history, the device's record, or the report about the device that shows the state.
#[must_use]
pub fn look_request(device: &DeviceId, view: View, end: &End) -> Request {
    match (view, end.state()) {
        (View::History { offset }, _) => commands_request(device, offset),
        (View::Record, Some(state)) => state_request(device, state),
        (View::Record, None) => device_by_id(device),
    }
}

/// What an answer shows of a task that ends as `end` says. `sent_at` is by the server's clock, with the clocks'
/// uncertainty already subtracted. The caller has checked that the answer is about the task's device.
#[must_use]
pub fn sighting(reply: &Reply, end: &End, sent_at: UnixMillis, view: View) -> Sighting {
    if let (View::Record, Some(state)) = (view, end.state()) {
        return state_sighting(reply, state, sent_at);
    }
    let may_be_gone = match end {
        End::Gone => is_own_not_found(reply),
        End::Command { or_gone: true, .. } => says_not_found(reply),
        _ => false,
    };
    match (reply.status, view) {
        (404, _) if may_be_gone => {
            Sighting::Proven { evidence: "the device is no longer in the tenant".to_owned() }
        }
        (200, View::Record) => record_sighting(reply, end, sent_at),
        (200, View::History { offset }) => history_sighting(reply, end, sent_at, offset),
        (429, _) => Sighting::Throttled { retry_after_ms: retry_after_ms(reply) },
        (_, View::Record) => unreadable(reply, RECORD),
        (_, View::History { .. }) => unreadable(reply, HISTORY),
    }
}

fn unreadable(reply: &Reply, expected: &str) -> Sighting {
    let reason = super::unusable(reply, expected);
    Sighting::Unreadable { reason, is_forbidden: matches!(reply.status, 401 | 403) }
}

/// What the device's record shows.
fn record_sighting(reply: &Reply, end: &End, sent_at: UnixMillis) -> Sighting {
    let Ok(devices) = read_devices(reply) else { return unreadable(reply, RECORD) };
    let [device] = devices.as_slice() else { return unreadable(reply, RECORD) };
    let enrolled_at = device.last_enrollment.get().filter(|at| *at > sent_at);
    match (end, enrolled_at) {
        (End::Command { or_gone: true, .. }, Some(at)) => {
            Sighting::Proven { evidence: format!("the device enrolled again at {at}") }
        }
        (End::Command { or_named: Some(name), .. }, _) if is_same_text(name, &device.name) => {
            Sighting::Proven { evidence: format!("the device has the name '{name}'") }
        }
        (End::Command { or_named: Some(_), .. }, _) => {
            Sighting::Nothing { evidence: format!("the device is named '{}'", device.name) }
        }
        _ => Sighting::Nothing { evidence: "the device is still in the inventory".to_owned() },
    }
}

/// What a page of the command history shows.
fn history_sighting(reply: &Reply, end: &End, sent_at: UnixMillis, offset: u32) -> Sighting {
    let (Some(page), End::Command { request_types, mark, .. }) = (CommandsPage::read(reply), end)
    else {
        return unreadable(reply, HISTORY);
    };
    // Oldest first is what the tenant does, and it is not documented.
    if is_newest_first(&page.rows) {
        if offset > 0 {
            return Sighting::Elsewhere { offset: 0 };
        }
        return fitting_sighting(&page, request_types, mark.as_deref(), sent_at);
    }
    let read_to = offset.saturating_add(u32::try_from(page.rows.len()).unwrap_or(u32::MAX));
    if page.count > read_to || (page.rows.is_empty() && offset > 0) {
        // A server may give shorter pages than it was asked for; then the last page is shorter, too.
        let page_rows = if page.rows.is_empty() { LIST_ROWS_MAX } else { read_to - offset };
        return Sighting::Elsewhere { offset: page.count.saturating_sub(page_rows) };
    }
    if page.has_next == Some(true) && !page.rows.is_empty() {
        return Sighting::Elsewhere { offset: read_to };
    }
    fitting_sighting(&page, request_types, mark.as_deref(), sent_at)
}

/// Whether a page begins with its newest command.
fn is_newest_first(rows: &[CommandRow]) -> bool {
    let moments = || rows.iter().filter_map(|row| row.requested_at);
    moments().next() > moments().next_back()
}

/// What the page with the newest commands shows.
fn fitting_sighting(
    page: &CommandsPage,
    request_types: &[String],
    mark: Option<&str>,
    sent_at: UnixMillis,
) -> Sighting {
    let fits = |row: &&CommandRow| {
        let marked =
            mark.is_none_or(|mark| row.metadata.contains(mark) || row.command_type.contains(mark));
        marked
            && request_types.contains(&row.request_type)
            && row.requested_at.is_some_and(|requested_at| requested_at >= sent_at)
    };
    let candidates: Vec<&CommandRow> = page.rows.iter().filter(fits).collect();
    let least = candidates
        .iter()
        .filter_map(|row| {
            row.status.map(|status| (advance(status), row.requested_at, status, *row))
        })
        .min_by(|left, right| left.0.cmp(&right.0).then(right.1.cmp(&left.1)));
    match least {
        None if !candidates.is_empty() => Sighting::Unreadable {
            reason: "its command has an undocumented status".to_owned(),
            is_forbidden: false,
        },
        None => {
            let newest = page.rows.iter().filter_map(|row| row.requested_at).max();
            let newest = newest.map_or_else(String::new, |at| format!(", the newest of {at}"));
            let named = request_types.join(" or ");
            Sighting::Nothing {
                evidence: format!("no {named} since {sent_at} in {} commands{newest}", page.count),
            }
        }
        Some((_, _, status, row)) => Sighting::Command(CommandSeen {
            uuid: row.uuid.clone(),
            status,
            completed_at: row.completed_at,
            reason: row.error.clone(),
            candidates: u16::try_from(candidates.len()).unwrap_or(u16::MAX),
        }),
    }
}

/// How far a command has come. Failure counts as least: one failed command among those that fit means
/// that the task cannot be called done.
fn advance(status: CommandStatus) -> u8 {
    match status {
        CommandStatus::Failed => 0,
        CommandStatus::Pending => 1,
        CommandStatus::NotNow => 2,
        CommandStatus::Running => 3,
        CommandStatus::Completed => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(count: u32, rows: &str) -> Reply {
        let body = format!(
            r#"{{"device_id":"d","commands":{{"count":{count},"next":null,"previous":null,"results":[{rows}]}}}}"#
        );
        Reply { status: 200, body: body.into_bytes(), ..Reply::default() }
    }

    fn row(uuid: &str, request_type: &str, status: u8, requested: &str) -> String {
        format!(
            r#"{{"uuid":"{uuid}","request_type":"{request_type}","command_type":"X","metadata":{{}},"status":{status},
               "date_requested":"{requested}","date_completed":null,"error_chain":[],"is_silent":true}}"#
        )
    }

    fn restart() -> End {
        End::Command {
            request_types: vec!["RestartDevice".to_owned()],
            mark: None,
            or_gone: false,
            or_named: None,
            or_state: None,
        }
    }

    const SENT: &str = "2026-01-01T00:00:10Z";

    fn seen(reply: &Reply, offset: u32) -> Sighting {
        sighting(
            reply,
            &restart(),
            UnixMillis::parse(SENT).expect("a time"),
            View::History { offset },
        )
    }

    #[test]
    fn older_commands_and_other_types_are_not_ours() {
        let rows = [
            row("old", "RestartDevice", 3, "2026-01-01T00:00:09Z"),
            row("other", "DeviceInformation", 3, "2026-01-01T00:00:11Z"),
        ];
        let Sighting::Nothing { evidence } = seen(&page(2, &rows.join(",")), 0) else {
            panic!("nothing of ours is there")
        };
        assert!(evidence.starts_with("no RestartDevice since 2026-01-01"), "{evidence}");
    }

    #[test]
    fn of_two_matching_commands_the_least_advanced_counts() {
        let rows = [
            row("one", "RestartDevice", 3, "2026-01-01 00:00:11+00:00"),
            row("two", "RestartDevice", 1, "2026-01-01T00:00:12Z"),
        ];
        let Sighting::Command(command) = seen(&page(2, &rows.join(",")), 0) else { panic!("seen") };
        assert_eq!((command.uuid.as_str(), command.candidates), ("two", 2));
        assert_eq!(command.status, CommandStatus::Pending);
    }

    #[test]
    fn a_long_history_is_read_from_its_end() {
        let rows = row("old", "RestartDevice", 3, "2025-01-01T00:00:09Z");
        let full = vec![rows.as_str(); 300].join(",");
        assert_eq!(seen(&page(741, &full), 0), Sighting::Elsewhere { offset: 441 });
        let short = vec![rows.as_str(); 100].join(",");
        assert_eq!(seen(&page(741, &short), 0), Sighting::Elsewhere { offset: 641 });
        assert_eq!(seen(&page(10, ""), 441), Sighting::Elsewhere { offset: 0 });
        // A count that is that of the page is not believed where a next page is named.
        let mut more = page(300, &full);
        let text = String::from_utf8(more.body).expect("text");
        more.body = text.replace(r#""next":null"#, r#""next":"/x?offset=300""#).into();
        assert_eq!(seen(&more, 0), Sighting::Elsewhere { offset: 300 });
    }

    #[test]
    fn a_history_with_the_newest_first_is_read_from_the_beginning() {
        let rows = [
            row("ours", "RestartDevice", 3, "2026-01-01T00:00:11Z"),
            row("old", "RestartDevice", 3, "2025-01-01T00:00:09Z"),
        ];
        let newest = page(741, &rows.join(","));
        assert!(matches!(seen(&newest, 0), Sighting::Command(command) if command.uuid == "ours"));
        assert_eq!(seen(&newest, 441), Sighting::Elsewhere { offset: 0 });
    }

    #[test]
    fn only_the_apis_own_404_means_that_a_device_is_gone() {
        let erase = End::Command {
            request_types: vec!["EraseDevice".to_owned()],
            mark: None,
            or_gone: true,
            or_named: None,
            or_state: None,
        };
        let see = |body: &str, end: &End| {
            let reply = Reply { status: 404, body: body.as_bytes().to_vec(), ..Reply::default() };
            matches!(sighting(&reply, end, UnixMillis(0), View::Record), Sighting::Proven { .. })
        };
        for (body, gone, erased) in [
            (r#"{"detail":"Not found."}"#, true, true),
            ("", true, false),
            (
                "<h1>Not Found</h1> The requested resource was not found on this server.",
                true,
                false,
            ),
            (r#"{"message":"no Route matched with those values"}"#, false, false),
            ("<html>Blocked by the proxy</html>", false, false),
        ] {
            assert_eq!((see(body, &End::Gone), see(body, &erase)), (gone, erased), "{body}");
        }
    }

    #[test]
    fn a_failure_is_reported_in_the_devices_words() {
        let rows = row("one", "RestartDevice", 4, SENT).replace(
            r#""error_chain":[]"#,
            r#""error_chain":[{"code":12021,"domain":"MCMDMErrorDomain","localized_description":"Non","us_english_description":"No."}]"#,
        );
        let Sighting::Command(command) = seen(&page(1, &rows), 0) else { panic!("seen") };
        assert_eq!(command.reason, "No. (MCMDMErrorDomain 12021)");
    }
}
