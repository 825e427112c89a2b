//! The topics of the manual.
//!
//! Owns their names, order and text. To add one, write `src/cli/help/NAME.md` and add its line here. Must never lay a topic
//! out.

use crate::cli::help::derived::tables;
use crate::cli::help::markdown::{self, TopicBlock, derived, plain};

/// One topic: its name and its Markdown as it is written, with placeholders for derived tables.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Topic {
    pub name: &'static str,
    source: &'static str,
}

/// Lists topics whose files bear their names.
macro_rules! topics {
    ($($name:literal),* $(,)?) => {
        &[$(Topic { name: $name, source: include_str!(concat!($name, ".md")) }),*]
    };
}

/// All topics, in the order in which the list shows them.
pub(crate) const TOPICS: &[Topic] = topics![
    "jobs",
    "targets",
    "tenants",
    "actions",
    "lost-mode",
    "plans",
    "confirm",
    "policy",
    "approval",
    "waves",
    "quota",
    "following",
    "progress",
    "doubt",
    "pins",
    "secrets",
    "reports",
    "exit-codes",
    "json",
    "cron",
    "notifications",
    "metrics",
    "logs",
    "migration",
    "settings",
    "simulate",
    "temporal",
    "install",
    "accidents",
];

impl Topic {
    /// The topic of this name.
    pub(crate) fn find(name: &str) -> Option<Self> {
        TOPICS.iter().find(|topic| topic.name == name).copied()
    }

    /// What it is about, in one line without a final period.
    pub(crate) fn summary(self) -> String {
        let first = markdown::blocks(self.source).into_iter().find_map(|block| match block {
            TopicBlock::Paragraph(text) => Some(text),
            _ => None,
        });
        plain(first.unwrap_or_default().trim_end_matches('.'))
    }

    /// Its blocks, with derived tables filled in.
    pub(crate) fn blocks(self) -> Vec<TopicBlock> {
        let blocks = markdown::blocks(self.source).into_iter();
        blocks
            .flat_map(|block| match block {
                TopicBlock::Derived(name) => tables(name).unwrap_or_default(),
                other => vec![other],
            })
            .collect()
    }

    /// Its Markdown, with derived tables filled in.
    pub(crate) fn markdown(self) -> String {
        let mut text = String::new();
        for line in self.source.lines() {
            match derived(line).and_then(tables) {
                Some(blocks) => text.push_str(&blocks.iter().map(written).collect::<String>()),
                None => text.push_str(&format!("{line}\n")),
            }
        }
        text
    }

    /// The names of the derived tables that it asks for.
    #[cfg(test)]
    pub(crate) fn derived(self) -> impl Iterator<Item = &'static str> {
        self.source.lines().filter_map(derived)
    }
}

/// A derived block as Markdown.
fn written(block: &TopicBlock) -> String {
    match block {
        TopicBlock::Heading { level, text } => format!("\n{} {text}\n\n", "#".repeat(*level)),
        TopicBlock::Table(table) => {
            let row = |cells: &mut dyn Iterator<Item = &str>| {
                format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
            };
            let mut text = row(&mut table.header.iter().copied());
            text.push_str(&format!("|{}\n", "---|".repeat(table.header.len())));
            for cells in &table.rows {
                text.push_str(&row(&mut cells.iter().map(String::as_str)));
            }
            text
        }
        _ => String::new(),
    }
}
