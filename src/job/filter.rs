//! Conditions on devices, from texts.
//!
//! Owns the names of the conditions and what their values may be; job files and flags share it. Must never
//! let an empty value widen a selection.

use super::diagnostics::{Flaw, quote};
use super::{Exclusion, Filter, OsCondition};
use crate::kandji::fold;
use crate::model::{DeviceId, OsRange, Platform, is_near, parse_duration_ms};

/// Longest value, in characters.
const VALUE_CHARS_MAX: usize = 256;
/// Most alternatives of one condition.
pub(super) const VALUES_MAX: usize = 10_000;

impl Filter {
    /// The names of the conditions, in job files and (with hyphens) as flags.
    pub const KEYS: [&'static str; 15] = [
        "platform",
        "blueprint",
        "tag",
        "user_email",
        "model",
        "os_version",
        "name_like",
        "checked_in_within",
        "not_checked_in_for",
        "enrolled_within",
        "enrolled_for",
        "agent",
        "filevault",
        "supervised",
        "activation_lock",
    ];

    /// The conditions that are true or false.
    pub const SWITCHES: [&'static str; 4] = ["agent", "filevault", "supervised", "activation_lock"];

    /// Whether it has no condition, so that it picks everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Adds one condition to a filter: a name of [`Filter::KEYS`] and a value.
///
/// ```
/// use sortie::job::{Filter, read_filter_pair};
/// let mut filter = Filter::default();
/// read_filter_pair(&mut filter, "platform", "Mac").expect("a platform");
/// read_filter_pair(&mut filter, "not_checked_in_for", "30d").expect("a duration");
/// assert!(read_filter_pair(&mut filter, "blueprint", "").is_err());
/// ```
///
/// # Errors
/// A sentence that says what is wrong with the name or the value, and what to write.
pub fn read_filter_pair(filter: &mut Filter, key: &str, value: &str) -> Result<(), String> {
    add_condition(filter, key, value).map_err(|flaw| match flaw.hint {
        Some(hint) => format!("{}; {hint}", flaw.message),
        None => flaw.message,
    })
}

pub(super) fn add_condition(filter: &mut Filter, key: &str, value: &str) -> Result<(), Flaw> {
    let value = value.trim();
    let key = fold(key);
    let known = Filter::KEYS.iter().find(|known| fold(known) == key);
    let Some(known) = known else {
        let near = Filter::KEYS.iter().find(|known| is_near(&key, &fold(known)));
        let hint = match near {
            Some(near) => format!("did you mean '{near}'?"),
            None => format!("the conditions are {}", Filter::KEYS.join(", ")),
        };
        return Err(Flaw::new(format!("unknown condition {}", quote(&key))).hint(hint));
    };
    check_value(known, value)?;
    check_quotes(value)?;
    match *known {
        "platform" => push(known, &mut filter.platform, read_platform(value)?),
        "blueprint" => push(known, &mut filter.blueprint, value.to_owned()),
        "tag" => push(known, &mut filter.tag, value.to_owned()),
        "user_email" => push(known, &mut filter.user_email, super::cells::read_email(value)?),
        "model" => push(known, &mut filter.model, value.to_owned()),
        "os_version" => {
            let condition = read_os(value)?;
            check_alternatives(&filter.os_version, &condition)?;
            push(known, &mut filter.os_version, condition)
        }
        "name_like" => push(known, &mut filter.name_like, value.to_owned()),
        "agent" => set(known, &mut filter.agent, read_switch(known, value)?),
        "filevault" => set(known, &mut filter.filevault, read_switch(known, value)?),
        "supervised" => set(known, &mut filter.supervised, read_switch(known, value)?),
        "activation_lock" => set(known, &mut filter.activation_lock, read_switch(known, value)?),
        _ => {
            let slot = match *known {
                "checked_in_within" => &mut filter.checked_in_within_ms,
                "not_checked_in_for" => &mut filter.not_checked_in_for_ms,
                "enrolled_within" => &mut filter.enrolled_within_ms,
                _ => &mut filter.enrolled_for_ms,
            };
            set(known, slot, read_age(known, value)?)
        }
    }
}

/// Refuses a value in typographic quotation marks: they came with the text, and no name of a tenant has them around it.
fn check_quotes(value: &str) -> Result<(), Flaw> {
    let is_mark = |letter: char| {
        "\u{201c}\u{201d}\u{201e}\u{2018}\u{2019}\u{201a}\u{ab}\u{bb}".contains(letter)
    };
    let (first, last) = (value.chars().next(), value.chars().next_back());
    match (first, last) {
        (Some(first), Some(last))
            if value.chars().count() > 1 && is_mark(first) && is_mark(last) =>
        {
            Err(Flaw::new(format!(
                "{} is in typographic quotation marks (U+{:04X})",
                quote(value),
                u32::from(first)
            ))
            .hint("remove them, or use plain quotation marks (\")"))
        }
        _ => Ok(()),
    }
}

/// Adds one condition or one listed device to what is taken out.
pub(super) fn add_exclusion(exclusion: &mut Exclusion, key: &str, value: &str) -> Result<(), Flaw> {
    let value = value.trim();
    match fold(key).as_str() {
        "deviceids" => match DeviceId::parse(value) {
            Ok(id) => push(key, &mut exclusion.device_ids, id),
            Err(error) => Err(Flaw::new(format!("{} is {error}", quote(value)))
                .hint("a serial number goes in serial_numbers")),
        },
        "serialnumbers" => {
            push(key, &mut exclusion.serial_numbers, super::cells::read_serial(value)?)
        }
        _ => add_condition(&mut exclusion.filter, key, value),
    }
}

fn push<T>(key: &str, values: &mut Vec<T>, value: T) -> Result<(), Flaw> {
    if values.len() >= VALUES_MAX {
        return Err(Flaw::new(format!("{key} has more than {VALUES_MAX} values"))
            .hint("list the devices in a CSV file instead"));
    }
    values.push(value);
    Ok(())
}

fn set<T>(key: &str, slot: &mut Option<T>, value: T) -> Result<(), Flaw> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Flaw::new(format!("{key} is given twice")).hint("give one value")),
    }
}

fn check_value(key: &str, value: &str) -> Result<(), Flaw> {
    if value.is_empty() {
        return Err(Flaw::new(format!("{key} is empty"))
            .hint("give a value; an empty value does not mean all devices"));
    }
    if matches!(value, "*" | "%" | "?") {
        return Err(Flaw::new(format!("{key} {} is a wildcard", quote(value)))
            .hint("wildcards are not supported; remove the condition, or select all devices"));
    }
    let length = value.chars().count();
    if length > VALUE_CHARS_MAX {
        return Err(Flaw::new(format!(
            "{key} has {length} characters; at most {VALUE_CHARS_MAX} are allowed"
        )));
    }
    if value.chars().any(char::is_control) {
        return Err(Flaw::new(format!("{key} contains a control character")));
    }
    Ok(())
}

fn read_platform(value: &str) -> Result<Platform, Flaw> {
    match Platform::parse(value) {
        Platform::Unknown => {
            let words: Vec<&str> = Platform::ALL.iter().map(|platform| platform.word()).collect();
            Err(Flaw::new(format!("unknown platform {}", quote(value)))
                .hint(format!("the platforms are {}", words.join(", "))))
        }
        platform => Ok(platform),
    }
}

fn read_os(value: &str) -> Result<OsCondition, Flaw> {
    if value.starts_with(|letter: char| letter.is_ascii_digit()) {
        return Ok(OsCondition::Version(value.to_owned()));
    }
    if !OsRange::is_meant(value) {
        return Err(Flaw::new(format!("{} is not an OS version", quote(value)))
            .hint("write a version such as 17.4 (which includes 17.4.1) or 24H2, or a range such as \">=14.0 <15.4\""));
    }
    let range = OsRange::parse(value).map_err(|flaw| {
        Flaw::new(format!("os_version {} is not a range: {flaw}", quote(value))).hint(
            "write one bound or two with <, <=, > and >=, such as \"<15.4\" or \">=14.0 <15.4\"",
        )
    })?;
    Ok(OsCondition::Range(range, value.to_owned()))
}

/// Refuses two ranges that together are every version: alternatives that were meant as the two bounds of one range would
/// select the whole fleet.
fn check_alternatives(earlier: &[OsCondition], new: &OsCondition) -> Result<(), Flaw> {
    let OsCondition::Range(new, text) = new else { return Ok(()) };
    let covering = earlier.iter().find_map(|other| match other {
        OsCondition::Range(range, other) if range.covers_all_with(new) => Some(other),
        _ => None,
    });
    covering.map_or(Ok(()), |other| {
        let both = format!("os_version {} and {} are alternatives", quote(other), quote(text));
        Err(Flaw::new(format!("{both}, and together every version"))
            .hint(format!("for a range, write both bounds as one value: \"{other} {text}\"")))
    })
}

/// Reads `true` or `false`.
fn read_switch(key: &str, value: &str) -> Result<bool, Flaw> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Flaw::new(format!("{key} must be true or false, not {}", quote(value)))),
    }
}

fn read_age(key: &str, value: &str) -> Result<u64, Flaw> {
    match parse_duration_ms(value) {
        Some(age) if age > 0 => Ok(age),
        _ => Err(Flaw::new(format!("{key} must be a duration, not {}", quote(value)))
            .hint("for example 90m, 12h or 30d")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(key: &str, value: &str, expect: &str) {
        let mut filter = Filter::default();
        let shown = match read_filter_pair(&mut filter, key, value) {
            Ok(()) => "ok".to_owned(),
            Err(message) => message,
        };
        assert!(shown.contains(expect), "{key} {value:?}: {shown}");
        assert_eq!(shown == "ok", !filter.is_empty(), "{key} {value:?}");
    }

    #[test]
    fn conditions_are_read_by_kind() {
        for (key, value, expect) in [
            ("platform", "mac", "ok"),
            ("platform", "Linux", "the platforms are Mac"),
            ("blueprint", " Design ", "ok"),
            ("blueprint", "", "does not mean all devices"),
            ("tag", "*", "wildcard"),
            ("user-email", "jo@example.com", "ok"),
            ("user_email", "jo", "not an e-mail address"),
            ("os_version", "17.4", "ok"),
            ("os_version", "24H2", "ok"),
            ("os_version", "Sonoma", "not an OS version"),
            ("os_version", "<15.4", "ok"),
            ("os_version", " >=14.0, <15.4 ", "ok"),
            ("os_version", "<24H2", "'24H2' is not a version of numbers"),
            ("os_version", "=15.4", "not a bound"),
            ("os_version", ">=15 <14", "no version is within both bounds"),
            ("enrolled_within", "30d", "ok"),
            ("enrolled_for", "1d", "ok"),
            ("enrolled_for", "2026-01-01", "must be a duration"),
            ("agent", "true", "ok"),
            ("filevault", "false", "ok"),
            ("supervised", "yes", "must be true or false, not 'yes'"),
            ("activation-lock", "True", "must be true or false"),
            ("filevalt", "true", "did you mean 'filevault'"),
            ("activation_locked", "true", "did you mean 'activation_lock'"),
            ("checked_in_within", "7d", "ok"),
            ("checked_in_within", "7", "must be a duration"),
            ("not_checked_in_for", "0", "must be a duration"),
            ("platfrom", "Mac", "did you mean 'platform'"),
            ("colour", "red", "the conditions are"),
        ] {
            check(key, value, expect);
        }
    }

    #[test]
    fn switches_and_ages_are_given_once() {
        for (key, value) in [("filevault", "true"), ("enrolled_for", "30d")] {
            let mut filter = Filter::default();
            read_filter_pair(&mut filter, key, value).expect("the first");
            let error = read_filter_pair(&mut filter, key, value).expect_err("the second");
            assert!(error.contains("is given twice"), "{error}");
        }
    }

    #[test]
    fn two_ranges_that_are_every_version_are_refused() {
        let read = |values: &[&str]| {
            let mut filter = Filter::default();
            values.iter().try_for_each(|value| read_filter_pair(&mut filter, "os_version", value))
        };
        assert!(read(&["<14", ">=15.4", "14.7", "24H2"]).is_ok());
        assert!(read(&[">=14.0 <15", ">=15.4"]).is_ok());
        let error = read(&[">=14.0", "<15.4"]).expect_err("every version");
        assert!(error.contains("together every version"), "{error}");
        assert!(error.contains("\">=14.0 <15.4\""), "{error}");
    }
}
