//! The action table, laid out.
//!
//! Owns its layout only: every fact comes from the table.

use serde_json::{Value, json as value};

use crate::cli::text::fields::object;
use crate::cli::text::screen::{Screen, Tone};
use crate::cli::text::table::{Table, TableCell, TableColumn};
use crate::kandji::{ACTIONS, ActionSpec, ParamSpec, Requirement};
use crate::model::{DeviceState, End, Params, Platform, Repeat, Risk, StateSign};

/// The fields of an action in JSON.
pub(crate) const ACTION_FIELDS: [&str; 9] =
    ["name", "aliases", "risk", "repeatable", "summary", "remarks", "platforms", "end", "params"];

/// With the longest name of an action, the narrowest summary fits 80 columns.
const COLUMNS: [TableColumn; 4] = [
    TableColumn::whole("ACTION"),
    TableColumn::whole("RISK"),
    TableColumn::text("WHAT IT DOES").at_least(37),
    TableColumn::text("PLATFORMS").at_least(12).optional(),
];

/// All actions for people.
pub(crate) fn table(screen: &Screen) -> String {
    let mut table = Table::new(&COLUMNS);
    for action in ACTIONS {
        table.row::<TableCell>([
            action.name.into(),
            TableCell::toned(tone_of(action.risk), action.risk.word()),
            action.summary.into(),
            platforms(action).into(),
        ]);
    }
    table.render(screen)
}

/// One action for programs.
pub(crate) fn json(action: &ActionSpec) -> Value {
    let params = action.params.iter().map(|param| {
        value!({
            "key": param.key, "aliases": param.aliases, "type": param.type_word(),
            "required": param.required == Requirement::Required, "summary": param.summary,
        })
    });
    object(
        &ACTION_FIELDS,
        [
            value!(action.name),
            value!(action.aliases),
            value!(action.risk.word()),
            value!(action.repeat == Repeat::Safe),
            value!(action.summary),
            value!(action.remarks),
            value!(action.platforms),
            value!(end_in_words(action)),
            params.collect(),
        ],
    )
}

/// One action for people, with everything that the table knows of it.
pub(crate) fn in_full(action: &ActionSpec) -> String {
    let repeat = match action.repeat {
        Repeat::Safe => "safe to repeat after a lost answer",
        Repeat::Once => "never sent again after a lost answer",
    };
    let method = action.method.word();
    let mut text = format!("{}: {}\n\n", action.name, action.summary);
    for (what, value) in [
        ("aliases", action.aliases.join(", ")),
        ("risk", format!("{}; {repeat}", action.risk.word())),
        ("platforms", platforms(action)),
        ("done when", end_in_words(action)),
        ("request", format!("{method} /api/v1/devices/DEVICE{}", action.path_suffix)),
    ] {
        if !value.is_empty() {
            text.push_str(&format!("{what:<11}{value}\n"));
        }
    }
    if !action.params.is_empty() {
        text.push_str("\nparameters:\n");
    }
    action.params.iter().for_each(|param| text.push_str(&param_in_full(param)));
    for rule in action.rules {
        text.push_str(&format!("  {}\n", rule.sentence()));
    }
    for remark in action.remarks {
        text.push_str(&format!("\n{remark}"));
    }
    if !action.remarks.is_empty() {
        text.push('\n');
    }
    let params: Vec<String> =
        action.example.iter().map(|(key, value)| format!(" --param '{key}={value}'")).collect();
    let (name, params) = (action.name, params.concat());
    text.push_str(&format!("\nexample:\n  sortie send {name} --serial C02XL0GYJGH5{params}\n"));
    text
}

fn param_in_full(param: &ParamSpec) -> String {
    let required = match param.required {
        Requirement::Optional => "optional".to_owned(),
        Requirement::Required => "required".to_owned(),
        Requirement::Unless(switch) => format!("required unless {switch} is true"),
        Requirement::WithAny(prefix) => format!("required with any {prefix}*"),
    };
    let only: Vec<String> = param
        .platforms
        .iter()
        .map(|platform| {
            let minimum = param.os_min.iter().find(|(on, _)| on == platform);
            minimum.map_or_else(|| platform.to_string(), |(_, os)| format!("{platform} {os}+"))
        })
        .collect();
    let mut text = format!("  {} ({}; {required})\n", param.key, param.type_word());
    text.push_str(&format!("      {}", param.summary));
    if !only.is_empty() {
        text.push_str(&format!("; {} only", only.join(", ")));
    }
    text.push('\n');
    if !param.aliases.is_empty() {
        text.push_str(&format!("      columns: {}\n", param.aliases.join(", ")));
    }
    text
}

fn platforms(action: &ActionSpec) -> String {
    let words: Vec<&str> = action.platforms.iter().map(|platform| platform.word()).collect();
    words.join(" ")
}

fn tone_of(risk: Risk) -> Tone {
    match risk {
        Risk::Irreversible => Tone::Bad,
        Risk::Disruptive => Tone::Caution,
        _ => Tone::Plain,
    }
}

/// What a report about the device shows at the end.
fn state_in_words(state: &DeviceState) -> String {
    let report = state.path_suffix.trim_start_matches('/');
    match &state.sign {
        StateSign::Since { value, .. } => format!("{report} says {value} since a later time"),
        StateSign::Said { words } => format!("{report} answers '{words}'"),
    }
}

/// How the end is known, on the platform where most is known.
fn end_in_words(action: &ActionSpec) -> String {
    let platform = action.platforms.first().copied().unwrap_or(Platform::Mac);
    match action.end(platform, &Params::new()) {
        End::Answer => "the API answers".to_owned(),
        End::Acceptance { why } => format!("the API accepts it ({why})"),
        End::Gone => "the device record is gone".to_owned(),
        End::Recorded => "the device record shows the new values".to_owned(),
        End::State(state) => state_in_words(&state),
        End::Command { request_types, or_gone, or_named, or_state, .. } => {
            let or = match (or_gone, or_named, or_state) {
                (true, _, _) => ", or the device is gone or has enrolled again".to_owned(),
                (false, Some(_), _) => ", or the device has the new name".to_owned(),
                (false, None, Some(state)) => format!(", or {}", state_in_words(&state)),
                (false, None, None) => String::new(),
            };
            format!("the device reports the command {}{or}", request_types.join(" or "))
        }
    }
}
