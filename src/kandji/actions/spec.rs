//! The shape of a row of the action table, and what is derived from one row alone.
//!
//! Owns the request of an action, the reading of its parameters and the support of platforms. Must never
//! name a single action.

use serde_json::{Map, Value};

use super::hazards::Hazards;
use crate::model::wire::{Method, Request};
use crate::model::{DeviceId, End, Os, ParamValue, Params, Platform, Repeat, Risk, Sealed};

/// Largest answer body of an action, in bytes: their answers are empty or a PIN.
const ACTION_BODY_BYTES_MAX: usize = 64 * 1024;
/// Largest answer body of a list, in bytes: 300 rows of metadata.
pub(in crate::kandji) const LIST_BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Longest text parameter, in characters; a device name of more cannot be shown anywhere.
const NAME_CHARS_MAX: usize = 64;
/// Longest message, in characters: a lock screen holds no more.
const MESSAGE_CHARS_MAX: usize = 1_000;
/// PINs that anyone would try first.
const WEAK_PINS: [&str; 12] = [
    "000000", "111111", "222222", "333333", "444444", "555555", "666666", "777777", "888888",
    "999999", "123456", "654321",
];

/// One operation of the API on a device.
#[derive(Debug)]
pub struct ActionSpec {
    /// The name that people type.
    pub name: &'static str,
    /// Other names; the first is the vendor's operation name.
    pub aliases: &'static [&'static str],
    /// What it does, in one line.
    pub summary: &'static str,
    /// What an operator should know before using it.
    pub remarks: &'static [&'static str],
    /// HTTP method.
    pub method: Method,
    /// What follows `/api/v1/devices/{device_id}`.
    pub path_suffix: &'static str,
    /// Parameters, in the order in which help shows them.
    pub params: &'static [ParamSpec],
    /// Platforms that the vendor documents for it.
    pub platforms: &'static [Platform],
    /// Its risk.
    pub risk: Risk,
    /// Whether it may be repeated after doubt.
    pub repeat: Repeat,
    /// How its end is known.
    pub end: EndSpec,
    /// Its answer brings the PIN that unlocks a Mac.
    pub gives_pin: bool,
    /// The parameter that carries a PIN to a Mac; one is drawn where the job gives none.
    pub takes_pin: Option<&'static str>,
    /// It takes the device's secrets away with it.
    pub ends_secrets: bool,
    /// What it does to some devices besides.
    pub hazards: Hazards,
    /// An example of its parameters, as key and text.
    pub example: &'static [(&'static str, &'static str)],
}

/// How the end of an action is known, before the device is known.
#[derive(Debug)]
pub enum EndSpec {
    /// The answer is the result.
    Answer,
    /// Acceptance is all there is; the text says why.
    Acceptance(&'static str),
    /// A command with one of these request types, on Apple devices.
    Command(&'static [&'static str]),
    /// A command with the first request type when the parameter is true, else with the second.
    CommandBySwitch(&'static str, [&'static str; 2]),
    /// A command with this request type, or the device's disappearance.
    CommandOrGone(&'static str),
    /// A command with this request type and the mark in its type or metadata, or the device's bearing the
    /// name that the parameter gives.
    CommandOrNamed(&'static str, &'static str),
    /// The device's disappearance.
    Gone,
}

/// One parameter of an action.
#[derive(Debug)]
pub struct ParamSpec {
    /// The API's key, in its exact case; nested keys with a dot.
    pub key: &'static str,
    /// Other names that a job may use; compared like action names.
    pub aliases: &'static [&'static str],
    /// Type and limits.
    pub kind: ParamKind,
    /// Whether it has to be there.
    pub required: Requirement,
    /// The value that is sent where none is given, as text.
    pub sent_by_default: Option<&'static str>,
    /// Platforms on which it has an effect; empty for all of the action's.
    pub platforms: &'static [Platform],
    /// On these platforms, only from this OS version.
    pub os_min: &'static [(Platform, &'static str)],
    /// A true value on another platform or an older OS would be ignored by the API and the rest carried
    /// out, with another effect than was asked for: the plan refuses it.
    pub refuse_where_ignored: bool,
    /// What it does, in one line.
    pub summary: &'static str,
}

/// Type and limits of a parameter.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// `true` or `false`
    Bool,
    /// a whole number up to this
    Number(u32),
    /// one line of text, up to 64 characters
    Name,
    /// text of several lines, up to 1,000 characters
    Message,
    /// six digits
    Pin,
    /// one of these words
    Choice(&'static [&'static str]),
    /// a comma-separated list of these words
    Flags(&'static [&'static str]),
}

/// Whether a parameter has to be given.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// It may be left out.
    Optional,
    /// It has to be there.
    Required,
    /// It has to be there unless the named switch is true.
    Unless(&'static str),
    /// It has to be there when any other parameter that begins with this text is.
    WithAny(&'static str),
}

/// Why a word is not the name of an action.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// No action has this name.
    #[error("unknown action '{word}'{}", nearest.map(|name| format!(", did you mean '{name}'?")).unwrap_or_default())]
    Unknown {
        /// The word.
        word: String,
        /// The name that resembles it.
        nearest: Option<&'static str>,
    },
    /// A synonym that is refused on purpose.
    #[error("'{word}' is not an action here; write '{instead}' if that is what you mean")]
    Synonym {
        /// The word.
        word: String,
        /// The name to use.
        instead: &'static str,
    },
}

impl ActionSpec {
    /// The request that carries this action out on one device.
    #[must_use]
    pub fn request(&self, device: &DeviceId, params: &Params) -> Request {
        let mut path_and_query = format!("/api/v1/devices/{device}{}", self.path_suffix);
        let mut body = None;
        match self.method {
            Method::Get => path_and_query.push_str(&query_of(&self.with_defaults(params))),
            Method::Post if !params.is_empty() => body = Some(body_of(&self.with_defaults(params))),
            Method::Post | Method::Delete => {}
        }
        Request {
            method: self.method,
            path_and_query,
            body,
            repeat: self.repeat,
            body_bytes_max: match self.method {
                Method::Get => LIST_BODY_BYTES_MAX,
                _ => ACTION_BODY_BYTES_MAX,
            },
        }
    }

    /// The parameters, with those added that are sent by default.
    fn with_defaults(&self, params: &Params) -> Params {
        let mut complete = params.clone();
        for param in self.params {
            if let Some(Ok(value)) = param.sent_by_default.map(|text| param.read(text)) {
                complete.entry(param.key.to_owned()).or_insert(value);
            }
        }
        complete
    }

    /// The parameter with this name, by key or alias, compared like action names.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&'static ParamSpec> {
        let folded = super::fold(name);
        self.params.iter().find(|param| param.names().any(|name| super::fold(name) == folded))
    }

    /// Whether the vendor documents the action for this platform.
    #[must_use]
    pub fn supports(&self, platform: Platform) -> bool {
        self.platforms.contains(&platform)
    }

    /// The parameters that are missing, as one sentence each.
    #[must_use]
    pub fn missing(&self, params: &Params) -> Vec<String> {
        let is_true = |key: &str| params.get(key) == Some(&ParamValue::Bool(true));
        let mut sentences = Vec::new();
        for param in self.params.iter().filter(|param| !params.contains_key(param.key)) {
            let name = param.key;
            match param.required {
                Requirement::Required => {
                    sentences.push(format!("{} needs the parameter {name}", self.name));
                }
                Requirement::Unless(switch) if !is_true(switch) => sentences.push(format!(
                    "{} needs the parameter {name}, unless {switch} is true",
                    self.name
                )),
                Requirement::WithAny(prefix)
                    if params.keys().any(|key| key.starts_with(prefix)) =>
                {
                    sentences.push(format!(
                        "{} needs the parameter {name} when another {prefix}* is given",
                        self.name
                    ));
                }
                _ => {}
            }
        }
        sentences
    }

    /// Why this action, with these parameters, must not be sent to this device; `None` when it may.
    #[must_use]
    pub fn objection(
        &self,
        platform: Platform,
        os_version: &str,
        params: &Params,
    ) -> Option<String> {
        if !self.supports(platform) {
            let supported: Vec<&str> =
                self.platforms.iter().map(|platform| platform.word()).collect();
            return Some(format!(
                "{} is not supported on {platform}; it is for {}",
                self.name,
                supported.join(", ")
            ));
        }
        self.params
            .iter()
            .filter(|param| param.refuse_where_ignored && asks_for_something(params.get(param.key)))
            .find_map(|param| param.ignored_on(platform, os_version))
            .map(|why| format!("{why}, and {} would be carried out without it", self.name))
    }

    /// What an operator should be told about parameters that this device ignores without harm.
    #[must_use]
    pub fn ignored_params(
        &self,
        platform: Platform,
        os_version: &str,
        params: &Params,
    ) -> Vec<String> {
        self.params
            .iter()
            .filter(|param| {
                !param.refuse_where_ignored && asks_for_something(params.get(param.key))
            })
            .filter_map(|param| param.ignored_on(platform, os_version))
            .collect()
    }

    /// How the end of the action is known on this platform.
    #[must_use]
    pub fn end(&self, platform: Platform, params: &Params) -> End {
        let command = |request_types: &[&str], mark: Option<&str>, or_gone: bool| {
            if !platform.is_apple() {
                return End::Acceptance {
                    why: format!("the API shows no commands of {platform} devices"),
                };
            }
            End::Command {
                request_types: request_types.iter().map(|&name| name.to_owned()).collect(),
                mark: mark.map(str::to_owned),
                or_gone,
                or_named: mark.and_then(|key| params.get(key)).map(ParamValue::written),
            }
        };
        match &self.end {
            EndSpec::Answer => End::Answer,
            EndSpec::Acceptance(why) => End::Acceptance { why: (*why).to_owned() },
            EndSpec::Command(request_types) => command(request_types, None, false),
            EndSpec::CommandBySwitch(key, [on, off]) => {
                let is_on = params.get(*key) == Some(&ParamValue::Bool(true));
                command(&[if is_on { on } else { off }], None, false)
            }
            EndSpec::CommandOrNamed(request_type, mark) => {
                command(&[request_type], Some(mark), false)
            }
            EndSpec::CommandOrGone(request_type) => command(&[request_type], None, true),
            EndSpec::Gone => End::Gone,
        }
    }
}

impl ParamSpec {
    /// The key and the aliases.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.key).chain(self.aliases.iter().copied())
    }

    /// Reads a value from text. Nothing is repaired: a PIN that lost its leading zeros is an error.
    ///
    /// # Errors
    /// A sentence that says what the value should be.
    pub fn read(&self, text: &str) -> Result<ParamValue, String> {
        let key = self.key;
        match self.kind {
            ParamKind::Bool => match text {
                "true" | "True" | "TRUE" => Ok(ParamValue::Bool(true)),
                "false" | "False" | "FALSE" => Ok(ParamValue::Bool(false)),
                _ => Err(format!("{key} must be true or false, not '{text}'")),
            },
            ParamKind::Number(max) => match text.parse::<u32>() {
                Ok(number) if number <= max => Ok(ParamValue::Number(number)),
                _ => Err(format!("{key} must be a whole number up to {max}, not '{text}'")),
            },
            ParamKind::Name => read_text(key, text, NAME_CHARS_MAX, false),
            ParamKind::Message => read_text(key, text, MESSAGE_CHARS_MAX, true),
            ParamKind::Pin => read_pin(key, text),
            ParamKind::Choice(words) => {
                if words.contains(&text) {
                    return Ok(ParamValue::Text(text.to_owned()));
                }
                Err(format!("{key} must be one of {}, not '{text}'", words.join(", ")))
            }
            ParamKind::Flags(words) => {
                let flags: Vec<&str> = text.split(',').map(str::trim).collect();
                match flags.iter().find(|flag| !words.contains(flag)) {
                    None => Ok(ParamValue::Text(flags.join(","))),
                    Some(flag) => Err(format!(
                        "{key} must be a comma-separated list of {}, and '{flag}' is none of them",
                        words.join(", ")
                    )),
                }
            }
        }
    }

    /// The type for people.
    #[must_use]
    pub fn type_word(&self) -> String {
        match self.kind {
            ParamKind::Bool => "true or false".to_owned(),
            ParamKind::Number(max) => format!("0 to {max}"),
            ParamKind::Name | ParamKind::Message => "text".to_owned(),
            ParamKind::Pin => "six digits".to_owned(),
            ParamKind::Choice(words) => words.join(" | "),
            ParamKind::Flags(words) => format!("comma-separated: {}", words.join(", ")),
        }
    }

    /// Why the device would ignore this parameter, if it would.
    fn ignored_on(&self, platform: Platform, os_version: &str) -> Option<String> {
        let key = self.key;
        if !self.platforms.is_empty() && !self.platforms.contains(&platform) {
            return Some(format!("{key} is ignored on {platform}"));
        }
        let (_, minimum) = self.os_min.iter().find(|(on, _)| *on == platform)?;
        let is_enough = match (Os::parse(os_version), Os::parse(minimum)) {
            (Some(os), Some(minimum)) => os >= minimum,
            _ => false,
        };
        (!is_enough).then(|| {
            let os = if os_version.is_empty() { "of unknown version" } else { os_version };
            format!("{key} is ignored before {platform} OS {minimum} (this one is {os})")
        })
    }
}

/// Whether a parameter's value asks for an effect: `false` and a missing value do not.
fn asks_for_something(value: Option<&ParamValue>) -> bool {
    !matches!(value, None | Some(ParamValue::Bool(false)))
}

fn read_text(key: &str, text: &str, chars_max: usize, lines: bool) -> Result<ParamValue, String> {
    if text.trim().is_empty() {
        return Err(format!("{key} is empty"));
    }
    let length = text.chars().count();
    if length > chars_max {
        return Err(format!("{key} has {length} characters, at most {chars_max} are allowed"));
    }
    let stray = text
        .chars()
        .find(|letter| letter.is_control() && !(lines && matches!(letter, '\n' | '\r' | '\t')));
    if let Some(letter) = stray {
        return Err(format!("{key} contains the control character U+{:04X}", u32::from(letter)));
    }
    Ok(ParamValue::Text(text.to_owned()))
}

/// Whether a PIN is one of those that everybody tries first.
#[must_use]
pub fn is_weak_pin(pin: &str) -> bool {
    WEAK_PINS.contains(&pin)
}

/// Reads a PIN. The message never repeats it.
fn read_pin(key: &str, text: &str) -> Result<ParamValue, String> {
    if text.len() != 6 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!(
            "{key} must be exactly six digits, this has {} characters (did a spreadsheet drop leading zeros?)",
            text.chars().count()
        ));
    }
    if is_weak_pin(text) {
        return Err(format!("{key} is one of the PINs that everybody tries first; choose another"));
    }
    Ok(ParamValue::Secret(Sealed::clear(text.to_owned())))
}

/// The JSON body of an action. PINs stay strings: a number would lose leading zeros.
fn body_of(params: &Params) -> String {
    let mut body = Map::new();
    for (key, value) in params {
        let json = match value {
            ParamValue::Bool(value) => Value::Bool(*value),
            ParamValue::Number(value) => Value::from(*value),
            ParamValue::Text(value) => Value::String(value.clone()),
            ParamValue::Secret(value) => {
                Value::String(value.expose().unwrap_or_default().to_owned())
            }
        };
        match key.split_once('.') {
            None => {
                body.insert(key.clone(), json);
            }
            Some((outer, inner)) => {
                let nested = body.entry(outer).or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(nested) = nested {
                    nested.insert(inner.to_owned(), json);
                }
            }
        }
    }
    Value::Object(body).to_string()
}

/// The query of a read. Only numbers occur there, so nothing has to be escaped.
fn query_of(params: &Params) -> String {
    let mut query = String::new();
    for (key, value) in params {
        let separator = if query.is_empty() { '?' } else { '&' };
        query.push_str(&format!("{separator}{key}={}", value.written()));
    }
    query
}

#[cfg(test)]
mod tests {
    use crate::kandji::find_action;
    use crate::model::{DeviceId, ParamValue, Params, Platform};

    fn params(action: &str, pairs: &[(&str, &str)]) -> Params {
        let action = find_action(action).expect("an action");
        pairs
            .iter()
            .map(|(name, text)| {
                let param = action.param(name).expect("a parameter");
                (param.key.to_owned(), param.read(text).expect("a value"))
            })
            .collect()
    }

    #[test]
    fn nested_keys_become_objects_and_pins_stay_text() {
        let erase = find_action("erase").expect("an action");
        let given = params(
            "erase",
            &[
                ("pin", "012345"),
                ("return_to_service.enabled", "true"),
                ("ReturnToService.ProfileId", "x"),
            ],
        );
        let request = erase.request(&DeviceId::from_api("d1"), &given);
        assert_eq!(request.path_and_query, "/api/v1/devices/d1/action/erase");
        assert_eq!(
            request.body.as_deref(),
            Some(r#"{"PIN":"012345","ReturnToService":{"Enabled":true,"ProfileId":"x"}}"#)
        );
    }

    #[test]
    fn damaged_and_weak_pins_are_refused_without_repeating_them() {
        let pin = find_action("erase").expect("an action").param("PIN").expect("a parameter");
        for text in ["4512", "45 12 7", "1234567", "٤٥١٢٣٤", "000000", "123456", ""] {
            let error = pin.read(text).expect_err(text);
            assert!(text.is_empty() || !error.contains(text), "{error}");
        }
    }

    #[test]
    fn return_to_service_is_refused_where_it_would_be_a_plain_erase() {
        let erase = find_action("erase").expect("an action");
        let given = params("erase", &[("ReturnToService.Enabled", "true")]);
        assert!(erase.objection(Platform::Mac, "14.5", &given).is_some());
        assert!(erase.objection(Platform::IPad, "16.7.8", &given).is_some());
        assert!(erase.objection(Platform::IPad, "", &given).is_some());
        assert!(erase.objection(Platform::IPad, "17.0", &given).is_none());
        let off = Params::from([("ReturnToService.Enabled".to_owned(), ParamValue::Bool(false))]);
        assert!(erase.objection(Platform::Mac, "14.5", &off).is_none());
    }
}
