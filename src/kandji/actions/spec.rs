//! The shape of a row of the action table, and what is derived from one row alone.
//!
//! Owns the request of an action, the reading of its parameters and the support of platforms. Must never
//! name a single action.

use serde_json::{Map, Value};

use super::hazards::Hazards;
use super::names::fold;
use super::param::{ParamRule, ParamSpec, Requirement, asks_for_something};
use super::record_field::RecordField;
use crate::kandji::path::device_path;
use crate::model::wire::{Method, Request};
use crate::model::{
    DeviceId, DeviceState, End, ParamValue, Params, Platform, Repeat, Risk, StateSign,
};

/// Largest answer body of an action, in bytes: their answers are empty or a PIN.
const ACTION_BODY_BYTES_MAX: usize = 64 * 1024;
/// Largest answer body of a list, in bytes: 300 rows of metadata.
pub(in crate::kandji) const LIST_BODY_BYTES_MAX: usize = 8 * 1024 * 1024;

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
    /// Which of them exclude or need each other, besides what each one requires.
    pub rules: &'static [ParamRule],
    /// Platforms that the vendor documents for it.
    pub platforms: &'static [Platform],
    /// Risk of the action.
    pub risk: Risk,
    /// Whether it may be repeated after doubt.
    pub repeat: Repeat,
    /// How its end is known.
    pub end: EndSpec,
    /// Its answer has the PIN that unlocks a Mac.
    pub gives_pin: bool,
    /// The parameter that carries a PIN to a Mac; one is drawn where the job gives none.
    pub takes_pin: Option<&'static str>,
    /// It takes the device's secrets away with it.
    pub ends_secrets: bool,
    /// What it does to some devices besides.
    pub hazards: Hazards,
    /// An example of its parameters, as key and text.
    pub example: &'static [(&'static str, &'static str)],
    /// What it does, before a number of devices in prompts: `restart`, `restarting`.
    pub verb: Verb,
}

/// The two forms of an action's verb. A number of devices follows.
#[derive(Debug)]
pub struct Verb {
    /// As in "Restart 3 devices?".
    pub plain: &'static str,
    /// As in "restarting 3 devices needs confirmation".
    pub ing: &'static str,
}

/// How the end of an action is known, before the device is known.
#[derive(Debug)]
pub enum EndSpec {
    /// The answer is the result.
    Answer(AnswerSpec),
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
    /// A command with this request type and the mark in its type or metadata.
    CommandMarked(&'static str, &'static str),
    /// A command with this request type, or a report about the device that shows the state.
    CommandOrState(&'static str, StateSpec),
    /// A report about the device that shows the state.
    State(StateSpec),
    /// The device's disappearance.
    Gone,
    /// The device's record bears what the parameters say: each key, with the field that shows it.
    Recorded(&'static [(&'static str, RecordField)]),
}

/// How the answer of a read differs from other answers.
#[derive(Debug)]
pub struct AnswerSpec {
    /// The key that every result has.
    pub key: &'static str,
    /// What the API says, in lower case and with status 400, where there is nothing to read: a result, and no error.
    pub nothing_words: Option<&'static str>,
}

/// A state of a device that a report about it shows.
#[derive(Copy, Clone, Debug)]
pub struct StateSpec {
    /// What follows the path of the device in the path of the report.
    pub path_suffix: &'static str,
    /// What the report shows in this state.
    pub sign: SignSpec,
}

/// What a report shows of a device in the state that an action asks for.
#[derive(Copy, Clone, Debug)]
pub enum SignSpec {
    /// A key has this value, in any case, since a moment after the request. Nested keys have a dot.
    Since {
        /// The key of the value.
        key: &'static str,
        /// The value.
        value: &'static str,
        /// The key of the moment from which it has the value.
        time_key: &'static str,
    },
    /// The API answers 400 with these words, in lower case, instead of a report.
    Said(&'static str),
}

impl StateSpec {
    /// The state as tasks keep it.
    fn state(&self) -> DeviceState {
        let sign = match self.sign {
            SignSpec::Since { key, value, time_key } => StateSign::Since {
                key: key.to_owned(),
                value: value.to_owned(),
                time_key: time_key.to_owned(),
            },
            SignSpec::Said(words) => StateSign::Said { words: words.to_owned() },
        };
        DeviceState { path_suffix: self.path_suffix.to_owned(), sign }
    }
}

impl EndSpec {
    /// What the API says, in lower case, where the state that the action asks for is there already.
    pub(in crate::kandji) fn in_effect_words(&self) -> Option<&'static str> {
        match self {
            Self::CommandOrState(_, state) | Self::State(state) => match state.sign {
                SignSpec::Said(words) => Some(words),
                SignSpec::Since { .. } => None,
            },
            _ => None,
        }
    }
}

impl ActionSpec {
    /// The request that carries this action out on one device.
    #[must_use]
    pub fn request(&self, device: &DeviceId, params: &Params) -> Request {
        let mut path_and_query = device_path(device, self.path_suffix);
        let mut body = None;
        match self.method {
            Method::Get => {
                let complete = self.with_defaults(params, |param| param.platforms.is_empty());
                path_and_query.push_str(&query_of(&complete));
            }
            Method::Post | Method::Patch if !params.is_empty() => body = Some(body_of(params)),
            Method::Post | Method::Patch | Method::Delete => {}
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

    /// The parameters that are sent to a device of this platform: those of the job, and those that are always said,
    /// because the API and the device disagree on what silence means.
    #[must_use]
    pub fn complete(&self, platform: Platform, params: &Params) -> Params {
        self.with_defaults(params, |param| {
            param.platforms.is_empty() || param.platforms.contains(&platform)
        })
    }

    fn with_defaults(&self, params: &Params, applies: impl Fn(&ParamSpec) -> bool) -> Params {
        let mut complete = params.clone();
        for param in self.params.iter().filter(|param| applies(param)) {
            if let Some(Ok(value)) = param.sent_by_default.map(|text| param.read(text)) {
                complete.entry(param.key.to_owned()).or_insert(value);
            }
        }
        complete
    }

    /// Parameters that contradict each other: the key that is too many, and a sentence.
    #[must_use]
    pub fn contradictions(&self, params: &Params) -> Vec<(&'static str, String)> {
        self.rules.iter().filter_map(|rule| rule.broken_by(self.name, params)).collect()
    }

    /// The parameter with this name, by key or alias, compared like action names.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&'static ParamSpec> {
        let folded = fold(name);
        self.params.iter().find(|param| param.names().any(|name| fold(name) == folded))
    }

    /// Whether it gives the device another name.
    #[must_use]
    pub fn renames(&self) -> bool {
        self.new_name_param().is_some()
    }

    /// The parameter that is the device's new name; `None` where the name stays.
    #[must_use]
    pub fn new_name_param(&self) -> Option<&'static str> {
        match self.end {
            EndSpec::CommandOrNamed(_, param) => Some(param),
            _ => None,
        }
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
        sentences.extend(self.rules.iter().filter_map(|rule| rule.missing_from(self.name, params)));
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
                "{} is not supported on {platform}; it supports {}",
                self.name,
                supported.join(", ")
            ));
        }
        self.params
            .iter()
            .filter(|param| param.refuse_where_ignored && asks_for_something(params.get(param.key)))
            .find_map(|param| param.ignored_on(platform, os_version))
            .map(|why| format!("{why}, and {} would run without it", self.name))
    }

    /// Notes for the operator about parameters that this device ignores without harm.
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
                    why: format!("the API lists no commands for {platform} devices"),
                };
            }
            End::Command {
                request_types: request_types.iter().map(|&name| name.to_owned()).collect(),
                mark: mark.map(str::to_owned),
                or_gone,
                or_named: mark.and_then(|key| params.get(key)).map(ParamValue::written),
                or_state: match &self.end {
                    EndSpec::CommandOrState(_, state) => Some(state.state()),
                    _ => None,
                },
            }
        };
        match &self.end {
            EndSpec::Answer(_) => End::Answer,
            EndSpec::Acceptance(why) => End::Acceptance { why: (*why).to_owned() },
            EndSpec::Command(request_types) => command(request_types, None, false),
            EndSpec::CommandBySwitch(key, [on, off]) => {
                let is_on = params.get(*key) == Some(&ParamValue::Bool(true));
                command(&[if is_on { on } else { off }], None, false)
            }
            EndSpec::CommandOrNamed(request_type, mark) => {
                command(&[request_type], Some(mark), false)
            }
            EndSpec::CommandMarked(request_type, mark) => {
                command(&[request_type], Some(mark), false)
            }
            EndSpec::CommandOrState(request_type, _) => command(&[request_type], None, false),
            EndSpec::CommandOrGone(request_type) => command(&[request_type], None, true),
            EndSpec::State(state) => End::State(state.state()),
            EndSpec::Gone => End::Gone,
            EndSpec::Recorded(_) => End::Recorded,
        }
    }
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
            ParamValue::List(texts) => Value::from(texts.as_slice()),
            ParamValue::Clear => Value::Null,
            ParamValue::Named(value) => Value::String(value.id.clone()),
            // Part of a list; a request sends the whole of it, which is among the parameters by then.
            ParamValue::Edit(_) => continue,
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
    fn an_erase_of_a_phone_or_tablet_always_sets_the_data_plan() {
        let erase = find_action("erase").expect("an action");
        let sent = |platform, params: &Params| {
            let request =
                erase.request(&DeviceId::from_api("d1"), &erase.complete(platform, params));
            request.body.unwrap_or_default()
        };
        for platform in [Platform::IPhone, Platform::IPad] {
            assert_eq!(sent(platform, &Params::new()), r#"{"PreserveDataPlan":true}"#);
        }
        let given = params("erase", &[("PreserveDataPlan", "false")]);
        assert_eq!(sent(Platform::IPad, &given), r#"{"PreserveDataPlan":false}"#);
        assert_eq!(sent(Platform::Mac, &Params::new()), "");
        assert_eq!(sent(Platform::Windows, &Params::new()), "");
    }

    #[test]
    fn parameters_that_contradict_each_other_are_named() {
        for (action, pairs, expect) in [
            (
                "delete-user",
                &[("UserName", "jo"), ("DeleteAllUsers", "true")][..],
                Some("UserName"),
            ),
            ("delete-user", &[("UserName", "jo"), ("DeleteAllUsers", "false")], None),
            ("delete-user", &[("DeleteAllUsers", "true"), ("ForceDeletion", "true")], None),
            (
                "erase",
                &[("ReturnToService.Enabled", "false"), ("ReturnToService.ProfileId", "x")],
                Some("ReturnToService.ProfileId"),
            ),
            (
                "erase",
                &[("ReturnToService.Enabled", "true"), ("ReturnToService.ProfileId", "x")],
                None,
            ),
        ] {
            let spec = find_action(action).expect("an action");
            let found = spec.contradictions(&params(action, pairs));
            assert_eq!(found.first().map(|(key, _)| *key), expect, "{action} {pairs:?}");
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
