//! A plan for programs.
//!
//! Owns the shape of `sortie plan --format json` and of a dry run. Fields are only ever added. Must never hold a secret.
//!
//! | field | content |
//! |---|---|
//! | `job`, `tenant`, `base_url`, `reached_by`, `reason` | texts; `reason` may be null |
//! | `plan` | SHA-256 of the plan |
//! | `made_at`, `start_until` | RFC 3339, UTC |
//! | `risk` | `read`, `benign`, `disruptive` or `irreversible` |
//! | `devices` | number of devices with something to do |
//! | `fleet` | number of devices of the tenant, or null |
//! | `actions` | `step`, `action`, `risk`, `tasks`, `devices`, `platforms`, `starts_after` |
//! | `parameters` | `step`, `action`, `name`, `source` (`job`, `default`, `secret`, `drawn`), `tasks`, `of_tasks`, `values` |
//! | `renames`, `shared_names` | `serial_number`, `old_name`, `new_name`; names that several devices get |
//! | `record_changes` | `serial_number`, `field`, `old`, `new`: values of records that change |
//! | `skipped`, `already_done` | `reason`, `count`, `examples` (serial numbers) |
//! | `waves` | `wave`, `devices`, `gate`, `pause_ms` |
//! | `not_seen` | `devices` last seen over 48 hours ago, `never`, `oldest` (`serial_number`, `last_check_in`) |
//! | `devices_captured`, `excluded` | numbers of devices |
//! | `requests` | `send`, `read_secrets`, `recheck`, `follow` (estimated) |
//! | `quota` | `used`, `used_by_plan`, `limit`: requests in an hour |
//! | `seconds` | estimated seconds until the last request is sent |
//! | `caps` | for each action with a cap: `action`, `used`, `planned`, `limit` in 24 hours |
//! | `stops` | `max_errors`, `errors_in_a_row`, `windows`, `send_for_ms`, `send_until` |
//! | `warnings` | sentences |
//! | `confirmation` | `needed`: `nothing`, `yes`, `{"count": 3}` or `{"phrase": "..."}`; `yes_is_enough` |
//! | `tasks` | each task: `row`, `step`, `action`, `risk`, `wave`, `turn` (`do`, `skip`, `done`), `reason`, `parameters`, `device` |

use serde_json::{Map, Value, json};

use super::view::PlanView;
use super::warnings::warnings;
use crate::app::Needed;
use crate::cli::text::screen::Screen;
use crate::kandji::find_action;
use crate::model::{ParamValue, Task, Turn};
use crate::plan::Forecast;

/// The plan as a JSON object.
pub(crate) fn plan_json(view: &PlanView<'_>) -> Map<String, Value> {
    let (file, around, cost) = (view.file, view.around, &view.overview.forecast);
    let rules = &file.rules;
    let needed = Needed::of(&file.plan, &file.tenant);
    let caps = around.used.iter().map(|it| {
        json!({ "action": it.action, "used": it.used, "planned": it.planned, "limit": it.limit })
    });
    let not_seen = &view.overview.not_seen;
    let oldest = not_seen
        .oldest
        .as_ref()
        .map(|(serial, at)| json!({ "serial_number": serial, "last_check_in": at.to_string() }));
    let value = json!({
        "job": file.job,
        "tenant": file.tenant,
        "base_url": file.base_url,
        "reached_by": around.reached_by,
        "reason": file.reason,
        "plan": file.digest(),
        "made_at": file.made_at.to_string(),
        "start_until": file.start_until.to_string(),
        "risk": file.plan.risk().word(),
        "devices": view.overview.devices.len(),
        "fleet": file.fleet,
        "not_seen": {
            "devices": not_seen.devices,
            "never": not_seen.never,
            "oldest": oldest,
        },
        "excluded": file.plan.excluded,
        "requests": requests(cost),
        "quota": {
            "used": u64::from(file.forecast.spent) + around.reads,
            "used_by_plan": around.reads,
            "limit": rules.per_hour,
        },
        "note": rules.note,
        "seconds": cost.seconds,
        "caps": caps.collect::<Value>(),
        "stops": {
            "max_errors": rules.max_errors,
            "errors_in_a_row": rules.errors_in_a_row,
            "windows": rules.windows.iter().map(|it| it.shown()).collect::<Value>(),
            "send_for_ms": file.send_for_ms,
            "send_until": file.send_for_ms.is_none().then(|| rules.send_until.to_string()),
        },
        "warnings": warnings(view, &Screen::plain()),
        "confirmation": {
            "needed": needed,
            "yes_is_enough": match needed {
                Needed::Nothing | Needed::Yes => true,
                Needed::Count(_) => file.wrapping.is_whole(),
                Needed::Phrase(_) => false,
            },
        },
        "tasks": file.plan.tasks.iter().map(task).collect::<Value>(),
    });
    let overview = serde_json::to_value(&view.overview).unwrap_or_default();
    [overview, value]
        .into_iter()
        .flat_map(|value| match value {
            Value::Object(map) => map,
            _ => Map::new(),
        })
        .collect()
}

/// The requests of a plan by purpose.
fn requests(cost: &Forecast) -> Value {
    json!({
        "send": cost.sends,
        "read_secrets": cost.captures,
        "recheck": cost.rechecks,
        "follow": cost.looks,
        "notes": cost.notes,
    })
}

fn task(task: &Task) -> Value {
    let (turn, reason) = match &task.turn {
        Turn::Do => ("do", None),
        Turn::Skip { reason, .. } => ("skip", Some(&**reason)),
        Turn::Done { reason } => ("done", Some(&**reason)),
    };
    let sent = find_action(&task.action).map(|it| it.complete(task.device.platform, &task.params));
    let sent = sent.unwrap_or_else(|_| task.params.clone());
    let parameters = sent.iter().map(|(name, value)| (name.clone(), parameter(value)));
    json!({
        "row": task.row,
        "step": task.step,
        "action": task.action,
        "risk": task.risk.word(),
        "wave": u32::from(task.wave) + 1,
        "turn": turn,
        "reason": reason,
        "parameters": parameters.collect::<Map<_, _>>(),
        "device": {
            "device_id": task.device.id,
            "serial_number": task.device.serial_number,
            "device_name": task.device.name,
            "user_email": task.device.user_email,
            "platform": task.device.platform.word(),
            "last_check_in": task.device.last_check_in.get().map(|at| at.to_string()),
        },
    })
}

/// The value; of a secret only that it is set.
fn parameter(value: &ParamValue) -> Value {
    match value {
        ParamValue::Bool(value) => Value::from(*value),
        ParamValue::Number(value) => Value::from(*value),
        ParamValue::Text(value) => Value::from(value.as_str()),
        ParamValue::Secret(_) => json!({ "secret": true }),
        ParamValue::List(texts) => Value::from(texts.as_slice()),
        ParamValue::Edit(edit) => Value::from(edit.texts.as_slice()),
        ParamValue::Clear => Value::Null,
        ParamValue::Named(named) => json!({ "id": named.id, "name": named.name }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::view::{Around, PlanExtent};
    use super::super::whole::plan_text;
    use super::*;
    use crate::model::{Sealed, UnixMillis};
    use crate::plan::testing::plan_file;

    #[test]
    fn no_form_of_a_plan_holds_the_value_of_a_secret() {
        let now = UnixMillis(1_800_000_000_000);
        let mut file = plan_file(&[("erase", "a"), ("erase", "b")], now);
        let pin = ParamValue::Secret(Sealed::clear("451273".to_owned()));
        file.plan.tasks[0].params.insert("PIN".to_owned(), pin);
        let around = Around::default();
        let view = PlanView::new(&file, &around, PlanExtent::Full, now);
        let json = Value::Object(plan_json(&view)).to_string();
        let text = plan_text(&view, &Screen::plain());
        assert!(!json.contains("451273") && !text.contains("451273"), "{json}\n{text}");
        assert!(json.contains(r#""PIN":{"secret":true}"#), "{json}");
        assert!(
            text.contains("PIN               set (secret, not shown; on 1 of 2 devices)"),
            "{text}"
        );
    }
}
