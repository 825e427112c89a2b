//! One message to a mail server.
//!
//! Owns the SMTP client, which only builds with the feature `mail` have. Must never show the password, nor send one
//! over a connection that is not encrypted.

use crate::model::Sealed;

/// How the connection to the mail server is encrypted.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum MailEncryption {
    /// It begins unencrypted and must change to TLS before anything is said.
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// None: only for a mail server on this machine.
    None,
}

/// The mail server and the envelope.
#[derive(Clone, Debug)]
pub struct MailServer {
    /// Name of the host.
    pub host: String,
    /// Its port; the usual one of the encryption where none is named.
    pub port: Option<u16>,
    /// Encryption of the connection.
    pub encryption: MailEncryption,
    /// User name and password; `None` for a server that needs none.
    pub login: Option<(String, Sealed)>,
    /// Certificates to trust besides those of the machine, as PEM.
    pub ca_file: Option<Vec<u8>>,
}

/// A message of plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailText {
    /// Address of the sender.
    pub from: String,
    /// Addresses of the recipients.
    pub to: Vec<String>,
    /// The subject, one line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// What goes into the message's id, so that a repeated one can be recognized: letters, digits, `-`.
    pub id: String,
}

/// Why a message was not accepted. No text of it holds the password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailFault {
    /// This program was built without the feature `mail`.
    #[error("this build has no support for e-mail")]
    NotBuilt,
    /// An address is none.
    #[error("'{0}' is not an e-mail address")]
    Address(String),
    /// The connection would be unencrypted, and the server is another machine.
    #[error("tls = \"none\" is only for a mail server on this machine")]
    Unencrypted,
    /// TLS cannot be set up, or the CA file cannot be used.
    #[error("cannot set up TLS: {0}")]
    Tls(String),
    /// The server refused the message for good.
    #[error("the mail server refused the message: {0}")]
    Refused(String),
    /// The server could not be reached, or asks to try later.
    #[error("{0}")]
    Failed(String),
}

/// Whether this build can send mail.
pub const HAS_MAIL: bool = cfg!(feature = "mail");

#[cfg(not(feature = "mail"))]
mod client {
    use super::{MailFault, MailServer, MailText};

    /// Refuses: this build has no client.
    ///
    /// # Errors
    /// Always [`MailFault::NotBuilt`].
    pub fn send_mail(_: &MailServer, _: &MailText) -> Result<(), MailFault> {
        Err(MailFault::NotBuilt)
    }
}

#[cfg(feature = "mail")]
mod client {
    use std::time::Duration;

    use lettre::message::header::ContentType;
    use lettre::message::{Mailbox, Message};
    use lettre::transport::smtp::authentication::Credentials;
    use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
    use lettre::{Address, SmtpTransport, Transport};

    use super::{MailEncryption, MailFault, MailServer, MailText};
    use crate::transport::base_url::is_loopback;
    use crate::transport::cause::shortened;

    /// How long one step of the conversation may take.
    const TIMEOUT: Duration = Duration::from_secs(8);

    /// Sends a message once.
    ///
    /// # Errors
    /// [`MailFault`]; the server has not accepted it then, or its acceptance was lost.
    pub fn send_mail(server: &MailServer, mail: &MailText) -> Result<(), MailFault> {
        let message = message_of(mail)?;
        let tls = tls_of(server)?;
        let mut builder =
            SmtpTransport::builder_dangerous(&server.host).tls(tls).timeout(Some(TIMEOUT));
        builder = builder.port(server.port.unwrap_or(match server.encryption {
            MailEncryption::StartTls => 587,
            MailEncryption::Tls => 465,
            MailEncryption::None => 25,
        }));
        if let Some((user, password)) = &server.login {
            let password = password.expose().unwrap_or_default().trim().to_owned();
            builder = builder.credentials(Credentials::new(user.clone(), password));
        }
        match builder.build().send(&message) {
            Ok(_) => Ok(()),
            Err(error) => Err(fault_of(&error)),
        }
    }

    /// The message. The library encodes what could break out of a header.
    fn message_of(mail: &MailText) -> Result<Message, MailFault> {
        let address = |text: &str| {
            let parsed = text.trim().parse::<Address>();
            parsed.map_err(|_| MailFault::Address(text.to_owned()))
        };
        let from = address(&mail.from)?;
        let id = format!("<{}@{}>", mail.id, from.domain());
        // A control character, a line break above all, would end the header.
        let subject: String = mail
            .subject
            .chars()
            .map(|letter| if letter.is_control() { ' ' } else { letter })
            .collect();
        let mut builder = Message::builder()
            .from(Mailbox::new(None, from))
            .subject(subject)
            .message_id(Some(id))
            .header(ContentType::TEXT_PLAIN);
        for to in &mail.to {
            builder = builder.to(Mailbox::new(None, address(to)?));
        }
        builder.body(mail.text.clone()).map_err(|error| MailFault::Failed(error.to_string()))
    }

    fn tls_of(server: &MailServer) -> Result<Tls, MailFault> {
        if server.encryption == MailEncryption::None {
            return match is_loopback(&server.host) {
                true => Ok(Tls::None),
                false => Err(MailFault::Unencrypted),
            };
        }
        let tls =
            |error: lettre::transport::smtp::Error| MailFault::Tls(shortened(&error.to_string()));
        let mut builder = TlsParameters::builder(server.host.clone());
        if let Some(pem) = &server.ca_file {
            builder = builder.add_root_certificate(Certificate::from_pem(pem).map_err(tls)?);
        }
        let parameters = builder.build().map_err(tls)?;
        Ok(match server.encryption {
            MailEncryption::Tls => Tls::Wrapper(parameters),
            MailEncryption::StartTls | MailEncryption::None => Tls::Required(parameters),
        })
    }

    fn fault_of(error: &lettre::transport::smtp::Error) -> MailFault {
        // The library's text holds the server's answer, which may repeat addresses, and no password.
        let text = shortened(&error.to_string());
        match error.is_permanent() {
            true => MailFault::Refused(text),
            false => MailFault::Failed(text),
        }
    }
}

pub use client::send_mail;
