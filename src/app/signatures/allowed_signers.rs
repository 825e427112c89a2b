//! The file that lists whose keys may sign (ssh-keygen(1), ALLOWED SIGNERS).
//!
//! Owns its lines, their options and their patterns. Must never accept a line of which anything is not understood.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::key::{Key, Kind};

/// A file of allowed signers.
pub(crate) struct AllowedSigners {
    pub lines: Vec<Line>,
    /// Lines that are not understood.
    pub refused: Vec<RefusedLine>,
}

/// A line that is understood.
pub(crate) struct Line {
    pub number: usize,
    /// Patterns of names, in small letters: a name is not another one for its case.
    pub principals: Vec<String>,
    pub role: Role,
    /// The key as SSH writes it.
    pub key: Vec<u8>,
    namespaces: Option<Vec<String>>,
    /// Seconds of the Unix epoch.
    valid_after_s: Option<i64>,
    valid_before_s: Option<i64>,
}

/// What the key of a line may do.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Sign.
    Signer,
    /// Certify the keys of those who sign.
    Authority,
}

/// A line that counts for nothing.
pub(crate) struct RefusedLine {
    pub number: usize,
    pub why: String,
    text: String,
}

impl RefusedLine {
    /// Whether the list has the key.
    pub(crate) fn mentions(&self, key: &[u8]) -> bool {
        self.text.contains(&STANDARD.encode(key))
    }
}

impl AllowedSigners {
    pub(crate) fn parse(text: &str) -> Self {
        let mut signers = Self { lines: Vec::new(), refused: Vec::new() };
        for (at, text) in text.lines().enumerate() {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let number = at + 1;
            match Line::parse(number, text) {
                Ok(line) => signers.lines.push(line),
                Err(why) => {
                    signers.refused.push(RefusedLine { number, why, text: text.to_owned() });
                }
            }
        }
        signers
    }
}

impl Line {
    fn parse(number: usize, text: &str) -> Result<Self, String> {
        let (principals, rest) = principals(text)?;
        let mut line = Self {
            number,
            principals,
            role: Role::Signer,
            key: Vec::new(),
            namespaces: None,
            valid_after_s: None,
            valid_before_s: None,
        };
        let (mut word, mut rest) = next_word(rest)?;
        if Kind::of_word(word).is_none() {
            for option in split_outside_quotes(word)? {
                line.add_option(option)?;
            }
            (word, rest) = next_word(rest)?;
        }
        let kind = Kind::of_word(word)
            .ok_or_else(|| format!("keys of type '{word}' are not supported"))?;
        let (encoded, _comment) = next_word(rest)?;
        line.key = STANDARD.decode(encoded).map_err(|_| "its key is not base64".to_owned())?;
        Key::parse(&line.key).map_err(|why| format!("its key: {why}"))?;
        let own = super::wire::Wire::new(&line.key).text()?;
        if own != kind.word() {
            return Err(format!("its key has the type '{own}'"));
        }
        Ok(line)
    }

    fn add_option(&mut self, option: &str) -> Result<(), String> {
        let (name, value) = match option.split_once('=') {
            Some((name, value)) => (name, Some(unquoted(value)?)),
            None => (option, None),
        };
        let twice = || format!("its option '{name}' is given twice");
        match (name.to_ascii_lowercase().as_str(), value) {
            ("cert-authority", None) if self.role == Role::Authority => return Err(twice()),
            ("cert-authority", None) => self.role = Role::Authority,
            ("namespaces", Some(list)) => {
                let list = list.split(',').map(str::to_owned).collect();
                if self.namespaces.replace(list).is_some() {
                    return Err(twice());
                }
            }
            ("valid-after", Some(moment)) => {
                if self.valid_after_s.replace(seconds(moment)?).is_some() {
                    return Err(twice());
                }
            }
            ("valid-before", Some(moment)) => {
                if self.valid_before_s.replace(seconds(moment)?).is_some() {
                    return Err(twice());
                }
            }
            _ => return Err(format!("its option '{option}' is not supported")),
        }
        Ok(())
    }

    /// Whether the line is for this name.
    pub(crate) fn is_for(&self, name: &str) -> bool {
        is_listed(name, &self.principals)
    }

    /// Refuses the line for another purpose, or outside of its time.
    pub(crate) fn check(&self, namespace: &str, now_s: i64) -> Result<(), String> {
        let refuse = |why: &str| Err(format!("line {} of allowed_signers {why}", self.number));
        if self.namespaces.as_ref().is_some_and(|list| !is_listed(namespace, list)) {
            return refuse("lists the key for other purposes only (namespaces)");
        }
        if self.valid_after_s.is_some_and(|after| now_s < after) {
            return refuse("makes the key valid only later (valid-after)");
        }
        if self.valid_before_s.is_some_and(|before| now_s > before) {
            return refuse("made the key valid only until an earlier time (valid-before)");
        }
        Ok(())
    }
}

/// The patterns of names that a line begins with, and the rest.
fn principals(text: &str) -> Result<(Vec<String>, &str), String> {
    let (list, rest) = match text.strip_prefix('"') {
        Some(quoted) => {
            let (list, rest) = quoted.split_once('"').ok_or("a quotation mark is not closed")?;
            if !rest.starts_with([' ', '\t']) {
                return Err("text follows the closing quotation mark of the names".to_owned());
            }
            (list, rest)
        }
        None => text.split_at(text.find([' ', '\t']).ok_or("it has no key")?),
    };
    if list.contains(['"', '\\']) {
        return Err("the names contain a quotation mark or backslash".to_owned());
    }
    let names: Vec<String> = list.split(',').map(|name| name.trim().to_lowercase()).collect();
    if names.iter().any(String::is_empty) {
        return Err("a name is empty".to_owned());
    }
    Ok((names, rest))
}

/// The next word; spaces within quotation marks belong to it.
fn next_word(text: &str) -> Result<(&str, &str), String> {
    let text = text.trim_start_matches([' ', '\t']);
    if text.is_empty() {
        return Err("it has no key".to_owned());
    }
    let mut is_quoted = false;
    let end = text.find(|letter| {
        is_quoted ^= letter == '"';
        !is_quoted && [' ', '\t'].contains(&letter)
    });
    if end.is_none() && is_quoted {
        return Err("a quotation mark is not closed".to_owned());
    }
    Ok(text.split_at(end.unwrap_or(text.len())))
}

fn split_outside_quotes(text: &str) -> Result<Vec<&str>, String> {
    let mut is_quoted = false;
    let parts: Vec<&str> = text
        .split(|letter| {
            is_quoted ^= letter == '"';
            !is_quoted && letter == ','
        })
        .collect();
    if parts.iter().any(|part| part.is_empty()) {
        return Err("an option is empty".to_owned());
    }
    Ok(parts)
}

fn unquoted(value: &str) -> Result<&str, String> {
    value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .filter(|inner| !inner.is_empty() && !inner.contains(['"', '\\']))
        .ok_or_else(|| "the value of an option is not in quotation marks".to_owned())
}

/// A moment like `20270131`, `202701311530` or `20270131153000Z`; without the Z in the host's own time.
fn seconds(text: &str) -> Result<i64, String> {
    let (digits, is_utc) = match text.strip_suffix(['Z', 'z']) {
        Some(digits) => (digits, true),
        None => (text, false),
    };
    let unreadable =
        || format!("its time '{text}' does not have the form 20270131 or 202701311530Z");
    if ![8, 12, 14].contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(unreadable());
    }
    let padded = format!("{digits:0<14}");
    let moment = DateTime::strptime("%Y%m%d%H%M%S", &padded).map_err(|_| unreadable())?;
    let zone = if is_utc { TimeZone::UTC } else { host_zone() };
    let timestamp = zone.to_timestamp(moment).map_err(|_| unreadable())?;
    Ok(timestamp.as_second())
}

/// The time zone of the host. Not that of the environment, which the checked person controls.
#[cfg(unix)]
fn host_zone() -> TimeZone {
    let file = std::fs::read("/etc/localtime").unwrap_or_default();
    TimeZone::tzif("localtime", &file).unwrap_or(TimeZone::UTC)
}

#[cfg(not(unix))]
fn host_zone() -> TimeZone {
    TimeZone::system()
}

/// Whether a name is in a list of patterns; one with `!` takes it out, in any position.
pub(crate) fn is_listed(name: &str, patterns: &[String]) -> bool {
    let mut is_in = false;
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(not) if is_match(name.as_bytes(), not.as_bytes()) => return false,
            Some(_) => {}
            None => is_in |= is_match(name.as_bytes(), pattern.as_bytes()),
        }
    }
    is_in
}

/// Whether a name fits a pattern with `*` and `?`. Takes at most the product of both lengths.
fn is_match(name: &[u8], pattern: &[u8]) -> bool {
    let (mut at, mut of) = (0, 0);
    // Where the last star was, and how far it reaches so far.
    let mut star: Option<(usize, usize)> = None;
    while at < name.len() {
        match pattern.get(of) {
            Some(b'*') => {
                star = Some((of, at));
                of += 1;
            }
            Some(letter) if *letter == b'?' || *letter == name[at] => {
                at += 1;
                of += 1;
            }
            _ => {
                let Some((star_at, reached)) = star else { return false };
                star = Some((star_at, reached + 1));
                (of, at) = (star_at + 1, reached + 1);
            }
        }
    }
    pattern[of..].iter().all(|letter| *letter == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_openssh_does() {
        for (name, patterns, expected) in [
            ("bob@x", "bob@x", true),
            ("bob@x", "bob", false),
            ("bob@x", "*@x", true),
            ("bob@x", "b?b@x", true),
            ("bob@x", "b?@x", false),
            ("bob@x", "*b*x*", true),
            ("bob@x", "!bob@x,*", false),
            ("bob@x", "*,!*@x", false),
            ("bob@x", "!carol@x,*", true),
            ("bob@x", "!carol@x", false),
            ("", "*", true),
            ("a", "", false),
        ] {
            let list: Vec<String> = patterns.split(',').map(str::to_owned).collect();
            assert_eq!(is_listed(name, &list), expected, "{name} {patterns}");
        }
    }

    #[test]
    fn times_are_those_of_ssh_keygen() {
        for (text, expected) in [
            ("19700102Z", Some(86_400)),
            ("197001020001Z", Some(86_460)),
            ("19700102000101z", Some(86_461)),
            ("19701302Z", None),
            ("1970010Z", None),
            ("1970-1-2", None),
            ("tomorrow", None),
        ] {
            assert_eq!(seconds(text).ok(), expected, "{text}");
        }
        // In whatever zone the host is.
        let local = seconds("20270131").expect("a day");
        assert!((local - seconds("20270131Z").expect("a day")).abs() <= 14 * 3_600);
    }
}
