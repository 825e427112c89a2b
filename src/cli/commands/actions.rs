//! `sortie actions`: the action table for people.
//!
//! Owns its layout only; every fact comes from the table.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::options::ListingFormat;
use crate::cli::terminal::printer::{Printer, table};
use crate::kandji::{ACTIONS, ActionSpec, Requirement, find_action};
use crate::model::wire::Method;
use crate::model::{End, Platform, Repeat};

pub(crate) fn actions(name: Option<&str>, printer: &Printer) -> Result<Exit, Failure> {
    match name {
        None if printer.format == ListingFormat::Json => printer.data(&list_json()),
        None => printer.show(&list()),
        Some(name) => {
            let action = find_action(name).map_err(|error| {
                Failure::usage(error.to_string()).next("list the actions with: sortie actions")
            })?;
            match printer.format {
                ListingFormat::Json => printer.data(&json(action).to_string()),
                ListingFormat::Text | ListingFormat::Csv => printer.show(&in_full(action)),
            }
        }
    }
    Ok(Exit::Well)
}

fn platforms(action: &ActionSpec) -> String {
    let words: Vec<&str> = action.platforms.iter().map(|platform| platform.word()).collect();
    words.join(" ")
}

fn list() -> String {
    let rows: Vec<Vec<String>> = ACTIONS
        .iter()
        .map(|action| {
            let (name, risk) = (action.name.to_owned(), action.risk.word().to_owned());
            vec![name, risk, platforms(action), action.summary.to_owned()]
        })
        .collect();
    table(&["ACTION", "RISK", "PLATFORMS", "WHAT IT DOES"], &rows)
}

fn list_json() -> String {
    serde_json::Value::Array(ACTIONS.iter().map(|action| json(action)).collect()).to_string()
}

fn json(action: &ActionSpec) -> serde_json::Value {
    serde_json::json!({
        "name": action.name,
        "aliases": action.aliases,
        "risk": action.risk.word(),
        "repeatable": action.repeat == Repeat::Safe,
        "summary": action.summary,
        "remarks": action.remarks,
        "platforms": action.platforms,
        "end": end_in_words(action),
        "params": action.params.iter().map(|param| serde_json::json!({
            "key": param.key, "aliases": param.aliases, "type": param.type_word(),
            "required": param.required == Requirement::Required, "summary": param.summary,
        })).collect::<Vec<_>>(),
    })
}

fn in_full(action: &ActionSpec) -> String {
    let mut text = format!("{}: {}\n\n", action.name, action.summary);
    let repeat = match action.repeat {
        Repeat::Safe => "may be repeated when an answer was lost",
        Repeat::Once => "never sent again when an answer was lost",
    };
    let method = match action.method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Delete => "DELETE",
    };
    for (what, value) in [
        ("also named", action.aliases.join(", ")),
        ("risk", format!("{}, {repeat}", action.risk.word())),
        ("platforms", platforms(action)),
        ("end", end_in_words(action)),
        ("request", format!("{method} /api/v1/devices/DEVICE{}", action.path_suffix)),
    ] {
        text.push_str(&format!("{what:<11}{value}\n"));
    }
    if !action.params.is_empty() {
        text.push_str("\nparameters:\n");
    }
    for param in action.params {
        let required = match param.required {
            Requirement::Optional => "optional".to_owned(),
            Requirement::Required => "required".to_owned(),
            Requirement::Unless(switch) => format!("required unless {switch} is true"),
            Requirement::WithAny(prefix) => format!("required with any {prefix}*"),
        };
        text.push_str(&format!("  {} ({}; {required})\n", param.key, param.type_word()));
        text.push_str(&format!("      {}", param.summary));
        let only: Vec<String> = param
            .platforms
            .iter()
            .map(|platform| {
                let minimum = param.os_min.iter().find(|(on, _)| on == platform);
                minimum.map_or_else(|| platform.to_string(), |(_, os)| format!("{platform} {os}+"))
            })
            .collect();
        if !only.is_empty() {
            text.push_str(&format!("; {} only", only.join(", ")));
        }
        text.push('\n');
        if !param.aliases.is_empty() {
            text.push_str(&format!("      columns: {}\n", param.aliases.join(", ")));
        }
    }
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
    text.push_str(&format!(
        "\nexample: sortie send {} --serial C02XL0GYJGH5{}\n",
        action.name,
        params.concat()
    ));
    text
}

/// How the end is known, on the platform where most is known.
fn end_in_words(action: &ActionSpec) -> String {
    let platform = action.platforms.first().copied().unwrap_or(Platform::Mac);
    match action.end(platform, &crate::model::Params::new()) {
        End::Answer => "the answer is the result".to_owned(),
        End::Acceptance { why } => format!("acceptance: {why}"),
        End::Gone => "the device's record is gone".to_owned(),
        End::Command { request_types, or_gone, or_named, .. } => {
            let gone = match (or_gone, or_named) {
                (true, _) => ", or the device is gone or has enrolled again",
                (false, Some(_)) => ", or the device bears the name",
                (false, None) => "",
            };
            format!("the device reports the command {}{gone}", request_types.join(" or "))
        }
    }
}
