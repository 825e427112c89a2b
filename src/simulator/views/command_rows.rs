//! The command history of a device.
//!
//! Owns the rows of `GET /commands`, and the finished ones of `GET /activity`. Must never move a command
//! through its life.

use serde_json::{Value, json};

use crate::model::UnixMillis;
use crate::simulator::mdm::command::{QueuedCommand, QueuedStatus};
use crate::simulator::mdm::command_queues::CommandHistory;
use crate::simulator::mdm::device_view::DeviceView;
use crate::simulator::setup::switch_values::{
    CommandNames, CommandOrder, CommandTimes, ForeignCommands,
};
use crate::simulator::setup::switches::Switches;
use crate::simulator::wire::answers;
use crate::simulator::wire::exchange::{SimReply, SimRequest};
use crate::simulator::wire::pages::page_of;
use crate::simulator::wire::spelling::spell;

/// Answers `GET /devices/{id}/commands`. The rows are documented; what a device that is not Apple's answers
/// is not, so a switch says it.
pub(crate) fn commands(
    view: &DeviceView<'_>,
    history: CommandHistory<'_>,
    request: &SimRequest,
    now: UnixMillis,
    switches: &Switches,
) -> SimReply {
    let is_apple = view.platform().is_apple();
    if !is_apple {
        match switches.foreign_commands {
            ForeignCommands::Empty => {}
            ForeignCommands::BadRequest => {
                return answers::refusal(switches, answers::NOT_ALLOWED);
            }
            ForeignCommands::NotFound => return answers::not_found(switches),
        }
    }
    let lag_ms = switches.command_visible_after_ms;
    let is_visible = |command: &&QueuedCommand| command.requested.plus_ms(lag_ms) <= now;
    let visible: Vec<&QueuedCommand> = history.queued.iter().filter(is_visible).collect();
    let past = history.background as usize;
    let count = if is_apple { past + visible.len() } else { 0 };
    let row = |at: usize| {
        let at = match switches.command_order {
            CommandOrder::Ascending => at,
            CommandOrder::Descending => count - 1 - at,
        };
        let spelling = match switches.command_times {
            CommandTimes::Zulu => 0,
            CommandTimes::Offset => 4,
            CommandTimes::Mixed => (at as u64 % 2) * 4,
        };
        match at.checked_sub(past) {
            None => row_of(&history.past(at), spelling, switches),
            Some(live) => row_of(visible[live], spelling, switches),
        }
    };
    let page = page_of(request, switches, count, row);
    answers::json(200, &json!({ "device_id": view.facts().device_id, "commands": page }))
}

/// Answers `GET /devices/{id}/activity` with the commands of actions that came to their end.
pub(crate) fn activity(
    view: &DeviceView<'_>,
    history: CommandHistory<'_>,
    request: &SimRequest,
    switches: &Switches,
) -> SimReply {
    let facts = view.facts();
    let ended: Vec<&QueuedCommand> =
        history.queued.iter().filter(|command| !command.is_open()).collect();
    let row = |at: usize| {
        let command = ended[at];
        let is_failed = command.status == QueuedStatus::Failed;
        let details = row_of(command, 4, switches);
        json!({
            "id": at + 1,
            "created_at": command.completed.map(|at| spell(at, 0)),
            "action_type":
                if is_failed { "mdm_command_failed" } else { "mdm_command_completed" },
            "details": details,
            "computer": {
                "id": facts.device_id,
                "name": facts.name,
                "is_removed": facts.is_removed,
            },
            "blueprint": {
                "id": view.ids().blueprint(&facts.blueprint),
                "name": facts.blueprint,
                "is_removed": false,
            },
            "user": Value::Null,
            "external_token": Value::Null,
            "blueprint_routing": false,
        })
    };
    let page = page_of(request, switches, ended.len(), row);
    answers::json(200, &json!({ "device_id": facts.device_id, "activity": page }))
}

/// One row, with more keys than are documented, as newer tenants have them.
fn row_of(command: &QueuedCommand, spelling: u64, switches: &Switches) -> Value {
    let time = |at: Option<UnixMillis>| at.map(|at| spell(at, spelling));
    let command_type = match (switches.command_names, command.action) {
        // A rename could not be distinguished from other settings under Apple's name alone.
        (CommandNames::Same, Some(name)) if name != "set-name" => command.request_type,
        _ => command.command_type,
    };
    let error_chain = match &command.error {
        None => json!([]),
        Some(text) => json!([{
            "code": 12021,
            "domain": "MCMDMErrorDomain",
            "localized_description": text,
            "us_english_description": text,
        }]),
    };
    json!({
        "uuid": command.uuid,
        "error_chain": error_chain,
        "command_type": command_type,
        "request_type": command.request_type,
        "metadata": command.metadata,
        "request_requires_network_tether": false,
        "status": command.status as u8,
        "attempts": command.attempts,
        "date_requested": spell(command.requested, spelling),
        "date_completed": time(command.completed),
        "last_pushed": time(command.pushed),
        "user": Value::Null,
        "priority": 50,
        "is_silent": false,
        "skip_retry": false,
        "username": Value::Null,
        "profile_name": Value::Null,
        "profile_uuid": Value::Null,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::testbed::Testbed;
    use crate::simulator::{DeviceKind, LinkHost, NewDevice};

    #[test]
    fn pages_are_nested_ascending_and_hold_together() {
        let mut bed = Testbed::macs(1);
        bed.set_background(0, 650);
        let mut dates = Vec::new();
        for offset in [0, 300, 600, 900] {
            let reply = bed.get(&format!("{}/commands?limit=999&offset={offset}", bed.path(0)));
            let body = reply.json();
            assert_eq!(body["commands"]["count"], 650);
            assert_eq!(body["commands"]["next"].is_null(), offset >= 600);
            assert_eq!(body["commands"]["previous"].is_null(), offset == 0);
            for row in body["commands"]["results"].as_array().expect("rows") {
                let at = UnixMillis::parse(row["date_requested"].as_str().expect("a time"));
                dates.push(at.expect("a moment"));
            }
        }
        assert_eq!(dates.len(), 650);
        assert!(dates.is_sorted());
    }

    #[test]
    fn links_lead_to_the_host_that_was_asked() {
        let mut bed = Testbed::macs(1);
        bed.set_background(0, 5);
        let path = format!("{}/commands/", bed.path(0));
        let mut request =
            SimRequest::get(&format!("{path}?source=iructl&limit=2&offset=2"), bed.world.token());
        let mut links = |bed: &mut Testbed, origin: &str| {
            request.origin = origin.to_owned();
            let page = bed.world.handle(bed.now, &request).json()["commands"].clone();
            (page["next"].clone(), page["previous"].clone())
        };
        let expected = |host: &str, offset: u8| {
            json!(format!("{host}{path}?source=iructl&limit=2&offset={offset}"))
        };
        for own in ["http://127.0.0.1:8800", "https://mac.example:1"] {
            assert_eq!(links(&mut bed, own), (expected(own, 4), expected(own, 0)));
        }
        bed.world.switches_mut().link_host = LinkHost::Vendor;
        let next = links(&mut bed, "http://127.0.0.1:8800").0;
        assert_eq!(next, expected("https://simulated.api.kandji.io", 4));
    }

    #[test]
    fn activity_and_short_lists_link_to_the_same_host() {
        let mut bed = Testbed::macs(1);
        for action in ["restart", "update-inventory"] {
            bed.post(0, action, "");
            bed.pass_ms(600_000);
        }
        let activity = format!("{}/activity?limit=1", bed.path(0));
        let next = bed.get(&activity).json()["activity"]["next"].clone();
        let own = "http://simulated.invalid/api/v1/";
        assert!(next.as_str().is_some_and(|link| link.starts_with(own)), "{next}");
        let mut bed = Testbed::with(
            ["Lab", "Labor"]
                .map(|blueprint| NewDevice {
                    blueprint: blueprint.to_owned(),
                    ..NewDevice::new(DeviceKind::MacIntel)
                })
                .to_vec(),
        );
        let next = bed.get("/api/v1/blueprints?limit=1&name=lab").json()["next"].clone();
        assert_eq!(next, format!("{own}blueprints?name=lab&limit=1&offset=1"));
    }

    #[test]
    fn the_order_can_be_reversed_and_new_rows_can_lag() {
        let mut bed = Testbed::macs(1);
        bed.world.switches_mut().command_order = CommandOrder::Descending;
        bed.world.switches_mut().command_visible_after_ms = 5_000;
        bed.post(0, "restart", "");
        let first = |bed: &mut Testbed| {
            let reply = bed.get(&format!("{}/commands", bed.path(0)));
            reply.json()["commands"]["results"][0]["request_type"].clone()
        };
        assert_ne!(first(&mut bed), "RestartDevice");
        bed.pass_ms(5_000);
        assert_eq!(first(&mut bed), "RestartDevice");
    }

    #[test]
    fn names_and_spellings_can_be_switched() {
        let mut bed = Testbed::macs(1);
        bed.post(0, "lock", "");
        bed.world.switches_mut().command_times = CommandTimes::Offset;
        assert_eq!(bed.commands(0)[0]["command_type"], "DeviceLock");
        bed.world.switches_mut().command_names = CommandNames::House;
        let row = bed.commands(0).remove(0);
        assert_eq!(row["command_type"], "LockDevice");
        assert_eq!(row["request_type"], "DeviceLock");
        assert!(row["date_requested"].as_str().expect("a time").ends_with("+00:00"));
        assert!(row["is_silent"].is_boolean());
    }

    #[test]
    fn windows_shows_no_commands_in_three_ways() {
        let mut bed = Testbed::of(&[DeviceKind::Windows]);
        bed.post(0, "daily-checkin", "");
        let path = format!("{}/commands", bed.path(0));
        assert_eq!(bed.get(&path).json()["commands"]["count"], 0);
        bed.world.switches_mut().foreign_commands = ForeignCommands::BadRequest;
        assert_eq!(bed.get(&path).status, 400);
        bed.world.switches_mut().foreign_commands = ForeignCommands::NotFound;
        assert_eq!(bed.get(&path).status, 404);
    }
}
