//! The body of an action as the tenant reads it.
//!
//! Owns content types, JSON and the types of fields. Keys that the action table does not know are ignored,
//! as are known ones in another case. Written apart from the client's codec on purpose. Must
//! never read a device.

use serde_json::{Map, Value, json};

use super::answers;
use super::exchange::{SimReply, SimRequest};
use crate::kandji::{ActionSpec, ParamKind, ParamSpec, Requirement};
use crate::simulator::setup::switch_values::MissingFields;
use crate::simulator::setup::switches::Switches;

/// Length of a PIN.
const PIN_CHARS: usize = 6;

/// The fields of an action's body, checked against the action table.
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    /// The value of a key; nested keys with a dot.
    fn value(&self, key: &str) -> Option<&Value> {
        match key.split_once('.') {
            None => self.0.get(key),
            Some((outer, inner)) => self.0.get(outer)?.get(inner),
        }
    }

    /// The text of a key; nested keys with a dot.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.value(key)?.as_str()
    }

    /// The boolean of a key; nested keys with a dot.
    pub(crate) fn switch(&self, key: &str) -> Option<bool> {
        self.value(key)?.as_bool()
    }
}

/// Reads and checks the body of an action.
///
/// # Errors
/// The 400 with complaints by field (inferred), or the 415 (documented).
pub(crate) fn read(
    request: &SimRequest,
    action: &ActionSpec,
    switches: &Switches,
) -> Result<Fields, SimReply> {
    let fields = Fields(parse(request)?);
    let mut complaints = Map::new();
    for param in action.params {
        let complaint = match fields.value(param.key) {
            None => missing(param, &fields, switches).map(str::to_owned),
            Some(value) => wrong(param, value),
        };
        if let Some(complaint) = complaint {
            match param.key.split_once('.') {
                None => complaints.insert(param.key.to_owned(), json!([complaint])),
                Some((outer, inner)) => {
                    complaints.insert(outer.to_owned(), json!({ inner: [complaint] }))
                }
            };
        }
    }
    if complaints.is_empty() {
        return Ok(fields);
    }
    Err(answers::json(400, &Value::Object(complaints)))
}

/// Reads the JSON object of a body; an empty body is an empty object.
///
/// # Errors
/// The 400 or 415.
pub(crate) fn parse(request: &SimRequest) -> Result<Map<String, Value>, SimReply> {
    if request.body.is_empty() {
        return Ok(Map::new());
    }
    let content_type = request.content_type.as_deref().unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        let text = format!("Unsupported media type \"{content_type}\" in request.");
        return Err(answers::detail(415, &text));
    }
    match serde_json::from_slice(&request.body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => {
            let text = "Invalid data. Expected a dictionary.";
            Err(answers::json(400, &json!({ "non_field_errors": [text] })))
        }
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            let text = format!("JSON parse error - Expecting value: line {line} column {column}");
            Err(answers::detail(400, &text))
        }
    }
}

fn missing(param: &ParamSpec, fields: &Fields, switches: &Switches) -> Option<&'static str> {
    if switches.missing_fields == MissingFields::Accepted {
        return None;
    }
    let is_due = match param.required {
        Requirement::Optional => false,
        Requirement::Required => true,
        Requirement::Unless(switch) => fields.switch(switch) != Some(true),
        Requirement::WithAny(prefix) => fields.0.contains_key(prefix.trim_end_matches('.')),
    };
    is_due.then_some("This field is required.")
}

fn wrong(param: &ParamSpec, value: &Value) -> Option<String> {
    let complaint = match (param.kind, value) {
        (_, Value::Null) => "This field may not be null.",
        (ParamKind::Bool, Value::Bool(_)) | (ParamKind::Number(_), Value::Number(_)) => {
            return None;
        }
        (ParamKind::Bool, _) => "Must be a valid boolean.",
        (ParamKind::Number(_), _) => "A valid integer is required.",
        (ParamKind::Choices(words), Value::Array(items)) => {
            let is_known = |item: &&Value| item.as_str().is_some_and(|word| words.contains(&word));
            let stray = items.iter().find(|item| !is_known(item));
            return stray.map(|item| format!("{item} is not a valid choice."));
        }
        (ParamKind::Texts, Value::Array(items)) if items.iter().all(Value::is_string) => {
            return None;
        }
        (ParamKind::Choices(_) | ParamKind::Texts, _) => "Expected a list of items.",
        (
            ParamKind::Name | ParamKind::Message | ParamKind::HttpsUrl | ParamKind::Label(_),
            Value::String(text),
        ) => {
            let is_blank = text.trim().is_empty() && param.required == Requirement::Required;
            return is_blank.then(|| "This field may not be blank.".to_owned());
        }
        (ParamKind::Pin, Value::String(pin)) => {
            let is_whole = pin.chars().count() == PIN_CHARS;
            return (!is_whole).then(|| "Ensure this field has exactly 6 characters.".to_owned());
        }
        (ParamKind::Choice(words), Value::String(word)) => {
            let is_known = words.contains(&word.as_str());
            return (!is_known).then(|| format!("\"{word}\" is not a valid choice."));
        }
        (ParamKind::Flags(words), Value::String(flags)) => {
            let stray = flags.split(',').find(|flag| !words.contains(&flag.trim()));
            return stray.map(|flag| format!("\"{flag}\" is not a valid choice."));
        }
        _ => "Not a valid string.",
    };
    Some(complaint.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kandji::find_action;

    fn read_body(action: &str, body: &str) -> Result<Fields, SimReply> {
        let action = find_action(action).expect("an action");
        read(&SimRequest::post("/", "t", body), action, &Switches::default())
    }

    fn complaint(action: &str, body: &str) -> String {
        match read_body(action, body) {
            Ok(_) => "accepted".to_owned(),
            Err(reply) => format!("{} {}", reply.status, reply.text()),
        }
    }

    #[test]
    fn complaints_have_the_shape_of_the_framework() {
        for (action, body, expected) in [
            ("set-name", "", r#"400 {"DeviceName":["This field is required."]}"#),
            (
                "set-name",
                r#"{"devicename":"x"}"#,
                r#"400 {"DeviceName":["This field is required."]}"#,
            ),
            (
                "set-name",
                r#"{"DeviceName":" "}"#,
                r#"400 {"DeviceName":["This field may not be blank."]}"#,
            ),
            ("set-name", r#"{"DeviceName":5}"#, r#"400 {"DeviceName":["Not a valid string."]}"#),
            (
                "remote-desktop",
                r#"{"EnableRemoteDesktop":"true"}"#,
                r#"400 {"EnableRemoteDesktop":["Must be a valid boolean."]}"#,
            ),
            ("erase", r#"{"PIN":123456}"#, r#"400 {"PIN":["Not a valid string."]}"#),
            (
                "erase",
                r#"{"PIN":"12345"}"#,
                r#"400 {"PIN":["Ensure this field has exactly 6 characters."]}"#,
            ),
            (
                "erase",
                r#"{"ReturnToService":{"ProfileId":"x"}}"#,
                r#"400 {"ReturnToService":{"Enabled":["This field is required."]}}"#,
            ),
            (
                "erase",
                r#"{"erase_mode":"ALL"}"#,
                r#"400 {"erase_mode":["\"ALL\" is not a valid choice."]}"#,
            ),
            ("delete-user", "{}", r#"400 {"UserName":["This field is required."]}"#),
            ("lock", "[]", r#"400 {"non_field_errors":["Invalid data. Expected a dictionary."]}"#),
            (
                "reset-work-profile-passcode",
                r#"{"resetPasswordFlags":"LOCK_NOW"}"#,
                r#"400 {"resetPasswordFlags":["Expected a list of items."]}"#,
            ),
            (
                "reset-work-profile-passcode",
                r#"{"resetPasswordFlags":["NOW"]}"#,
                r#"400 {"resetPasswordFlags":["\"NOW\" is not a valid choice."]}"#,
            ),
            ("reset-work-profile-passcode", r#"{"resetPasswordFlags":["LOCK_NOW"]}"#, "accepted"),
            ("delete-user", r#"{"DeleteAllUsers":true}"#, "accepted"),
            ("lock", r#"{"message":"lower case is ignored"}"#, "accepted"),
            (
                "erase",
                r#"{"ReturnToService":{"Enabled":false,"ProfileId":""},"PIN":"012345"}"#,
                "accepted",
            ),
        ] {
            assert_eq!(complaint(action, body), expected, "{action} {body}");
        }
        assert!(
            complaint("lock", "{\"Message\":").starts_with(r#"400 {"detail":"JSON parse error - "#)
        );
    }

    #[test]
    fn a_body_must_say_that_it_is_json() {
        let action = find_action("lock").expect("an action");
        let mut request = SimRequest::post("/", "t", "{}");
        request.content_type = Some("text/plain".to_owned());
        let refused = read(&request, action, &Switches::default()).err().expect("refused");
        assert_eq!(refused.status, 415);
        request.content_type = Some("Application/JSON; charset=utf-8".to_owned());
        assert!(read(&request, action, &Switches::default()).is_ok());
        request.body.clear();
        request.content_type = Some("text/plain".to_owned());
        assert!(read(&request, action, &Switches::default()).is_ok());
    }

    #[test]
    fn missing_fields_can_be_let_through() {
        let action = find_action("set-name").expect("an action");
        let switches = Switches { missing_fields: MissingFields::Accepted, ..Switches::default() };
        assert!(read(&SimRequest::post("/", "t", ""), action, &switches).is_ok());
    }
}
