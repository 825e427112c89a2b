//! Actions with their parameters, from texts of any form.
//!
//! Owns how a written value becomes a parameter and when an action is complete. What the values may be is
//! the action table's. Must never repeat a PIN, not even a wrong one.

use super::Step;
use super::diagnostics::{Flaw, looks_like_pin, quote};
use super::secrets::may_be_secret;
use crate::kandji::{ActionSpec, ParamKind, ParamSpec, find_action, fold};
use crate::model::{CLEAR_WORD, Gate, ParamValue, Params, Risk, is_invisible, is_near};

/// Values that a job may only hold together with a flag, as key, value, flag and reason.
const PROTECTED: [(&str, &str, &str, &str); 1] = [(
    "erase_mode",
    "WIPE_PROTECTED",
    "--allow-wipe-protected",
    "it can leave a PC unable to boot",
)];
/// Highest step number: a device with more steps in one job is a mistake.
pub(super) const STEPS_MAX: u16 = 100;

/// How a value was written.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// In a table or on the command line, where everything is text.
    Text,
    /// In YAML without quotation marks.
    Plain,
    /// In YAML as quoted or block text.
    Quoted,
}

/// One step before the values of single devices are known.
#[derive(Clone, Debug)]
pub(super) struct StepDraft {
    /// Its number, from 1.
    pub number: u16,
    /// The action of the step.
    pub action: &'static ActionSpec,
    /// The parameters so far.
    pub params: Params,
    /// What lets it begin.
    pub after: Option<Gate>,
}

impl StepDraft {
    /// A step without parameters.
    pub fn new(number: u16, action: &'static ActionSpec) -> Self {
        Self { number, action, params: Params::new(), after: None }
    }

    /// The risk of the action with these parameters.
    pub fn risk(&self) -> Risk {
        self.action.risk_of(&self.params)
    }

    /// The finished step.
    pub fn into_step(self) -> Step {
        Step { number: self.number, action: self.action, params: self.params, after: self.after }
    }
}

/// Whether values of [`PROTECTED`] are allowed.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum ProtectedValues {
    /// They are refused.
    Refused,
    /// They are allowed: the operator gave the flag.
    Allowed,
}

/// Whether a letter looks like another one or like none: a space of another kind, an invisible or a control character.
fn is_stray(letter: char) -> bool {
    (letter.is_whitespace() && !matches!(letter, ' ' | '\t'))
        || letter.is_control() && letter != '\t'
        || is_invisible(letter)
}

/// Finds an action by its written name.
pub(super) fn read_action(text: &str) -> Result<&'static ActionSpec, Flaw> {
    if text.is_empty() {
        return Err(
            Flaw::new("no action is given").hint("write an action; 'sortie actions' lists them")
        );
    }
    if let Some((at, letter)) = text.char_indices().find(|(_, letter)| is_stray(*letter)) {
        let code = u32::from(letter);
        return Err(Flaw::new(format!("action {} contains U+{code:04X}", quote(text)))
            .hint("type it again by hand; action names have plain letters, hyphens and spaces only")
            .part(at, letter.len_utf8()));
    }
    if text.chars().count() > 64 || looks_like_pin(text) {
        return Err(Flaw::new(format!("unknown action {}", quote(text)))
            .hint("'sortie actions' lists the actions"));
    }
    find_action(text)
        .map_err(|error| Flaw::new(error.to_string()).hint("'sortie actions' lists the actions"))
}

/// Finds a parameter of an action by any of its names.
pub(super) fn find_param(
    action: &'static ActionSpec,
    name: &str,
) -> Result<&'static ParamSpec, Flaw> {
    if let Some(param) = action.param(name) {
        return Ok(param);
    }
    let folded = fold(name);
    let nearest = action
        .params
        .iter()
        .flat_map(|param| param.names())
        .find(|known| is_near(&folded, &fold(known)));
    let known: Vec<&str> = action.params.iter().map(|param| param.key).collect();
    let hint = match (nearest, known.is_empty()) {
        (Some(nearest), _) => format!("did you mean '{nearest}'?"),
        (None, true) => format!("{} takes no parameters", action.name),
        (None, false) => format!("{} takes {}", action.name, known.join(", ")),
    };
    Err(Flaw::new(format!("{} has no parameter {}", action.name, quote(name))).hint(hint))
}

/// Reads one value of a parameter.
pub(super) fn read_value(
    param: &'static ParamSpec,
    text: &str,
    form: Form,
    protected_values: ProtectedValues,
) -> Result<ParamValue, Flaw> {
    let key = param.key;
    let is_null = matches!(text, "" | "~" | "null" | "Null" | "NULL");
    match (param.kind, form) {
        (ParamKind::Clearable(_), Form::Plain) if text == CLEAR_WORD => {}
        (_, Form::Plain) if is_null => {
            return Err(Flaw::new(format!("{key} has no value"))
                .hint("give it a value, or remove the line"));
        }
        (ParamKind::Pin, Form::Plain) => {
            return Err(Flaw::new(format!("{key} must be in quotation marks"))
                .hint("otherwise it is read as a number and loses leading zeros"));
        }
        (ParamKind::Bool | ParamKind::Number(_), Form::Quoted) => {
            return Err(Flaw::new(format!(
                "{key} must be {}, not text in quotation marks",
                param.type_word()
            ))
            .hint("remove the quotation marks"));
        }
        _ => {}
    }
    let text = if matches!(param.kind, ParamKind::Message | ParamKind::Pin) {
        text
    } else {
        text.trim_matches([' ', '\t'])
    };
    for (protected_key, value, flag, reason) in PROTECTED {
        if protected_values == ProtectedValues::Refused && key == protected_key && text == value {
            return Err(Flaw::new(format!("{key} {value} is refused: {reason}"))
                .hint(format!("to allow it, give {flag}")));
        }
    }
    param.read(text).map_err(|message| shortened(param, message, text))
}

/// Gives the cell of a column to every step whose action has the parameter.
pub(super) fn give(
    drafts: &mut [StepDraft],
    column: &str,
    text: &str,
    protected_values: ProtectedValues,
) -> Result<(), Flaw> {
    let mut unknown = None;
    let mut is_taken = false;
    for draft in drafts.iter_mut() {
        match find_param(draft.action, column) {
            Err(flaw) => unknown = unknown.or(Some(flaw)),
            Ok(param) => {
                is_taken = true;
                let value = read_value(param, text, Form::Text, protected_values)?;
                draft.params.insert(param.key.to_owned(), value);
            }
        }
    }
    match unknown.filter(|_| !is_taken) {
        None => Ok(()),
        Some(flaw) => {
            let hint = flaw.hint.unwrap_or_default();
            let cure = format!("{hint}; empty the cell, or give --ignore-column \"{column}\"");
            Err(Flaw::new(flaw.message).hint(cure))
        }
    }
}

/// The table's message; a text that is too long to repeat, or may be a PIN, is shortened in it.
fn shortened(param: &'static ParamSpec, message: String, text: &str) -> Flaw {
    let hint = format!("{}: {}", param.key, param.summary);
    // Flags of a password are no secret, but a password may be there by mistake.
    if param.kind != ParamKind::Pin && may_be_secret(param.key) {
        return Flaw::new(format!("{} must be {}", param.key, param.type_word())).hint(hint);
    }
    let is_harmless = text.chars().count() <= 48 && !text.chars().any(char::is_control);
    if is_harmless && !looks_like_pin(text) {
        return Flaw::new(message).hint(hint);
    }
    match param.kind {
        ParamKind::Name
        | ParamKind::Message
        | ParamKind::HttpsUrl
        | ParamKind::Pin
        | ParamKind::Label(_)
        | ParamKind::Clearable(_) => Flaw::new(message).hint(hint),
        _ => {
            let wanted = param.type_word();
            Flaw::new(format!("{} must be {wanted}, not {}", param.key, quote(text))).hint(hint)
        }
    }
}

/// Why the parameters of a step do not make a whole.
pub(super) struct StepFlaw {
    /// The parameter, if it is known.
    pub param: Option<&'static ParamSpec>,
    /// What is wrong.
    pub sentence: String,
    /// It is missing; else it contradicts another one.
    pub is_missing: bool,
}

impl StepFlaw {
    /// What to do about it in a file; `name_column` is the column that says a device's name.
    pub fn hint(&self, name_column: Option<&str>) -> String {
        if self.is_missing {
            return missing_hint(self.param, name_column);
        }
        "remove one of the two".to_owned()
    }
}

/// What a step lacks, and which of its parameters contradict each other.
pub(super) fn step_flaws(action: &'static ActionSpec, params: &Params) -> Vec<StepFlaw> {
    let missing = action.missing(params).into_iter().map(|sentence| {
        let named = |param: &&ParamSpec| sentence.split([' ', ',']).any(|word| word == param.key);
        let mut absent = action.params.iter().filter(|param| !params.contains_key(param.key));
        StepFlaw { param: absent.find(named), sentence, is_missing: true }
    });
    let contradictions = action.contradictions(params).into_iter();
    let contradictions = contradictions.map(|(key, sentence)| StepFlaw {
        param: action.param(key),
        sentence,
        is_missing: false,
    });
    missing.chain(contradictions).collect()
}

/// What to do about a parameter that no row gives.
fn missing_hint(param: Option<&'static ParamSpec>, name_column: Option<&str>) -> String {
    let Some(param) = param else { return "give the parameter".to_owned() };
    let name = param.aliases.first().copied().unwrap_or(param.key);
    // The name of a device is an identity; as the new name it has to be asked for.
    match name_column {
        Some(column) if fold(param.key) == "devicename" => format!(
            "column '{column}' identifies the device; add a column '{name}', or if this column has the new name, give --map \"{column}={name}\""
        ),
        _ => format!("give it as '{name}' ({})", param.summary),
    }
}

/// Whether two lists of steps ask for the same.
pub(super) fn same_steps(left: &[Step], right: &[Step]) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).all(|(left, right)| {
            left.number == right.number
                && left.action.name == right.action.name
                && left.params == right.params
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(action: &str, name: &str, text: &str, form: Form, expect: &str) {
        let action = find_action(action).expect("an action");
        let result = find_param(action, name)
            .and_then(|param| read_value(param, text, form, ProtectedValues::Refused));
        let shown = match result {
            Ok(value) => format!("ok {}", value.written()),
            Err(flaw) => format!("{} / {}", flaw.message, flaw.hint.unwrap_or_default()),
        };
        assert!(shown.contains(expect), "{name}={text}: {shown}");
        if matches!(name, "PIN" | "resetPasswordFlags") {
            assert!(!shown.contains(text), "{shown}");
        }
    }

    #[test]
    fn values_are_read_by_type_and_form() {
        check("restart", "notify_user", "true", Form::Plain, "ok true");
        check("restart", "NotifyUser", "true", Form::Quoted, "remove the quotation marks");
        check("restart", "NotifyUser", "yes", Form::Plain, "must be true or false");
        check("restart", "NotifyUser", "~", Form::Plain, "has no value");
        check("restart", "notify_usr", "true", Form::Plain, "did you mean 'NotifyUser'");
        check("blank-push", "pin", "true", Form::Plain, "takes no parameters");
        check("lock", "PhoneNumber", "0123456", Form::Plain, "ok 0123456");
        check("erase", "PIN", "012345", Form::Plain, "quotation marks");
        check("erase", "PIN", "4512", Form::Quoted, "exactly six digits");
        check("erase", "PIN", "451226 ", Form::Text, "exactly six digits");
        check("erase", "erase_mode", "WIPE_PROTECTED", Form::Text, "--allow-wipe-protected");
        check("erase", "erase_mode", "WIPE", Form::Text, "ok WIPE");
        check("erase", "erase_flags", "A", Form::Text, "WIPE_ESIMS");
        let (reset, flags) = ("reset-work-profile-passcode", "resetPasswordFlags");
        check(reset, "reset_password_flags", "LOCK_NOW", Form::Text, "ok LOCK_NOW");
        for text in ["Kestrel-94", "LOCK_NOW,Kestrel-94", "451226", "["] {
            check(reset, flags, text, Form::Text, "must be comma-separated: LOCK_NOW");
        }
    }

    #[test]
    fn an_action_with_a_letter_that_only_looks_right_is_refused() {
        for (text, expect) in [
            ("set\u{a0}name", "U+00A0"),
            ("blank\u{2009}push", "U+2009"),
            ("re\u{200b}start", "U+200B"),
            ("restart\u{7}", "U+0007"),
        ] {
            let flaw = read_action(text).expect_err(text);
            assert!(flaw.message.contains(expect), "{}", flaw.message);
        }
        assert_eq!(read_action("Set Name").expect("an action").name, "set-name");
    }
}
