//! One parameter of an action: its type and limits, and what it demands of the others.
//!
//! Owns the reading of values from text and the rules between parameters. Must never repair a value, never repeat a
//! PIN, and never name a single action.

use super::named_kind::NamedKind;
use super::values::{read_edit, read_https_url, read_named, read_pin, read_text, read_texts};
use crate::model::{CLEAR_WORD, ListChange, ListEdit, Os, ParamValue, Params, Platform};

/// Longest text parameter, in characters; a device name of more cannot be shown anywhere.
const NAME_CHARS_MAX: usize = 64;
/// Longest message, in characters: a lock screen holds no more.
const MESSAGE_CHARS_MAX: usize = 1_000;

/// One parameter of an action: keys, type, limits, platforms and whether it is required, as the API documents it.
#[derive(Debug)]
pub struct ParamSpec {
    /// The API's key, in its exact case; nested keys with a dot.
    pub key: &'static str,
    /// Other names that a job may use; compared like action names.
    pub aliases: &'static [&'static str],
    /// Type and limits of the value.
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

/// Type of a parameter with its limits. Values outside of them are refused before a plan is made.
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
    /// an address that begins with https://, up to 1,000 characters
    HttpsUrl,
    /// six digits
    Pin,
    /// one of these words
    Choice(&'static [&'static str]),
    /// a comma-separated list of these words, sent as one text
    Flags(&'static [&'static str]),
    /// one line of text, up to so many characters
    Label(u16),
    /// a list of texts, sent as an array
    Texts,
    /// a list of these words, sent as an array
    Choices(&'static [&'static str]),
    /// texts that the record's list with this key gains; the whole list is sent
    AddsTo(&'static str),
    /// texts that the record's list with this key loses; the whole list is sent
    RemovesFrom(&'static str),
    /// something that the tenant knows by an id, by its name or its id
    Named(NamedKind),
    /// a value of this kind, or the word `null` to clear what is there
    Clearable(&'static ParamKind),
}

impl ParamKind {
    /// The kind of a value that clears nothing.
    #[must_use]
    pub fn plain(self) -> Self {
        match self {
            Self::Clearable(kind) => *kind,
            kind => kind,
        }
    }

    /// Whether a value is a list.
    #[must_use]
    pub fn is_list(self) -> bool {
        matches!(
            self.plain(),
            Self::Flags(_)
                | Self::Texts
                | Self::Choices(_)
                | Self::AddsTo(_)
                | Self::RemovesFrom(_)
        )
    }

    /// What the tenant knows by an id, where the value is that.
    #[must_use]
    pub fn named(self) -> Option<NamedKind> {
        match self.plain() {
            Self::Named(kind) => Some(kind),
            _ => None,
        }
    }
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

/// What two parameters of one action have to do with each other.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum ParamRule {
    /// While the switch is true, the parameter must not be given.
    Excludes {
        /// A parameter that is true or false.
        switch: &'static str,
        /// The other one.
        param: &'static str,
    },
    /// The parameter has a meaning only while the switch is true.
    OnlyWith {
        /// The parameter.
        param: &'static str,
        /// A parameter that is true or false.
        switch: &'static str,
    },
    /// Only one of the two may be given.
    NotBoth {
        /// A parameter.
        first: &'static str,
        /// Another one.
        second: &'static str,
    },
    /// The two lists have no text in common.
    NothingInCommon {
        /// A parameter that is a list.
        first: &'static str,
        /// Another one.
        second: &'static str,
    },
    /// At least one of these has to be given.
    AnyOf(&'static [&'static str]),
}

impl ParamRule {
    /// The rule as a sentence for people.
    #[must_use]
    pub fn sentence(self) -> String {
        match self {
            Self::Excludes { switch, param } => {
                format!("{param} cannot be used while {switch} is true")
            }
            Self::OnlyWith { param, switch } => format!("{param} needs {switch} to be true"),
            Self::NotBoth { first, second } => {
                format!("{first} and {second} cannot be used together")
            }
            Self::NothingInCommon { first, second } => {
                format!("{first} and {second} must not share a value")
            }
            Self::AnyOf(keys) => format!("at least one of {} is needed", keys.join(", ")),
        }
    }

    /// What is missing, as a sentence, where the rule demands one of several parameters.
    pub(super) fn missing_from(self, action: &str, params: &Params) -> Option<String> {
        let Self::AnyOf(keys) = self else { return None };
        let has_one = keys.iter().any(|key| params.contains_key(*key));
        (!has_one).then(|| format!("{action} needs at least one of {}", keys.join(", ")))
    }

    /// The key that is too many and why, when these parameters break the rule.
    pub(super) fn broken_by(self, action: &str, params: &Params) -> Option<(&'static str, String)> {
        let is_true = |key: &str| params.get(key) == Some(&ParamValue::Bool(true));
        let (is_broken, param, switch) = match self {
            Self::Excludes { switch, param } => {
                (is_true(switch) && params.contains_key(param), param, switch)
            }
            Self::OnlyWith { param, switch } => {
                (params.contains_key(param) && !is_true(switch), param, switch)
            }
            Self::NotBoth { first, second } => {
                (params.contains_key(first) && params.contains_key(second), second, first)
            }
            Self::NothingInCommon { first, second } => {
                (has_common_text(params.get(first), params.get(second)), second, first)
            }
            Self::AnyOf(_) => return None,
        };
        is_broken.then(|| {
            (
                param,
                format!(
                    "{param} and {switch} of {action} contradict each other: {}",
                    self.sentence()
                ),
            )
        })
    }
}

impl ParamSpec {
    /// The names under which a job may give the parameter: the API's key first, then the aliases.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.key).chain(self.aliases.iter().copied())
    }

    /// Reads a value from text. Nothing is repaired: a PIN that lost its leading zeros is an error.
    ///
    /// # Errors
    /// A sentence that says what the value should be.
    pub fn read(&self, text: &str) -> Result<ParamValue, String> {
        self.read_as(self.kind, text)
    }

    fn read_as(&self, kind: ParamKind, text: &str) -> Result<ParamValue, String> {
        let key = self.key;
        match kind {
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
            ParamKind::HttpsUrl => read_https_url(key, text),
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
                        "{key} must be a comma-separated list of {}; '{flag}' is not one of them",
                        words.join(", ")
                    )),
                }
            }
            ParamKind::Label(chars_max) => read_text(key, text, usize::from(chars_max), false),
            ParamKind::Texts => read_texts(key, text).map(ParamValue::List),
            ParamKind::Choices(words) => {
                let texts = read_texts(key, text)?;
                match texts.iter().find(|text| !words.contains(&text.as_str())) {
                    None => Ok(ParamValue::List(texts)),
                    Some(text) => Err(format!(
                        "{key} must be a comma-separated list of {}; '{text}' is not one of them",
                        words.join(", ")
                    )),
                }
            }
            ParamKind::AddsTo(list) => read_edit(key, text, list, ListChange::Add),
            ParamKind::RemovesFrom(list) => read_edit(key, text, list, ListChange::Remove),
            ParamKind::Named(kind) => read_named(key, text, kind),
            ParamKind::Clearable(kind) => self.read_clearable(*kind, text),
        }
    }

    fn read_clearable(&self, kind: ParamKind, text: &str) -> Result<ParamValue, String> {
        match text {
            CLEAR_WORD if kind.is_list() => Ok(ParamValue::List(Vec::new())),
            "[]" if kind.is_list() => Ok(ParamValue::List(Vec::new())),
            CLEAR_WORD => Ok(ParamValue::Clear),
            odd if odd.eq_ignore_ascii_case(CLEAR_WORD) => Err(format!(
                "{} is '{odd}': write {CLEAR_WORD} in lower case to clear it",
                self.key
            )),
            text => self.read_as(kind, text),
        }
    }

    /// The type in help and messages, such as `true or false`.
    #[must_use]
    pub fn type_word(&self) -> String {
        type_word(self.kind)
    }

    /// Why the device would ignore this parameter, if it would.
    pub(super) fn ignored_on(&self, platform: Platform, os_version: &str) -> Option<String> {
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

fn type_word(kind: ParamKind) -> String {
    match kind {
        ParamKind::Bool => "true or false".to_owned(),
        ParamKind::Number(max) => format!("0 to {max}"),
        ParamKind::Name | ParamKind::Message | ParamKind::Label(_) => "text".to_owned(),
        ParamKind::HttpsUrl => "https address".to_owned(),
        ParamKind::Pin => "six digits".to_owned(),
        ParamKind::Choice(words) => words.join(" | "),
        ParamKind::Flags(words) | ParamKind::Choices(words) => {
            format!("comma-separated: {}", words.join(", "))
        }
        ParamKind::Texts | ParamKind::AddsTo(_) | ParamKind::RemovesFrom(_) => {
            "comma-separated texts".to_owned()
        }
        ParamKind::Named(NamedKind::Blueprint) => "name or id".to_owned(),
        ParamKind::Named(NamedKind::User) => "e-mail address or id".to_owned(),
        ParamKind::Clearable(kind) => format!("{}, or {CLEAR_WORD} to clear", type_word(*kind)),
    }
}

/// Whether two lists have a text in common.
fn has_common_text(first: Option<&ParamValue>, second: Option<&ParamValue>) -> bool {
    let second = texts_of(second);
    texts_of(first).iter().any(|text| second.contains(text))
}

fn texts_of(value: Option<&ParamValue>) -> &[String] {
    match value {
        Some(ParamValue::List(texts) | ParamValue::Edit(ListEdit { texts, .. })) => texts,
        _ => &[],
    }
}

/// Whether a parameter's value asks for an effect: `false` and a missing value do not.
pub(super) fn asks_for_something(value: Option<&ParamValue>) -> bool {
    !matches!(value, None | Some(ParamValue::Bool(false)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kandji::find_action;

    fn spec(kind: ParamKind) -> ParamSpec {
        ParamSpec {
            key: "key",
            aliases: &[],
            kind,
            required: Requirement::Optional,
            sent_by_default: None,
            platforms: &[],
            os_min: &[],
            refuse_where_ignored: false,
            summary: "",
        }
    }

    #[test]
    fn lists_are_read_as_arrays_of_distinct_texts() {
        let list = |kind, text: &str| match spec(kind).read(text)? {
            ParamValue::List(texts) | ParamValue::Edit(ListEdit { texts, .. }) => {
                Ok(texts.join("|"))
            }
            other => Err(format!("{other:?}")),
        };
        let flags = ParamKind::Choices(&["LOCK_NOW", "DO_NOT_ASK"]);
        for (kind, text, expect) in [
            (ParamKind::Texts, "lab, front desk", Ok("lab|front desk")),
            (ParamKind::Texts, r#"["a,b","c"]"#, Ok("a,b|c")),
            (ParamKind::Texts, "lab,,kiosk", Err("is empty")),
            (ParamKind::Texts, "lab,lab", Err("'lab' twice")),
            (ParamKind::Texts, "lab,null", Err("'null'")),
            (ParamKind::Texts, "[]", Err("is empty")),
            (ParamKind::AddsTo("tags"), "a\u{202e}", Err("U+202E")),
            (ParamKind::AddsTo("tags"), "a,b", Ok("a|b")),
            (ParamKind::Clearable(&ParamKind::Texts), "null", Ok("")),
            (ParamKind::Clearable(&ParamKind::Texts), "[]", Ok("")),
            (ParamKind::Clearable(&ParamKind::Texts), "NULL", Err("lower case")),
            (flags, "LOCK_NOW", Ok("LOCK_NOW")),
            (flags, "LOCK", Err("one of them")),
        ] {
            match (list(kind, text), expect) {
                (Ok(read), Ok(expect)) => assert_eq!(read, expect, "{text}"),
                (Err(error), Err(part)) => assert!(error.contains(part), "{text}: {error}"),
                (read, _) => panic!("{text}: {read:?}"),
            }
        }
    }

    #[test]
    fn null_clears_only_what_can_be_cleared() {
        let label = spec(ParamKind::Clearable(&ParamKind::Label(5)));
        assert_eq!(label.read("null"), Ok(ParamValue::Clear));
        assert_eq!(label.read("A1"), Ok(ParamValue::Text("A1".to_owned())));
        assert!(label.read("Null").is_err() && label.read("123456").is_err());
        let blueprint = spec(ParamKind::Named(NamedKind::Blueprint));
        assert!(blueprint.read("null").is_err_and(|error| error.contains("cannot be cleared")));
        let user = spec(ParamKind::Clearable(&ParamKind::Named(NamedKind::User)));
        assert!(user.read("345").is_err_and(|error| error.contains("e-mail address")));
        let id = "D2B2EAFE-2DC2-4B13-BD2B-F93735F0E59F";
        assert!(user.read(id).is_ok_and(|value| value.written() == id.to_lowercase()));
    }

    #[test]
    fn control_characters_in_parameters_are_refused_by_code_point() {
        for (action, key) in [("set-name", "new_name"), ("lock", "message"), ("lock", "phone")] {
            let param = find_action(action).expect("an action").param(key).expect("a parameter");
            for (text, code) in
                [("a\u{202e}b", "U+202E"), ("a\u{2067}b", "U+2067"), ("ab\u{200b}", "U+200B")]
            {
                let error = param.read(text).expect_err(key);
                assert!(error.contains(code) && error.contains(param.key), "{error}");
            }
            assert!(param.read("Jo’s Mac 👩\u{200d}💻").is_ok(), "{key}");
        }
    }

    #[test]
    fn an_address_has_https_a_host_and_nothing_odd() {
        let esim = find_action("refresh-esim").expect("an action");
        let url = esim.param("esim_server_url").expect("a parameter");
        for text in ["https://esim.example.com", "https://a.example:8443/x?y=1"] {
            assert!(url.read(text).is_ok(), "{text}");
        }
        for text in [
            "http://esim.example.com",
            "esim.example.com",
            "https://",
            "https:///x",
            "https://a b.example",
            "https://user:secret@host.example",
            "HTTPS://x.example\n",
            "",
        ] {
            assert!(url.read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn damaged_and_weak_pins_are_refused_without_repeating_them() {
        let pin = find_action("erase").expect("an action").param("PIN").expect("a parameter");
        for text in ["4512", "45 12 7", "1234567", "٤٥١٢٣٤", "000000", "123456", ""] {
            let error = pin.read(text).expect_err(text);
            assert!(text.is_empty() || !error.contains(text), "{error}");
        }
    }
}
