//! Reads a YAML text as a JSON value.
//!
//! Owns the small part of YAML that scenarios use: maps, lists, texts, whole numbers, `true` and `false`. Must never
//! guess: a text in quotation marks or in a block stays a text.

use granit_parser::{Event, Options, Parser, ScalarStyle};
use serde_json::{Map, Value};

enum Frame {
    List(Vec<Value>),
    Map(Map<String, Value>, Option<String>),
}

/// The one document of this text.
///
/// # Errors
/// Says what is not YAML, or which key stands twice.
pub fn read(text: &str) -> Result<Value, String> {
    let (mut stack, mut root) = (Vec::new(), None);
    for item in Parser::new_from_str_with_options(text, Options::default()) {
        let (event, _) = item.map_err(|error| error.to_string())?;
        let ended = match event {
            Event::Scalar(text, style, ..) => Some(scalar(&text, style == ScalarStyle::Plain)),
            Event::SequenceStart(..) => {
                stack.push(Frame::List(Vec::new()));
                None
            }
            Event::MappingStart(..) => {
                stack.push(Frame::Map(Map::new(), None));
                None
            }
            Event::SequenceEnd | Event::MappingEnd => stack.pop().map(|frame| match frame {
                Frame::List(items) => Value::Array(items),
                Frame::Map(map, _) => Value::Object(map),
            }),
            _ => None,
        };
        if let Some(value) = ended {
            put(&mut stack, &mut root, value)?;
        }
    }
    root.ok_or_else(|| "no document".to_owned())
}

fn put(stack: &mut [Frame], root: &mut Option<Value>, value: Value) -> Result<(), String> {
    match stack.last_mut() {
        None => *root = Some(value),
        Some(Frame::List(items)) => items.push(value),
        Some(Frame::Map(map, pending)) => match pending.take() {
            None => *pending = Some(value.as_str().map_or(value.to_string(), str::to_owned)),
            Some(key) if map.contains_key(&key) => return Err(format!("'{key}' stands twice")),
            Some(key) => {
                map.insert(key, value);
            }
        },
    }
    Ok(())
}

fn scalar(text: &str, is_plain: bool) -> Value {
    match text {
        _ if !is_plain => Value::from(text),
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => text.parse::<u64>().map_or_else(|_| Value::from(text), Value::from),
    }
}
