//! Channels: where a profile says that notices go.
//!
//! Owns the form of `[profile.NAME.notify.CHANNEL]`. Must never hold an address or a secret, only the place where each is.

use std::path::PathBuf;

use serde::{Deserialize, Deserializer};

use super::kind::NoticeKind;
use crate::model::MaxErrors;
use crate::transport::MailEncryption;

/// Most recipients of one message: a team. Large lists belong to the mail server.
const RECIPIENTS_MAX: usize = 20;

/// One channel of a profile.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "ChannelTable")]
pub struct NotifyChannel {
    /// Which notices it gets.
    pub kinds: Vec<NoticeKind>,
    /// How many failed tasks of a run it tolerates: it is notified of the next one.
    pub failed_over: MaxErrors,
    /// How it is reached.
    pub way: ChannelWay,
}

/// Whether a text can be the name of a channel: letters, digits, `-` and `_`.
pub(crate) fn is_channel_name(text: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    !text.is_empty() && text.chars().all(is_letter)
}

/// How a channel is reached.
#[derive(Clone, Debug, PartialEq)]
pub enum ChannelWay {
    /// A POST of the facts as JSON, signed where there is a secret to sign with.
    Webhook {
        /// Where the address is.
        url: SecretPlace,
        /// Where the secret is that deliveries are signed with.
        signing: Option<SecretPlace>,
    },
    /// An incoming webhook of Slack.
    Slack {
        /// Where the address is.
        url: SecretPlace,
    },
    /// A workflow of Teams that posts to a channel when a webhook request is received.
    Teams {
        /// Where the address is.
        url: SecretPlace,
    },
    /// A message by e-mail.
    Email(Box<EmailChannel>),
}

impl ChannelWay {
    /// The word in profiles and listings.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Webhook { .. } => "webhook",
            Self::Slack { .. } => "slack",
            Self::Teams { .. } => "teams",
            Self::Email(_) => "email",
        }
    }
}

/// A channel that sends e-mail.
#[derive(Clone, Debug, PartialEq)]
pub struct EmailChannel {
    /// The recipients.
    pub to: Vec<String>,
    /// The sender.
    pub from: String,
    /// Name of the mail server.
    pub host: String,
    /// Its port; the usual one where none is named.
    pub port: Option<u16>,
    /// Encryption of the connection.
    pub encryption: MailEncryption,
    /// User name at the mail server, and where the password is.
    pub login: Option<(String, SecretPlace)>,
}

/// A place that holds the address of a channel, a signing secret or a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretPlace {
    /// A variable of the environment.
    Variable(String),
    /// A file that only its owner can read.
    File(PathBuf),
    /// A command line of the system's shell, which prints it.
    Command(String),
}

impl SecretPlace {
    /// The end of the key that names the place, as in `url_file`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Variable(_) => "env",
            Self::File(_) => "file",
            Self::Command(_) => "command",
        }
    }
}

/// A channel as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChannelTable {
    on: Option<Vec<NoticeKind>>,
    #[serde(default, deserialize_with = "tolerated")]
    failed_over: Option<MaxErrors>,
    webhook: Option<WebhookTable>,
    slack: Option<UrlTable>,
    teams: Option<UrlTable>,
    email: Option<EmailTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UrlTable {
    url_env: Option<String>,
    url_file: Option<PathBuf>,
    url_command: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WebhookTable {
    url_env: Option<String>,
    url_file: Option<PathBuf>,
    url_command: Option<String>,
    secret_env: Option<String>,
    secret_file: Option<PathBuf>,
    secret_command: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EmailTable {
    to: Vec<String>,
    from: String,
    smtp_host: String,
    smtp_port: Option<u16>,
    tls: Option<EncryptionWord>,
    username: Option<String>,
    password_env: Option<String>,
    password_file: Option<PathBuf>,
    password_command: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum EncryptionWord {
    Starttls,
    Tls,
    None,
}

impl TryFrom<ChannelTable> for NotifyChannel {
    type Error = String;

    fn try_from(table: ChannelTable) -> Result<Self, String> {
        let ChannelTable { on, failed_over, webhook, slack, teams, email } = table;
        let ways = [
            webhook.map(webhook_of),
            slack.map(|table| Ok(ChannelWay::Slack { url: url_of(table)? })),
            teams.map(|table| Ok(ChannelWay::Teams { url: url_of(table)? })),
            email.map(email_of),
        ];
        let mut ways = ways.into_iter().flatten();
        let way = match (ways.next(), ways.next()) {
            (Some(way), None) => way?,
            _ => return Err("a channel needs one of webhook, slack, teams and email".to_owned()),
        };
        let kinds = on.unwrap_or_else(|| NoticeKind::ALL.to_vec());
        if kinds.is_empty() {
            return Err("on is empty: this channel would get no notice".to_owned());
        }
        Ok(Self { kinds, failed_over: failed_over.unwrap_or(MaxErrors::Count(0)), way })
    }
}

fn webhook_of(table: WebhookTable) -> Result<ChannelWay, String> {
    let url = UrlTable {
        url_env: table.url_env,
        url_file: table.url_file,
        url_command: table.url_command,
    };
    let signing = place("secret", table.secret_env, table.secret_file, table.secret_command)?;
    Ok(ChannelWay::Webhook { url: url_of(url)?, signing })
}

fn url_of(table: UrlTable) -> Result<SecretPlace, String> {
    place("url", table.url_env, table.url_file, table.url_command)?
        .ok_or_else(|| "one of url_env, url_file and url_command is missing".to_owned())
}

fn email_of(table: EmailTable) -> Result<ChannelWay, String> {
    let password =
        place("password", table.password_env, table.password_file, table.password_command)?;
    let login = match (table.username, password) {
        (Some(user), Some(password)) => Some((user, password)),
        (None, None) => None,
        (Some(_), None) => {
            return Err("username needs a password_file, or another place".to_owned());
        }
        (None, Some(_)) => return Err("a password needs a username".to_owned()),
    };
    if table.to.is_empty() || table.to.len() > RECIPIENTS_MAX {
        return Err(format!("to needs 1 to {RECIPIENTS_MAX} addresses"));
    }
    let encryption = match table.tls {
        None | Some(EncryptionWord::Starttls) => MailEncryption::StartTls,
        Some(EncryptionWord::Tls) => MailEncryption::Tls,
        Some(EncryptionWord::None) => MailEncryption::None,
    };
    Ok(ChannelWay::Email(Box::new(EmailChannel {
        to: table.to,
        from: table.from,
        host: table.smtp_host,
        port: table.smtp_port,
        encryption,
        login,
    })))
}

/// The place among three keys, of which one may be given.
fn place(
    what: &str,
    variable: Option<String>,
    file: Option<PathBuf>,
    command: Option<String>,
) -> Result<Option<SecretPlace>, String> {
    let places = [
        variable.map(SecretPlace::Variable),
        file.map(SecretPlace::File),
        command.map(SecretPlace::Command),
    ];
    let mut places = places.into_iter().flatten();
    match (places.next(), places.next()) {
        (place, None) => Ok(place),
        _ => Err(format!("give one of {what}_env, {what}_file and {what}_command")),
    }
}

/// `10` or `5%`.
fn tolerated<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<MaxErrors>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Count(u32),
        Share(String),
    }
    let read = match Written::deserialize(deserializer) {
        Ok(Written::Count(count)) => Some(MaxErrors::Count(count)),
        Ok(Written::Share(text)) => MaxErrors::parse(&text),
        Err(_) => None,
    };
    let wrong = || serde::de::Error::custom("failed_over must be a number or a share like 5%");
    read.map(Some).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<NotifyChannel, String> {
        toml::from_str::<NotifyChannel>(text).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn a_channel_is_read_with_its_defaults() {
        let channel = read("slack = { url_file = '/s/url' }").expect("a channel");
        assert_eq!(channel.kinds, NoticeKind::ALL);
        assert_eq!(channel.failed_over, MaxErrors::Count(0));
        assert_eq!(
            channel.way,
            ChannelWay::Slack { url: SecretPlace::File(PathBuf::from("/s/url")) }
        );
        let channel = read(
            "on = ['doubt', 'pin_missing']\nfailed_over = '5%'\n\
             webhook = { url_env = 'A', secret_command = 'b' }",
        )
        .expect("a channel");
        assert_eq!(channel.kinds, [NoticeKind::Doubt, NoticeKind::PinMissing]);
        assert_eq!(channel.failed_over, MaxErrors::Percent(5.0));
        let channel = read(
            "failed_over = 3\n[email]\nto = ['a@example.com']\nfrom = 'b@example.com'\n\
             smtp_host = 'mail.example.com'\ntls = 'tls'\nusername = 'u'\npassword_file = 'p'",
        )
        .expect("a channel");
        assert_eq!((channel.way.word(), channel.failed_over), ("email", MaxErrors::Count(3)));
    }

    #[test]
    fn a_channel_that_cannot_work_is_refused() {
        let mail = "to = ['a@b.c']\nfrom = 'a@b.c'\nsmtp_host = 'h'\n";
        for (text, expected) in [
            ("on = ['finished']", "needs one of"),
            ("slack = { url_env = 'A' }\nteams = { url_env = 'A' }", "needs one of"),
            ("slack = {}", "url_env, url_file and url_command is missing"),
            ("slack = { url_env = 'A', url_file = 'b' }", "give one of url_env"),
            ("slack = { url = 'https://hooks.example.com' }", "unknown field"),
            ("slack = { url_env = 'A', secret_env = 'B' }", "unknown field"),
            ("on = []\nslack = { url_env = 'A' }", "on is empty"),
            ("on = ['ended']\nslack = { url_env = 'A' }", "unknown variant"),
            ("failed_over = 'many'\nslack = { url_env = 'A' }", "number or a share"),
            ("failed_over = -1\nslack = { url_env = 'A' }", "number or a share"),
            (&format!("[email]\n{mail}username = 'u'"), "username needs"),
            (&format!("[email]\n{mail}password_env = 'P'"), "needs a username"),
            (&format!("[email]\n{mail}password = 'P'"), "unknown field"),
            ("[email]\nto = []\nfrom = 'a@b.c'\nsmtp_host = 'h'", "1 to 20"),
        ] {
            let refused = read(text).expect_err(text);
            assert!(refused.contains(expected), "{text}: {refused}");
        }
    }
}
