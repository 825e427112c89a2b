//! A profile as a text in a configuration.
//!
//! Owns the edit: a table is added at the end, one of the same name is taken out, and every other line stays as a person wrote
//! it. Must never decide whether the result is right: the writer of the file compares what both texts mean.

/// The key of the profile that is used where none is asked for.
pub(super) const DEFAULT_KEY: &str = "default_profile";

/// A profile that is to be written. What is `None` is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewProfile {
    /// Its name: letters, digits, `-` and `_`.
    pub name: String,
    /// Address of the tenant; instead of the subdomain.
    pub base_url: Option<String>,
    /// Subdomain of the tenant.
    pub subdomain: Option<String>,
    /// Region of the subdomain.
    pub region: Option<String>,
    /// The address may be of another host than the vendor's.
    pub is_other_host_allowed: bool,
    /// The file that holds the token.
    pub token_file: Option<String>,
    /// The command that prints the token.
    pub token_command: Option<String>,
    /// A certificate authority to trust besides the system's.
    pub ca_file: Option<String>,
    /// Public keys to which PINs and secrets are encrypted. A single one is taken as meant.
    pub encrypt_to: Vec<String>,
}

/// The text with the profile in it, and with it as the default where that is asked for.
pub(super) fn with_profile(text: &str, profile: &NewProfile, is_default: bool) -> String {
    let mut text = without_profile(text, &profile.name);
    if is_default {
        text = with_default(&text, &profile.name);
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    if !text.trim().is_empty() && !text.ends_with("\n\n") {
        text.push('\n');
    }
    text + &table_of(profile)
}

/// The profile as a table.
fn table_of(profile: &NewProfile) -> String {
    let texts = [
        ("base_url", &profile.base_url),
        ("subdomain", &profile.subdomain),
        ("region", &profile.region),
        ("token_file", &profile.token_file),
        ("token_command", &profile.token_command),
        ("ca_file", &profile.ca_file),
    ];
    let mut table = format!("[profile.{}]\n", profile.name);
    for (key, value) in texts {
        if let Some(value) = value {
            table.push_str(&format!("{key} = {}\n", quoted(value)));
        }
    }
    if profile.is_other_host_allowed {
        table.push_str("allow_other_host = true\n");
    }
    if !profile.encrypt_to.is_empty() {
        let keys: Vec<String> = profile.encrypt_to.iter().map(|key| quoted(key)).collect();
        table.push_str(&format!("\n[profile.{}.secrets]\n", profile.name));
        table.push_str(&format!("encrypt_to = [{}]\n", keys.join(", ")));
        if profile.encrypt_to.len() == 1 {
            table.push_str("single_key = true\n");
        }
    }
    table
}

/// A text as a basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            letter if letter.is_control() => {
                quoted.push_str(&format!("\\u{:04X}", u32::from(letter)));
            }
            letter => quoted.push(letter),
        }
    }
    quoted + "\""
}

/// The text without the tables of the profile. Comments right above the next table are that table's.
fn without_profile(text: &str, name: &str) -> String {
    let mut kept = String::new();
    let mut held = String::new();
    let mut is_out = false;
    for line in text.split_inclusive('\n') {
        if let Some(header) = header_of(line) {
            let was_out = is_out;
            is_out = is_of(header, name);
            // What is between two tables is kept with the one that follows.
            if was_out && !is_out {
                kept.push_str(&held);
            }
            held.clear();
        }
        match (is_out, line.trim().is_empty() || line.trim_start().starts_with('#')) {
            (false, _) => kept.push_str(line),
            (true, true) => held.push_str(line),
            (true, false) => held.clear(),
        }
    }
    kept
}

/// The name of the table that a line opens.
fn header_of(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let inner = line.strip_prefix('[')?.split(']').next()?;
    Some(inner.trim())
}

/// Whether a table is a profile of this name, or a part of one.
fn is_of(header: &str, name: &str) -> bool {
    let mut parts = header.split('.').map(|part| part.trim().trim_matches(['"', '\'']));
    parts.next() == Some("profile") && parts.next() == Some(name)
}

/// The text with this default, in the place of an older one or above the first line that is not a comment.
fn with_default(text: &str, name: &str) -> String {
    let line = format!("{DEFAULT_KEY} = {}", quoted(name));
    let mut edited = String::new();
    let mut is_done = false;
    let mut is_top = true;
    for old in text.split_inclusive('\n') {
        is_top &= header_of(old).is_none();
        let key = old.split('=').next().unwrap_or_default().trim().trim_matches(['"', '\'']);
        if is_top && key == DEFAULT_KEY && !is_done {
            edited.push_str(&format!("{line}{}\n", comment_of(old)));
            is_done = true;
        } else {
            edited.push_str(old);
        }
    }
    if is_done {
        return edited;
    }
    // Comments at the top are about the file.
    let head: usize =
        text.split_inclusive('\n').take_while(|line| line.starts_with('#')).map(str::len).sum();
    let (above, below) = text.split_at(head);
    let break_above = if above.is_empty() || above.ends_with('\n') { "" } else { "\n" };
    let break_below = if below.is_empty() || below.starts_with('\n') { "" } else { "\n" };
    format!("{above}{break_above}{line}\n{break_below}{below}")
}

/// The comment behind the text of a line, with the space before it; empty where there is none.
fn comment_of(line: &str) -> &str {
    let rest = line.split_once('=').and_then(|(_, value)| {
        let value = value.trim_start();
        let mark = value.chars().next().filter(|mark| matches!(mark, '"' | '\''))?;
        value[1..].split_once(mark).map(|(_, rest)| rest.trim_end())
    });
    rest.filter(|rest| rest.trim_start().starts_with('#')).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acme() -> NewProfile {
        NewProfile {
            name: "acme".to_owned(),
            subdomain: Some("acme".to_owned()),
            token_command: Some("op read \"op://it/sortie\"".to_owned()),
            ..NewProfile::default()
        }
    }

    const ACME: &str = "[profile.acme]\nsubdomain = \"acme\"\ntoken_command = \"op read \\\"op://it/sortie\\\"\"\n";

    #[test]
    fn a_profile_is_added_below_what_is_there() {
        for (text, is_default, expected) in [
            ("", false, ACME.to_owned()),
            ("", true, format!("default_profile = \"acme\"\n\n{ACME}")),
            (
                "# ours\n[profile.b]\nregion = \"eu\" # why",
                true,
                format!(
                    "# ours\ndefault_profile = \"acme\"\n\n[profile.b]\nregion = \"eu\" # why\n\n{ACME}"
                ),
            ),
            (
                "default_profile = \"b\"\n\n[profile.b]\n",
                true,
                format!("default_profile = \"acme\"\n\n[profile.b]\n\n{ACME}"),
            ),
            (
                "default_profile = 'b' # \"b\" for now\n",
                true,
                format!("default_profile = \"acme\" # \"b\" for now\n\n{ACME}"),
            ),
            ("[profile.b]\n", false, format!("[profile.b]\n\n{ACME}")),
        ] {
            assert_eq!(with_profile(text, &acme(), is_default), expected, "{text}");
        }
    }

    #[test]
    fn an_older_profile_goes_with_its_parts_and_nothing_else() {
        let text = "[profile.a]\nx = 1\n\n# about acme\n[profile.acme]\nregion = \"eu\"\n# in it\n\n\
                    [profile.acme.secrets]\nencrypt_to = []\n\n# about b\n[profile.b]\ny = 1\n";
        let expected = format!(
            "[profile.a]\nx = 1\n\n# about acme\n\n# about b\n[profile.b]\ny = 1\n\n{ACME}"
        );
        assert_eq!(with_profile(text, &acme(), false), expected);
    }

    #[test]
    fn encryption_keys_are_written_to_their_own_table() {
        let profile = NewProfile { encrypt_to: vec!["age1x".to_owned()], ..acme() };
        let table = table_of(&profile);
        let secrets = "\n[profile.acme.secrets]\nencrypt_to = [\"age1x\"]\nsingle_key = true\n";
        assert!(table.ends_with(secrets), "{table}");
    }

    #[test]
    fn any_text_is_quoted() {
        for text in ["", "a\"b\\c", "tab\tbell\u{7}", "é\n"] {
            let parsed: toml::Table = toml::from_str(&format!("x = {}", quoted(text))).expect(text);
            assert_eq!(parsed["x"].as_str(), Some(text));
        }
    }
}
