//! The JSON Schema and the reader agree.
//!
//! Owns a checker of the part of draft-07 that the schema uses, and a corpus of good and bad jobs. Must never accept a
//! keyword that the checker does not know.

use serde_json::{Map, Value, json};

use super::*;
use crate::job::filter::add_condition;
use crate::job::source::Source;
use crate::job::steps::Form;
use crate::job::tree::{Content, Node, read_tree};
use crate::job::yaml::top_keys;
use crate::kandji::ACTIONS;
use crate::model::settings::settings;

/// What is wrong with a value, as far as it is known; empty for nothing.
fn flaws(schema: &Value, value: &Value) -> Vec<String> {
    let Value::Object(rules) = schema else { panic!("not a schema: {schema}") };
    let is_wrong = |(rule, demand): (&String, &Value)| {
        let is_met = is_met(rule, demand, rules, value);
        (!is_met).then(|| format!("{rule} {demand}: {value}"))
    };
    rules.iter().filter_map(is_wrong).collect()
}

fn fits(schema: &Value, value: &Value) -> bool {
    flaws(schema, value).is_empty()
}

fn is_met(rule: &str, demand: &Value, rules: &Map<String, Value>, value: &Value) -> bool {
    let items = demand.as_array().map(Vec::as_slice).unwrap_or_default();
    let names = || items.iter().filter_map(Value::as_str);
    let fitting = || items.iter().filter(|schema| fits(schema, value)).count();
    let count = demand.as_u64().unwrap_or_default();
    match (rule, value) {
        ("$schema" | "title" | "description" | "then", _) => true,
        ("type", _) => {
            let types = demand.as_str().into_iter().chain(names());
            types.into_iter().any(|name| is_type(name, value))
        }
        ("enum", _) => items.contains(value),
        ("const", _) => demand == value,
        ("oneOf", _) => fitting() == 1,
        ("anyOf", _) => fitting() > 0,
        ("allOf", _) => fitting() == items.len(),
        ("not", _) => !fits(demand, value),
        ("if", _) => !fits(demand, value) || fits(&rules["then"], value),
        ("minimum", Value::Number(number)) => number.as_f64() >= demand.as_f64(),
        ("maximum", Value::Number(number)) => number.as_f64() <= demand.as_f64(),
        ("minLength", Value::String(text)) => text.chars().count() as u64 >= count,
        ("pattern", Value::String(text)) => {
            let mut pattern = regex::bytes::RegexBuilder::new(demand.as_str().expect("a text"));
            pattern.unicode(false).build().expect("a pattern").is_match(text.as_bytes())
        }
        ("items", Value::Array(list)) => list.iter().all(|item| fits(demand, item)),
        ("minItems", Value::Array(list)) => list.len() as u64 >= count,
        ("maxItems", Value::Array(list)) => list.len() as u64 <= count,
        ("uniqueItems", Value::Array(list)) => {
            list.iter().enumerate().all(|(at, item)| !list[..at].contains(item))
        }
        ("minProperties", Value::Object(map)) => map.len() as u64 >= count,
        ("required", Value::Object(map)) => names().all(|name| map.contains_key(name)),
        ("properties", Value::Object(map)) => {
            let known = demand.as_object().expect("a map");
            known.iter().all(|(key, schema)| map.get(key).is_none_or(|value| fits(schema, value)))
        }
        ("additionalProperties", Value::Object(map)) => {
            let known = rules.get("properties").and_then(Value::as_object);
            let mut others =
                map.iter().filter(|(key, _)| known.is_none_or(|known| !known.contains_key(*key)));
            others.all(|(_, value)| *demand != Value::Bool(false) && fits(demand, value))
        }
        ("dependencies", Value::Object(map)) => {
            demand.as_object().expect("a map").iter().all(|(key, needed)| {
                let needed = needed.as_array().expect("a list");
                let is_there = |name: &Value| map.contains_key(name.as_str().expect("a name"));
                !map.contains_key(key) || needed.iter().all(is_there)
            })
        }
        (
            "minimum"
            | "maximum"
            | "minLength"
            | "pattern"
            | "items"
            | "minItems"
            | "maxItems"
            | "uniqueItems"
            | "minProperties"
            | "required"
            | "properties"
            | "additionalProperties"
            | "dependencies",
            _,
        ) => true,
        _ => panic!("the checker does not know {rule}"),
    }
}

fn is_type(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        _ => panic!("no type {name}"),
    }
}

/// A job as an editor sees it: texts without quotation marks by the core schema of YAML 1.2.
fn json_of(text: &str) -> Value {
    let mut problems = Diagnostics::default();
    let source = Source::read("job.yaml", text.as_bytes(), &mut problems).expect("UTF-8");
    value_of(&read_tree(&source, &mut problems).expect("YAML"))
}

fn value_of(node: &Node) -> Value {
    match &node.content {
        Content::List(items) => items.iter().map(value_of).collect(),
        Content::Map(entries) => {
            entries.iter().map(|entry| (entry.key.clone(), value_of(&entry.value))).collect()
        }
        Content::Scalar(text, Form::Plain) => match text.as_str() {
            "" | "~" | "null" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            text => match (text.parse::<i64>(), text.parse::<f64>()) {
                (Ok(number), _) => json!(number),
                (_, Ok(number)) if number.is_finite() => json!(number),
                _ => json!(text),
            },
        },
        Content::Scalar(text, _) => json!(text),
    }
}

/// Whether the reader takes a job. Files that it names are there.
fn is_read(text: &str) -> Result<(), Diagnostics> {
    let input = Input { name: "job.yaml", bytes: text.as_bytes() };
    let load = |file: &str| {
        let known = std::fs::read(format!("{}/jobs/{file}", env!("CARGO_MANIFEST_DIR")));
        Ok(known.unwrap_or_else(|_| b"serial_number\nC02XK1ABJG5J\n".to_vec()))
    };
    parse(&input, &ParseOptions::default(), &load).map(drop)
}

#[test]
fn every_sample_job_fits_the_schema() {
    let schema = job_schema();
    let samples = std::fs::read_dir(format!("{}/jobs", env!("CARGO_MANIFEST_DIR")));
    let mut jobs: Vec<String> = vec![LAB.to_owned()];
    for entry in samples.expect("the samples") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            jobs.push(std::fs::read_to_string(&path).expect("a job"));
        }
    }
    assert!(jobs.len() > 3, "there are samples");
    for job in &jobs {
        assert_eq!(flaws(&schema, &json_of(job)), [""; 0], "{job}");
        is_read(job).unwrap_or_else(|problems| panic!("{problems}\n{job}"));
    }
}

#[test]
fn every_key_of_the_reader_is_in_the_schema() {
    let schema = job_schema();
    let has = |value: &Value, key: &str| value.to_string().contains(&format!("\"{key}\":"));
    for key in top_keys() {
        assert!(schema["properties"].get(key).is_some(), "{key}");
    }
    for path in settings().filter_map(|setting| setting.job_key) {
        let mut keys = path.split('.');
        let top = &schema["properties"][keys.next().unwrap_or_default()];
        assert!(top.is_object() && keys.all(|key| has(top, key)), "{path}");
    }
    for action in ACTIONS {
        let params = &schema["properties"]["with"]["properties"];
        for param in action.params {
            assert!(params.get(param.key).is_some(), "{}", param.key);
        }
    }
    for key in Filter::KEYS {
        assert!(add_condition(&mut Filter::default(), key, "").is_err());
        assert!(has(&schema["properties"]["exclude"], key), "{key}");
        assert!(has(&schema["properties"]["targets"], key), "{key}");
    }
    for field in TargetField::ALL {
        assert!(has(&schema["properties"]["targets"], field.word()), "{}", field.word());
    }
}

#[test]
fn schema_and_reader_agree_on_a_corpus() {
    let schema = job_schema();
    let head = "version: 1\ntargets: {all: true}\n";
    let good = [
        "action: restart",
        "action: lock\nwith: {Message: Call us}",
        "steps: [{action: blank-push}, {action: restart, after: accepted}]",
        "action: erase\nsecrets: capture\nwith: {ReturnToService: {Enabled: true, ProfileId: c0148e35-c734-4402-b2fb-1c61aab72550}}",
        "action: erase\nsecrets: {before_loss: elsewhere, encrypt_to: [age1qq, age1pp], single_key: true}",
        "action: restart\nwait: 0\nsend_until: 8h",
        "action: restart\nsend_until: 2026-11-23T18:00:00+01:00",
        "action: restart\nlimits: {concurrency: 256, per_second: 50, per_hour: 1000000, max_devices: 1}",
        "action: restart\nretries: {count: 0, delay: 1s, max_delay: 60s, jitter: false}",
        "action: restart\nstop: {max_errors: 5%, in_a_row: 1000}",
        "action: restart\nstop: {max_errors: 0}",
        "action: restart\nrollout: {waves: [1, 5, 20%, 100%], pause: 0, gate: settled, gate_timeout: 15m}",
        "action: restart\nrollout: {waves: 5}",
        "action: restart\nwindow: {days: sat, from: \"22:00\", to: \"06:00\", timezone: UTC, outside: wait}",
        "action: restart\nrequire: {file: enrolled.csv, on: serial_number, max_age: 24h}",
        "action: restart\nreport: {dir: reports, formats: [csv]}\nskip_refused: [removed, not_found]",
        "action: restart\nskip_refused: removed\nallow_deactivation: true\nreason: CHG-1",
        "action: restart\nexclude: {platform: [Mac, iPad], serial_numbers: [A9], allow_unmatched: true}",
        "action: restart\nexclude: {filevault: false, os_version: \">=14.0 <15.4\", enrolled_within: 30d}",
        "action: restart\nname: lab",
    ];
    let bad = [
        "",
        "action: reboot-everything",
        "action: restart\nsteps: [{action: restart}]",
        "steps: []",
        "steps: [{after: accepted}]",
        "steps: [{action: restart, after: later}]",
        "with: {NotifyUser: true}",
        "action: restart\nwith: {Message: hello}",
        "action: restart\nexclude: {supervised: \"true\"}",
        "action: restart\nexclude: {agent: [true]}",
        "action: restart\nwith: {NotifyUser: \"true\"}",
        "action: blank-push\nwith: {NotifyUser: true}",
        "action: restart\nwait: 5",
        "action: restart\nwait: soon",
        "action: restart\nsend_until: 8",
        "action: restart\nlimits: {per_second: 60}",
        "action: restart\nlimits: {per_second: \"20\"}",
        "action: restart\nlimits: {per_sec: 20}",
        "action: restart\nlimits: {}",
        "action: restart\nretries: {count: 101}",
        "action: restart\nretries: {jitter: yes}",
        "action: restart\nstop: {max_errors: few}",
        "action: restart\nstop: {in_a_row: 0}",
        "action: restart\nrollout: {waves: []}",
        "action: restart\nrollout: {waves: [0]}",
        "action: restart\nrollout: {waves: [all]}",
        "action: restart\nrollout: {gate: setled}",
        "action: restart\nrollout: {gate_timeout: 0}",
        "action: restart\nwindow: {days: [sat], from: \"22:00\", to: \"06:00\"}",
        "action: restart\nwindow: {days: [], from: \"22:00\", to: \"06:00\", timezone: UTC}",
        "action: restart\nwindow: {days: [sat], from: \"22:00\", to: \"06:00\", timezone: UTC, outside: go}",
        "action: restart\nrequire: {file: enrolled.csv}",
        "action: restart\nrequire: {file: enrolled.csv, on: name}",
        "action: restart\nreport: {formats: [pdf]}",
        "action: restart\nskip_refused: [removed, removed]",
        "action: restart\nskip_refused: [broken]",
        "action: restart\nsecrets: keep",
        "action: restart\nsecrets: {encrypt_to: [AGE-SECRET-KEY-1]}",
        "action: restart\nallow_deactivation: maybe",
        "action: restart\nexclude: {}",
        "action: restart\nexclude: {colour: red}",
        "action: restart\nwat: 1h",
    ];
    for (lines, is_good) in
        good.iter().map(|lines| (lines, true)).chain(bad.iter().map(|lines| (lines, false)))
    {
        let job = format!("{head}{lines}\n");
        let read = is_read(&job);
        assert_eq!(read.is_ok(), is_good, "the reader on {lines}: {read:?}");
        let flaws = flaws(&schema, &json_of(&job));
        assert_eq!(flaws.is_empty(), is_good, "the schema on {lines}: {flaws:?}");
    }
    for targets in ["{}", "{all: false}", "{filter: {}}", "{devices: []}", "{devices: [A1]}"] {
        let job = format!("version: 1\naction: restart\ntargets: {targets}\n");
        assert!(is_read(&job).is_err(), "{targets}");
        assert!(!fits(&schema, &json_of(&job)), "{targets}");
    }
}
