//! One parameter of an action: its type and limits, and what it demands of the others.
//!
//! Owns the reading of values from text and the rules between parameters. Must never repair a value, never repeat a
//! PIN, and never name a single action.

use crate::model::{Os, ParamValue, Params, Platform, Sealed, first_steering};

/// Longest text parameter, in characters; a device name of more cannot be shown anywhere.
const NAME_CHARS_MAX: usize = 64;
/// Longest message, in characters: a lock screen holds no more.
const MESSAGE_CHARS_MAX: usize = 1_000;
/// PINs that anyone would try first.
const WEAK_PINS: [&str; 12] = [
    "000000", "111111", "222222", "333333", "444444", "555555", "666666", "777777", "888888",
    "999999", "123456", "654321",
];

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
        }
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
                        "{key} must be a comma-separated list of {}; '{flag}' is not one of them",
                        words.join(", ")
                    )),
                }
            }
        }
    }

    /// The type in help and messages, such as `true or false`.
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

/// Whether a parameter's value asks for an effect: `false` and a missing value do not.
pub(super) fn asks_for_something(value: Option<&ParamValue>) -> bool {
    !matches!(value, None | Some(ParamValue::Bool(false)))
}

fn read_text(key: &str, text: &str, chars_max: usize, lines: bool) -> Result<ParamValue, String> {
    if text.trim().is_empty() {
        return Err(format!("{key} is empty"));
    }
    let length = text.chars().count();
    if length > chars_max {
        return Err(format!("{key} has {length} characters; at most {chars_max} are allowed"));
    }
    let stray = text
        .chars()
        .find(|letter| letter.is_control() && !(lines && matches!(letter, '\n' | '\r' | '\t')));
    if let Some(letter) = stray {
        return Err(format!("{key} contains the control character U+{:04X}", u32::from(letter)));
    }
    if let Some((at, letter)) = first_steering(text) {
        return Err(format!(
            "{key} contains an invisible character (U+{:04X}) at character {}, which can disguise the text",
            u32::from(letter),
            text[..at].chars().count() + 1
        ));
    }
    Ok(ParamValue::Text(text.to_owned()))
}

/// Whether a PIN is one of those that people try first.
#[must_use]
pub fn is_weak_pin(pin: &str) -> bool {
    WEAK_PINS.contains(&pin)
}

/// Reads a PIN. The message never repeats it.
fn read_pin(key: &str, text: &str) -> Result<ParamValue, String> {
    if text.len() != 6 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!(
            "{key} must be exactly six digits, but has {} characters (did a spreadsheet drop leading zeros?)",
            text.chars().count()
        ));
    }
    if is_weak_pin(text) {
        return Err(format!("{key} is one of the first PINs that people try; choose another"));
    }
    Ok(ParamValue::Secret(Sealed::clear(text.to_owned())))
}

#[cfg(test)]
mod tests {
    use crate::kandji::find_action;

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
    fn damaged_and_weak_pins_are_refused_without_repeating_them() {
        let pin = find_action("erase").expect("an action").param("PIN").expect("a parameter");
        for text in ["4512", "45 12 7", "1234567", "٤٥١٢٣٤", "000000", "123456", ""] {
            let error = pin.read(text).expect_err(text);
            assert!(text.is_empty() || !error.contains(text), "{error}");
        }
    }
}
