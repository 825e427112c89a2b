//! The texts that name a device: ids, serial numbers, addresses.
//!
//! Owns what these texts may look like and what each kind of damage is called. Must never repair one:
//! only the case of an id is normalized, because it cannot change which device is meant.

use super::Target;
use super::diagnostics::{Flaw, quote};
use crate::kandji::fold;
use crate::model::{DeviceId, DeviceIdError, is_invisible, is_placeholder_serial};

/// Longest serial number, in characters; virtual machines have the longest, of about 60.
const SERIAL_CHARS_MAX: usize = 128;
/// Longest e-mail address, in characters (RFC 5321).
const EMAIL_CHARS_MAX: usize = 254;
/// Longest device name or asset tag that is compared, in characters.
const LABEL_CHARS_MAX: usize = 256;
/// Words that mean 'nothing' or 'everything' elsewhere. There is no wildcard here.
const PLACEHOLDERS: [&str; 19] = [
    "",
    "all",
    "any",
    "every",
    "everyone",
    "everything",
    "*",
    "%",
    "?",
    ".",
    "-",
    "--",
    "~",
    "null",
    "nil",
    "none",
    "n/a",
    "na",
    "undefined",
];
/// Months as spreadsheets abbreviate them in the dates they make of serial numbers.
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// The part of a target that a text gives.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TargetField {
    /// The API's id.
    DeviceId,
    /// Serial number.
    SerialNumber,
    /// Address of the assigned user.
    UserEmail,
    /// Device name: checked, never enough to find a device.
    DeviceName,
    /// Asset tag: checked, never enough to find a device.
    AssetTag,
}

impl TargetField {
    /// All fields of a target: the three identities first, then the labels that are only checked.
    pub const ALL: [Self; 5] =
        [Self::DeviceId, Self::SerialNumber, Self::UserEmail, Self::DeviceName, Self::AssetTag];

    /// The name of the field's column and key in job files, such as `serial_number`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::DeviceId => "device_id",
            Self::SerialNumber => "serial_number",
            Self::UserEmail => "user_email",
            Self::DeviceName => "device_name",
            Self::AssetTag => "asset_tag",
        }
    }

    /// Every name that it goes by, folded; other tools' column headings included.
    pub(super) fn folded_names(self) -> &'static [&'static str] {
        match self {
            Self::DeviceId => &["deviceid", "id", "uuid"],
            Self::SerialNumber => {
                &["serialnumber", "serial", "computerserial", "mobiledeviceserial"]
            }
            Self::UserEmail => &["useremail", "email"],
            Self::DeviceName => {
                &["devicename", "displayname", "computername", "currentname", "currentdevicename"]
            }
            Self::AssetTag => &["assettag"],
        }
    }

    /// Whether a name of the device's name says that it is the one before a rename.
    pub(super) fn is_current_name(name: &str) -> bool {
        fold(name).starts_with("current")
    }

    /// Finds a field by any of its names.
    pub(super) fn find(name: &str) -> Option<Self> {
        let folded = fold(name);
        Self::ALL.into_iter().find(|field| field.folded_names().contains(&folded.as_str()))
    }

    /// Whether it is enough to find a device.
    #[must_use]
    pub fn is_identity(self) -> bool {
        !matches!(self, Self::DeviceName | Self::AssetTag)
    }
}

impl Target {
    /// Reads one field of a target. Spaces around the text are not part of it.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the text.
    pub fn read_field(&mut self, field: TargetField, text: &str) -> Result<(), String> {
        self.set_field(field, text.trim_matches([' ', '\t'])).map_err(|flaw| match flaw.hint {
            Some(hint) => format!("{}; {hint}", flaw.message),
            None => flaw.message,
        })
    }

    /// The same with the place of the problem; the text must be trimmed.
    pub(super) fn set_field(&mut self, field: TargetField, text: &str) -> Result<(), Flaw> {
        match field {
            TargetField::DeviceId => self.device_id = Some(read_device_id(text)?),
            TargetField::SerialNumber => self.serial_number = Some(read_serial(text)?.into()),
            TargetField::UserEmail => self.user_email = Some(read_email(text)?.into()),
            TargetField::DeviceName => self.device_name = Some(read_label(field, text)?.into()),
            TargetField::AssetTag => self.asset_tag = Some(read_label(field, text)?.into()),
        }
        Ok(())
    }

    /// The same target with one field alone.
    pub(super) fn only(&self, field: TargetField) -> Self {
        let mut target = Self::default();
        match field {
            TargetField::DeviceId => target.device_id = self.device_id.clone(),
            TargetField::SerialNumber => target.serial_number = self.serial_number.clone(),
            TargetField::UserEmail => target.user_email = self.user_email.clone(),
            TargetField::DeviceName => target.device_name = self.device_name.clone(),
            TargetField::AssetTag => target.asset_tag = self.asset_tag.clone(),
        }
        target
    }

    /// Whether it has something by which a device can be found.
    pub(super) fn has_identity(&self) -> bool {
        self.device_id.is_some() || self.serial_number.is_some() || self.user_email.is_some()
    }

    /// The device for people: its strongest identity.
    pub(super) fn shown(&self) -> String {
        let id = self.device_id.as_ref().map(DeviceId::as_str);
        let text = id.or(self.serial_number.as_deref()).or(self.user_email.as_deref());
        quote(text.unwrap_or_default())
    }
}

fn read_device_id(text: &str) -> Result<DeviceId, Flaw> {
    check_letters(TargetField::DeviceId, text)?;
    match DeviceId::parse(text) {
        Ok(id) => Ok(id),
        Err(DeviceIdError::Placeholder) => {
            Err(Flaw::new(format!("{} is a placeholder, not a device id", quote(text)))
                .hint("write the device's id; 'sortie devices' lists the ids"))
        }
        Err(DeviceIdError::Form) => Err(odd_device_id(text)),
    }
}

/// Names what a text is that is not a device id.
fn odd_device_id(text: &str) -> Flaw {
    let flaw = |what: &str| Flaw::new(format!("{} {what}", quote(text)));
    let plain = "write only the id: 8-4-4-4-12 hexadecimal digits";
    if text.starts_with('{') || text.starts_with('(') {
        return flaw("has brackets around the device id").hint(plain);
    }
    if text.to_ascii_lowercase().starts_with("urn:") {
        return flaw("has 'urn:uuid:' before the device id").hint(plain);
    }
    if text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return flaw("is a device id without hyphens").hint(plain);
    }
    if text.contains('@') {
        return flaw("is an e-mail address, not a device id")
            .hint("put it in the column user_email; on the command line give --user-email");
    }
    let is_serial = (5..=20).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && text.bytes().any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    if is_serial && spreadsheet_damage(text).is_none() {
        return flaw("looks like a serial number, not a device id")
            .hint("put it in the column serial_number; on the command line give --serial");
    }
    flaw("is not a device id (8-4-4-4-12 hexadecimal digits)")
        .hint("'sortie devices' lists the ids; a serial number goes in the column serial_number")
}

pub(super) fn read_serial(text: &str) -> Result<String, Flaw> {
    let field = TargetField::SerialNumber;
    check_letters(field, text)?;
    let flaw = |what: &str| Flaw::new(format!("{} {what}", quote(text)));
    if let Some(damage) = spreadsheet_damage(text) {
        return Err(flaw(&format!("is not a serial number: {damage}")).hint(
            "format the column as text in the spreadsheet, and enter the serial number again",
        ));
    }
    if text.len() == 36 && text.bytes().filter(|byte| *byte == b'-').count() == 4 {
        return Err(flaw("looks like a device id, not a serial number")
            .hint("put it in the column device_id; on the command line give --device"));
    }
    if text.contains('@') {
        return Err(flaw("is an e-mail address, not a serial number")
            .hint("put it in the column user_email; on the command line give --user-email"));
    }
    let stray = text.char_indices().find(|(_, letter)| {
        !(letter.is_ascii_alphanumeric()
            || matches!(letter, '-' | '_' | '.' | '/' | ' ' | ':' | '+'))
    });
    if let Some((at, letter)) = stray {
        return Err(flaw(&format!("contains {letter:?}, which is not valid in a serial number"))
            .hint("write one complete serial number; wildcards and lists are not supported")
            .part(at, letter.len_utf8()));
    }
    check_length(field, text, SERIAL_CHARS_MAX)?;
    if is_placeholder_serial(text) {
        return Err(flaw("is a placeholder that many devices share, not a serial number")
            .hint("give the device_id instead; 'sortie devices' lists the ids"));
    }
    Ok(text.to_owned())
}

/// Whether a serial number is what a manufacturer left in place of one. Words of people for nothing are mistakes, and
/// no such placeholders.
pub(super) fn is_left_open(serial: &str) -> bool {
    is_placeholder_serial(serial) && !PLACEHOLDERS.contains(&serial.to_lowercase().as_str())
}

pub(super) fn read_email(text: &str) -> Result<String, Flaw> {
    let field = TargetField::UserEmail;
    check_letters(field, text)?;
    let is_address = text.split_once('@').is_some_and(|(user, domain)| {
        !user.is_empty() && !domain.is_empty() && !domain.contains('@')
    });
    let stray = text.char_indices().find(|(_, letter)| {
        letter.is_whitespace() || matches!(letter, ',' | ';' | '<' | '>' | '"' | '*' | '(' | ')')
    });
    if !is_address {
        return Err(Flaw::new(format!("{} is not an e-mail address", quote(text)))
            .hint("write the complete address of one user, for example jo@example.com"));
    }
    if let Some((at, letter)) = stray {
        return Err(Flaw::new(format!("{} contains {letter:?}", quote(text)))
            .hint("write one complete address and nothing else")
            .part(at, letter.len_utf8()));
    }
    check_length(field, text, EMAIL_CHARS_MAX)?;
    Ok(text.to_owned())
}

fn read_label(field: TargetField, text: &str) -> Result<String, Flaw> {
    if text.is_empty() {
        return Err(Flaw::new(format!("{} is empty", field.word())));
    }
    if let Some((at, letter)) = text.char_indices().find(|(_, letter)| letter.is_control()) {
        let code = u32::from(letter);
        return Err(Flaw::new(format!(
            "{} contains the control character U+{code:04X}",
            field.word()
        ))
        .part(at, letter.len_utf8()));
    }
    check_length(field, text, LABEL_CHARS_MAX)?;
    Ok(text.to_owned())
}

fn check_length(field: TargetField, text: &str, chars_max: usize) -> Result<(), Flaw> {
    let length = text.chars().count();
    if length <= chars_max {
        return Ok(());
    }
    let name = field.word();
    Err(Flaw::new(format!("{name} has {length} characters; at most {chars_max} are allowed")))
}

/// Refuses placeholders and letters that only look like the ones that identifiers are made of.
fn check_letters(field: TargetField, text: &str) -> Result<(), Flaw> {
    if PLACEHOLDERS.contains(&text.to_lowercase().as_str()) {
        return Err(Flaw::new(format!("{} is not a {}", quote(text), field.word()))
            .hint("give one device; wildcards and empty values are not supported"));
    }
    if TargetField::find(text).is_some() {
        return Err(Flaw::new(format!(
            "{} is the name of a column, not a {}",
            quote(text),
            field.word()
        ))
        .hint("this looks like a second header; were two files joined?"));
    }
    let stray = text.char_indices().find(|(_, letter)| !letter.is_ascii() || letter.is_control());
    let Some((at, letter)) = stray else { return Ok(()) };
    Err(Flaw::new(format!(
        "{} contains {} (U+{:04X}) at character {}",
        quote(text),
        letter_word(letter),
        u32::from(letter),
        text[..at].chars().count() + 1
    ))
    .hint("type it again by hand; identifiers have plain letters, digits and hyphens only")
    .part(at, letter.len_utf8()))
}

/// What a letter is that does not belong into an identifier.
fn letter_word(letter: char) -> &'static str {
    match letter {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => {
            "a typographic hyphen"
        }
        '\u{2018}'..='\u{201f}' | '\u{ab}' | '\u{bb}' | '\u{2039}' | '\u{203a}' => {
            "a typographic quotation mark"
        }
        '\u{ff01}'..='\u{ff5e}' => "a full-width letter",
        '\u{400}'..='\u{52f}' => "a Cyrillic letter",
        '\u{370}'..='\u{3ff}' => "a Greek letter",
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{3000}' => "a special space",
        '\u{fffd}' => "the replacement character of a failed conversion",
        _ if is_invisible(letter) => "an invisible character",
        _ if letter.is_control() => "a control character",
        _ if letter.is_numeric() => "a digit of another script",
        _ => "a letter outside ASCII",
    }
}

/// What a spreadsheet has made of a serial number, if it looks so.
fn spreadsheet_damage(text: &str) -> Option<&'static str> {
    if text.starts_with('#') {
        return Some("it is a spreadsheet error value");
    }
    if let Some((mantissa, exponent)) = text.split_once(['E', 'e']) {
        let is_number =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let has_sign = exponent.starts_with(['+', '-']);
        let has_point = mantissa.contains(['.', ',']);
        let digits = exponent.trim_start_matches(['+', '-']);
        let is_mantissa = mantissa.split(['.', ',']).all(is_number);
        if (has_sign || has_point) && is_mantissa && is_number(digits) {
            return Some("a spreadsheet changed it to scientific notation");
        }
    }
    if let Some((whole, "0" | "00")) = text.split_once('.')
        && whole.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Some("a spreadsheet changed it to a decimal number");
    }
    let parts: Vec<&str> = text.split(['-', '/', '.', ' ']).collect();
    let is_day = |part: &str| part.len() <= 4 && part.parse::<u16>().is_ok();
    let is_month = |part: &str| MONTHS.contains(&part.to_ascii_lowercase().as_str());
    let months = parts.iter().filter(|part| is_month(part)).count();
    let days = parts.iter().filter(|part| is_day(part)).count();
    let is_date = match parts.len() {
        2 => months == 1 && days == 1,
        3 => months <= 1 && months + days == 3,
        _ => false,
    };
    is_date.then_some("a spreadsheet changed it to a date")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(field: TargetField, text: &str, expect: &str) {
        let mut target = Target::default();
        let result = match target.read_field(field, text) {
            Ok(()) => "ok".to_owned(),
            Err(message) => message,
        };
        assert!(result.contains(expect), "{} {text:?}: {result}", field.word());
    }

    #[test]
    fn an_invalid_identifier_is_named_by_its_flaw() {
        use TargetField::{DeviceId, DeviceName, SerialNumber, UserEmail};
        let id = "d2b2eafe-2dc2-4b13-bd2b-f93735f0e59f";
        for (field, text, expect) in [
            (DeviceId, id, "ok"),
            (DeviceId, "D2B2EAFE-2DC2-4B13-BD2B-F93735F0E59F", "ok"),
            (DeviceId, " d2b2eafe-2dc2-4b13-bd2b-f93735f0e59f ", "ok"),
            (DeviceId, "{d2b2eafe-2dc2-4b13-bd2b-f93735f0e59f}", "brackets"),
            (DeviceId, "urn:uuid:d2b2eafe-2dc2-4b13-bd2b-f93735f0e59f", "urn:uuid:"),
            (DeviceId, "d2b2eafe2dc24b13bd2bf93735f0e59f", "without hyphens"),
            (DeviceId, "00000000-0000-0000-0000-000000000000", "placeholder"),
            (DeviceId, "ffffffff-ffff-ffff-ffff-ffffffffffff", "placeholder"),
            (DeviceId, "C02XK1ABJG5J", "the column serial_number"),
            (DeviceId, "jo@example.com", "the column user_email"),
            (
                DeviceId,
                "d2b2eafe–2dc2-4b13-bd2b-f93735f0e59f",
                "typographic hyphen (U+2013) at character 9",
            ),
            (DeviceId, "1-Mar", "is not a device id"),
            (DeviceId, "all", "wildcards and empty values are not supported"),
            (DeviceId, "NULL", "wildcards and empty values are not supported"),
            (SerialNumber, "C02XK1ABJG5J", "ok"),
            (SerialNumber, "0012345", "ok"),
            (SerialNumber, "12E45678", "ok"),
            (SerialNumber, "VMware-56 4d 8f 11 22 33 44 55-66 77 88 99 aa bb cc dd", "ok"),
            (SerialNumber, "PF-3ABC1D", "ok"),
            (SerialNumber, id, "the column device_id"),
            (SerialNumber, "1.23E+11", "scientific notation"),
            (SerialNumber, "1,23E+11", "scientific notation"),
            (SerialNumber, "1E+10", "scientific notation"),
            (SerialNumber, "1-Mar", "changed it to a date"),
            (SerialNumber, "Mar-01", "changed it to a date"),
            (SerialNumber, "01/03/2024", "changed it to a date"),
            (SerialNumber, "2024-03-01", "changed it to a date"),
            (SerialNumber, "12345.0", "decimal number"),
            (SerialNumber, "#NAME?", "error value"),
            (SerialNumber, "C02*", "wildcards and lists are not supported"),
            (SerialNumber, "C02XK1,C02XK2", "lists are not supported"),
            (SerialNumber, "“C02XK1”", "typographic quotation mark (U+201C) at character 1"),
            (SerialNumber, "С02XK1ABJG5J", "a Cyrillic letter (U+0421) at character 1"),
            (SerialNumber, "C０2XK1", "a full-width letter (U+FF10) at character 2"),
            (SerialNumber, "C02\u{200b}XK1", "an invisible character (U+200B) at character 4"),
            (SerialNumber, "C02\u{a0}XK1", "a special space (U+00A0)"),
            (SerialNumber, "To be filled by O.E.M.", "placeholder that many devices share"),
            (SerialNumber, "Default string", "placeholder that many devices share"),
            (SerialNumber, "0", "placeholder that many devices share"),
            (SerialNumber, "0000000000", "placeholder that many devices share"),
            (SerialNumber, "None", "wildcards and empty values are not supported"),
            (SerialNumber, "N/A", "wildcards and empty values are not supported"),
            (SerialNumber, "-", "wildcards and empty values are not supported"),
            (SerialNumber, "*", "wildcards and empty values are not supported"),
            (SerialNumber, "", "wildcards and empty values are not supported"),
            (SerialNumber, "jo@example.com", "the column user_email"),
            (UserEmail, "jo@example.com", "ok"),
            (UserEmail, "jo", "is not an e-mail address"),
            (UserEmail, "@", "is not an e-mail address"),
            (UserEmail, "Jo <jo@example.com>", "contains ' '"),
            (UserEmail, "jо@example.com", "a Cyrillic letter (U+043E) at character 2"),
            (DeviceName, "Jo’s Mac – 上海 🎨", "ok"),
            (DeviceName, "a\u{7}b", "control character U+0007"),
        ] {
            check(field, text, expect);
        }
        check(SerialNumber, &"A".repeat(129), "129 characters");
        check(UserEmail, &format!("{}@b.c", "a".repeat(260)), "at most 254");
    }
}
