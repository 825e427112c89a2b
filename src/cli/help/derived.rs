//! Tables of the manual that derive from the tables of the program.
//!
//! Owns which table a placeholder names, and its columns. Every fact comes from where the program keeps it. Must never
//! hold a fact of its own that the program could contradict.

use crate::app::DEVICES_WITHOUT_QUESTION;
use crate::cli::exit::Exit;
use crate::cli::help::markdown::{TopicBlock, TopicTable};
use crate::cli::help::on_screen::SUMMARY;
use crate::kandji::ACTIONS;
use crate::model::settings::settings;
use crate::model::{Outcome, Repeat, Risk};
use crate::report::REPORT_COLUMN_MEANINGS;

/// The blocks of a placeholder; `None` for an unknown name.
pub(crate) fn tables(name: &str) -> Option<Vec<TopicBlock>> {
    Some(match name {
        "actions" => vec![TopicBlock::Table(actions())],
        "settings" => setting_tables(),
        "exit-codes" => vec![TopicBlock::Table(exit_codes())],
        "outcomes" => vec![TopicBlock::Table(outcomes())],
        "columns" => vec![TopicBlock::Table(columns())],
        "confirmations" => vec![TopicBlock::Table(confirmations())],
        "repeats" => vec![TopicBlock::Table(repeats())],
        "phrases" => vec![TopicBlock::Table(phrases())],
        _ => return None,
    })
}

/// The action table.
pub(crate) fn actions() -> TopicTable {
    let row = |action: &&crate::kandji::ActionSpec| {
        let platforms: Vec<&str> =
            action.platforms.iter().map(|platform| platform.word()).collect();
        vec![
            action.name.to_owned(),
            action.risk.word().to_owned(),
            platforms.join(" "),
            action.summary.to_owned(),
        ]
    };
    TopicTable {
        header: vec!["action", "risk", "platforms", SUMMARY],
        rows: ACTIONS.iter().map(row).collect(),
    }
}

/// One table for each heading of the settings.
fn setting_tables() -> Vec<TopicBlock> {
    let code = |names: &mut dyn Iterator<Item = String>| {
        names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" ")
    };
    let mut blocks: Vec<TopicBlock> = Vec::new();
    let mut heading = None;
    for setting in settings() {
        if heading != Some(setting.heading) {
            heading = Some(setting.heading);
            blocks.push(TopicBlock::Heading { level: 3, text: setting.heading.shown() });
            blocks.push(TopicBlock::Table(TopicTable {
                header: vec![
                    "setting", SUMMARY, "flag", "variable", "job", "profile", "takes", "default",
                ],
                rows: Vec::new(),
            }));
        }
        let mut flags = setting.flags.iter().map(|flag| match flag.short {
            Some(letter) => format!("-{letter} --{}", flag.long),
            None => format!("--{}", flag.long),
        });
        let row = vec![
            setting.name.to_owned(),
            setting.help.to_owned(),
            code(&mut flags),
            code(&mut setting.variables.iter().map(|name| (*name).to_owned())),
            code(&mut setting.job_key.iter().map(|name| (*name).to_owned())),
            code(&mut setting.profile_key.iter().map(|name| (*name).to_owned())),
            setting.takes(),
            setting.default.to_owned(),
        ];
        if let Some(TopicBlock::Table(table)) = blocks.last_mut() {
            table.rows.push(row);
        }
    }
    blocks
}

fn exit_codes() -> TopicTable {
    let row = |(exit, meaning): &(Exit, &str)| {
        vec![(*exit as u8).to_string(), exit.word().to_owned(), (*meaning).to_owned()]
    };
    TopicTable {
        header: vec!["code", "class", "meaning"],
        rows: Exit::MEANINGS.iter().map(row).collect(),
    }
}

fn outcomes() -> TopicTable {
    let row = |outcome: Outcome| {
        let error = if outcome.is_error() { "yes" } else { "" };
        vec![format!("`{}`", outcome.word()), error.to_owned(), outcome.meaning().to_owned()]
    };
    TopicTable {
        header: vec!["outcome", "error", "meaning"],
        rows: Outcome::ALL.into_iter().map(row).collect(),
    }
}

fn columns() -> TopicTable {
    let row = |(name, meaning): &(&str, &str)| vec![format!("`{name}`"), (*meaning).to_owned()];
    TopicTable {
        header: vec!["column", "content"],
        rows: REPORT_COLUMN_MEANINGS.iter().map(row).collect(),
    }
}

/// What each risk takes to confirm, on a terminal and without one.
fn confirmations() -> TopicTable {
    let row = |[risk, terminal, elsewhere]: [&str; 3]| {
        vec![risk.to_owned(), terminal.to_owned(), elsewhere.to_owned()]
    };
    let most = format!("{} up to {DEVICES_WITHOUT_QUESTION} devices", Risk::Benign.word());
    let above = format!("{} above", Risk::Benign.word());
    TopicTable {
        header: vec!["risk", "on a terminal", "without a terminal"],
        rows: vec![
            row([Risk::Read.word(), "nothing", "nothing"]),
            row([&most, "nothing", "nothing"]),
            row([&above, "y", "`--yes`"]),
            row([
                Risk::Disruptive.word(),
                "the number of devices",
                "`--confirm NUMBER`, or `--yes` for a YAML job with `limits.max_devices` and a \
                 `window` or `send_until`",
            ]),
            row([Risk::Irreversible.word(), "the phrase", "`--confirm \"PHRASE\"`"]),
        ],
    }
}

/// Actions and whether they may be sent again when their answer was lost.
fn repeats() -> TopicTable {
    let names = |repeat: Repeat| {
        let actions = ACTIONS.iter().filter(|action| action.repeat == repeat);
        actions.map(|action| action.name).collect::<Vec<_>>().join(", ")
    };
    TopicTable {
        header: vec!["after a lost answer", "actions"],
        rows: vec![
            vec!["sent again".to_owned(), names(Repeat::Safe)],
            vec!["never sent again".to_owned(), names(Repeat::Once)],
        ],
    }
}

/// The phrases of work that cannot be undone.
fn phrases() -> TopicTable {
    let irreversible = ACTIONS.iter().filter(|action| action.risk == Risk::Irreversible);
    let row = |action: &&crate::kandji::ActionSpec| {
        let verb = action.hazards.phrase.unwrap_or_default();
        vec![action.name.to_owned(), format!("`{verb} 3 ON acme`")]
    };
    TopicTable { header: vec!["action", "phrase"], rows: irreversible.map(row).collect() }
}
