//! What a note of the host's record says, in words.
//!
//! Owns the words of each kind. Must never leave out a fact: what no kind knows follows by its name, because a newer program,
//! or a person who altered the database, may have written it.

use serde_json::{Map, Value};

use crate::cli::text::layout::counted;

/// Under which keys a note says who did it.
pub(crate) const WHO_KEYS: [&str; 4] = ["by", "who", "operator", "user"];

/// Under which key a note holds a hash that only programs compare; JSON shows it.
const BEGINNING_KEY: &str = "beginning";

/// What a note says.
pub(crate) fn note_text(kind: &str, body: &Value) -> String {
    let Value::Object(fields) = body else {
        return if body.is_null() { String::new() } else { value_text(body) };
    };
    let mut facts = Facts { left: fields.clone(), told: Vec::new() };
    WHO_KEYS.iter().chain([&BEGINNING_KEY]).for_each(|key| drop(facts.left.remove(*key)));
    facts.tell(kind);
    let rest = facts.left.iter().filter(|(_, value)| !is_empty(value));
    let rest = rest.map(|(key, value)| format!("{} {}", key.replace('_', " "), value_text(value)));
    facts.told.iter().cloned().chain(rest).collect::<Vec<_>>().join("; ")
}

/// A value as a part of a sentence.
pub(crate) fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

/// The fields of a note that are not shown yet, and the text of the others.
struct Facts {
    left: Map<String, Value>,
    told: Vec<String>,
}

impl Facts {
    fn tell(&mut self, kind: &str) {
        match kind {
            "planned" => self.tell_work("devices", "device"),
            "started" | "handed_over" => self.tell_start(),
            "left" | "closed" | "ended_elsewhere" => self.tell_end(),
            "resolved" => {
                let tasks = self.count("tasks", "task");
                let decision = self.text("decision");
                self.push(joined([tasks, decision], " "));
            }
            "refused" => {
                let (job, why) = (self.text("job"), self.text("why"));
                self.push(joined([job, why], ": "));
            }
            "resumed" => {
                let job = self.text("job");
                self.push(job);
            }
            "pins_shown" => {
                let (tasks, devices) =
                    (self.count("tasks", "task"), self.count("devices", "device"));
                self.push(joined([tasks, devices], " of "));
                let [pins, secrets] = [("pins", "PIN"), ("secrets", "secret")]
                    .map(|(key, noun)| self.count(key, noun).filter(|it| !it.starts_with("0 ")));
                let way = self.text("as");
                self.push(joined([joined([pins, secrets], ", "), way], " as "));
            }
            "pins_compared" => {
                let devices = self.count("devices", "device");
                self.push(joined([Some("PINs".to_owned()), devices], " of "));
            }
            "recovered" => {
                let (recovered, asked) = (self.text("recovered"), self.count("asked", "PIN"));
                self.push(joined([recovered, asked], " of "));
            }
            "pruned" => self.tell_pruning(),
            "clock_repaired" => {
                let (runs, leases) = (self.count("runs", "run"), self.count("leases", "lease"));
                self.push(joined([runs, leases], ", "));
                let latest = self.text("latest").map(|at| format!("counted until {at}"));
                self.push(latest);
            }
            _ => {}
        }
    }

    /// A job with its tenant and its size.
    fn tell_work(&mut self, key: &str, noun: &str) {
        let (job, tenant) = (self.text("job"), self.text("tenant"));
        let (size, risk) = (self.count(key, noun), self.text("risk"));
        self.push(joined([joined([job, tenant], " on "), joined([size, risk], ", ")], ": "));
    }

    fn tell_start(&mut self) {
        self.tell_work("tasks", "task");
        for (key, words) in [
            ("reason", "reason"),
            ("agreed", "confirmed:"),
            ("approver", "approved by"),
            ("break_glass", "outside the window:"),
        ] {
            let text = self.text(key).map(|text| format!("{words} {text}"));
            self.push(text);
        }
    }

    fn tell_end(&mut self) {
        let outcomes = match self.left.get("outcomes") {
            Some(Value::Object(counts)) => {
                let counts = counts.iter().map(|(outcome, count)| format!("{count} {outcome}"));
                let words = counts.collect::<Vec<_>>().join(", ");
                self.left.remove("outcomes");
                Some(words)
            }
            _ => self.text("outcomes"),
        };
        self.push(outcomes.map(|words| words.replace('_', " ")));
        let exit = self.text("exit").map(|code| format!("exit code {code}"));
        self.push(exit);
    }

    fn tell_pruning(&mut self) {
        let kinds = [("pins", "PIN"), ("secrets", "secret"), ("replies", "reply")];
        let dropped: Vec<String> =
            kinds.into_iter().filter_map(|(key, noun)| self.count(key, noun)).collect();
        self.push(Some(dropped.join(", ")));
        let before = self.text("older_than").map(|at| format!("older than {at}"));
        self.push(before);
    }

    /// The text of a field, which then counts as shown.
    fn text(&mut self, key: &str) -> Option<String> {
        self.left.remove(key).filter(|value| !is_empty(value)).map(|value| value_text(&value))
    }

    /// The count in a field, or of its items, with a noun.
    fn count(&mut self, key: &str, noun: &str) -> Option<String> {
        let count = match self.left.get(key)? {
            Value::Array(items) => items.len(),
            value => usize::try_from(value.as_u64()?).ok()?,
        };
        self.left.remove(key);
        Some(counted(count, noun))
    }

    fn push(&mut self, words: Option<String>) {
        self.told.extend(words.filter(|words| !words.is_empty()));
    }
}

/// The texts that are there, with something between them.
fn joined(texts: [Option<String>; 2], between: &str) -> Option<String> {
    let texts: Vec<String> = texts.into_iter().flatten().collect();
    (!texts.is_empty()).then(|| texts.join(between))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_kind_of_note_reads_as_a_sentence() {
        for (kind, body, text) in [
            (
                "started",
                json!({ "who": "ann", "job": "lock", "tenant": "acme", "tasks": 5, "plan": "abc", "policy": "",
                        "agreed": "--yes", "approver": null, "reason": "INC-1", "break_glass": null, "beginning": "x" }),
                "lock on acme: 5 tasks; reason INC-1; confirmed: --yes; plan abc",
            ),
            (
                "planned",
                json!({ "who": "ann", "job": "lock", "tenant": "acme", "devices": 1, "risk": "disruptive" }),
                "lock on acme: 1 device, disruptive",
            ),
            (
                "left",
                json!({ "by": "ann", "outcomes": { "in_doubt": 1 }, "exit": 11, "entries": 24 }),
                "1 in doubt; exit code 11; entries 24",
            ),
            ("closed", json!({ "who": "ann", "outcomes": "2 not_attempted" }), "2 not attempted"),
            (
                "resolved",
                json!({ "tasks": 2, "decision": "taken as done" }),
                "2 tasks taken as done",
            ),
            ("refused", json!({ "job": "lock", "why": "no" }), "lock: no"),
            ("resumed", json!({ "job": "lock" }), "lock"),
            ("pins_shown", json!({ "tasks": [1, 2], "devices": ["a"] }), "2 tasks of 1 device"),
            (
                "pins_shown",
                json!({ "tasks": [1], "devices": ["a"], "as": "csv", "pins": 2, "secrets": 0 }),
                "1 task of 1 device; 2 PINs as csv",
            ),
            ("pins_compared", json!({ "who": "ann", "devices": ["a", "b"] }), "PINs of 2 devices"),
            ("recovered", json!({ "asked": 3, "recovered": 1 }), "1 of 3 PINs"),
            (
                "pruned",
                json!({ "pins": 2, "secrets": 0, "replies": 1, "older_than": "2026-01-01" }),
                "2 PINs, 0 secrets, 1 reply; older than 2026-01-01",
            ),
            (
                "clock_repaired",
                json!({ "runs": ["a"], "leases": 2, "latest": "2034-11-27" }),
                "1 run, 2 leases; counted until 2034-11-27",
            ),
            ("of_a_newer_sortie", json!({ "who": "ann", "some_fact": 1 }), "some fact 1"),
            ("started", json!("altered"), "altered"),
            (
                "started",
                json!({ "job": ["altered"], "tasks": "altered" }),
                "[\"altered\"]; tasks altered",
            ),
            ("left", Value::Null, ""),
        ] {
            assert_eq!(note_text(kind, &body), text, "{kind}");
        }
    }
}
