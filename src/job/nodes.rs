//! Reading the nodes of a YAML job, with a place for every problem.
//!
//! Owns the questions that are asked of nodes: is it a map with these keys, a text, a list of texts, a
//! switch. Must never know what a job is.

use std::ops::Range;

use super::diagnostics::{Diagnostics, Flaw, quote};
use super::source::Source;
use super::steps::Form;
use super::tree::{Content, MapEntry, Node};
use crate::kandji::fold;
use crate::model::is_near;

/// Asks nodes questions and collects what is wrong.
pub(super) struct NodeReader<'r, 'a> {
    /// The text that the nodes come from.
    pub source: &'r Source<'a>,
    /// Everything that is wrong so far.
    pub problems: &'r mut Diagnostics,
    /// Ranges of the text that hold PINs, which messages must not show.
    pub secrets: Vec<Range<usize>>,
}

impl NodeReader<'_, '_> {
    /// Records a problem at a place in the file.
    pub fn refuse(&mut self, range: &Range<usize>, flaw: Flaw) {
        self.problems.push(self.source.diagnostic(range.clone(), flaw));
    }

    /// Notes the problem of a result, if it is one.
    pub fn settle<T>(&mut self, range: &Range<usize>, result: Result<T, Flaw>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(flaw) => {
                self.refuse(range, flaw);
                None
            }
        }
    }

    /// The entries of a map that has no other keys than these.
    pub fn map<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        known: &[&str],
    ) -> Option<&'n [MapEntry]> {
        let entries = self.any_map(node, what)?;
        for entry in entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            let folded = fold(&entry.key);
            let near = known
                .iter()
                .find(|key| fold(key) == folded || is_near(&folded, &fold(key)))
                .map(|near| format!("did you mean '{near}'?"));
            let hint = near.unwrap_or_else(|| format!("{what} takes {}", known.join(", ")));
            let flaw = Flaw::new(format!("unknown key {} in {what}", quote(&entry.key)));
            self.refuse(&entry.key_range, flaw.hint(hint));
        }
        Some(entries)
    }

    /// The entries of a map with any keys; an empty map says nothing and is refused.
    pub fn any_map<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [MapEntry]> {
        let flaw = match &node.content {
            Content::Map(entries) if !entries.is_empty() => return Some(entries),
            Content::Map(_) => Flaw::new(format!("{what} is empty")),
            _ if node.is_null() => Flaw::new(format!("{what} has no value")),
            _ => Flaw::new(format!("{what} must be a map of 'key: value'")),
        };
        self.refuse(&node.range, flaw);
        None
    }

    /// The items of a list that is not empty.
    pub fn list<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        let flaw = match &node.content {
            Content::List(items) if !items.is_empty() => return Some(items),
            Content::List(_) => Flaw::new(format!("{what} is an empty list")),
            _ => Flaw::new(format!("{what} must be a list")).hint("write '- ' before each item"),
        };
        self.refuse(&node.range, flaw);
        None
    }

    /// A text that says something.
    pub fn text<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n str> {
        let flaw = match &node.content {
            _ if node.is_null() => Flaw::new(format!("{what} has no value"))
                .hint("give it a value, or remove the line"),
            Content::Scalar(text, _) if text.trim().is_empty() => {
                Flaw::new(format!("{what} is empty"))
            }
            Content::Scalar(text, _) => return Some(text),
            _ => Flaw::new(format!("{what} must be a single value")),
        };
        self.refuse(&node.range, flaw);
        None
    }

    /// One text or a list of texts.
    pub fn texts<'n>(&mut self, node: &'n Node, what: &str) -> Vec<(&'n Node, &'n str)> {
        let nodes = match &node.content {
            Content::List(_) => self.list(node, what).unwrap_or_default(),
            _ => std::slice::from_ref(node),
        };
        nodes.iter().filter_map(|node| Some((node, self.text(node, what)?))).collect()
    }

    /// `true` or `false` without quotation marks.
    pub fn switch(&mut self, node: &Node, what: &str) -> Option<bool> {
        match &node.content {
            Content::Scalar(text, Form::Plain) if text == "true" => Some(true),
            Content::Scalar(text, Form::Plain) if text == "false" => Some(false),
            _ => {
                let flaw = Flaw::new(format!("{what} must be true or false")).hint(
                    "write it without quotation marks; yes, no, on and off are not supported",
                );
                self.refuse(&node.range, flaw);
                None
            }
        }
    }
}
