//! Certificates of OpenSSH (PROTOCOL.certkeys).
//!
//! Owns reading them and what they have to hold. Must never accept one for hosts, one without names, or one with an option
//! that restricts it in a way that is not known here.

use super::key::{Key, Kind};
use super::wire::Wire;

/// The type of certificates for people.
const FOR_USERS: u32 = 1;
/// Most names in one certificate; OpenSSH writes no more than 256.
const NAMES_MAX: usize = 256;

/// A certificate whose own signature was checked.
pub(crate) struct Certificate<'a> {
    /// The key that it certifies.
    pub subject: Key<'a>,
    /// The names that it certifies the key for.
    pub names: Vec<&'a str>,
    /// The key of the authority, as it is listed.
    pub authority: &'a [u8],
    /// Seconds of the Unix epoch: from, and until.
    valid_s: (u64, u64),
}

impl<'a> Certificate<'a> {
    /// Whether a key's bytes are a certificate.
    pub(crate) fn is_one(blob: &[u8]) -> bool {
        Wire::new(blob).text().is_ok_and(|word| Kind::of_certificate_word(word).is_some())
    }

    /// Reads one and checks the authority's signature on it.
    pub(crate) fn parse(blob: &'a [u8]) -> Result<Self, String> {
        Self::read(blob).map_err(|why| format!("the key's certificate: {why}"))
    }

    fn read(blob: &'a [u8]) -> Result<Self, String> {
        let mut wire = Wire::new(blob);
        let word = wire.text()?;
        let kind = Kind::of_certificate_word(word)
            .ok_or_else(|| format!("certificates of type '{word}' are not supported"))?;
        let _nonce = wire.string()?;
        let subject = Key::fields(kind, &mut wire)?;
        let _serial = wire.u64()?;
        let purpose = wire.u32()?;
        let _key_id = wire.string()?;
        let names = names(wire.string()?)?;
        let valid_s = (wire.u64()?, wire.u64()?);
        let critical = wire.string()?;
        let _extensions = wire.string()?;
        let _reserved = wire.string()?;
        let authority = wire.string()?;
        let signed = &blob[..blob.len() - wire.left()];
        let signature = wire.string()?;
        wire.end()?;
        if purpose != FOR_USERS {
            return Err("it is a host certificate, not a user certificate".to_owned());
        }
        if names.is_empty() {
            return Err("it names no user".to_owned());
        }
        if !critical.is_empty() {
            let option = Wire::new(critical).text().unwrap_or("?");
            return Err(format!("its critical option '{option}' is not supported"));
        }
        // No certificate: a chain of authorities is none that OpenSSH knows.
        Key::parse(authority)?.check(signed, signature)?;
        Ok(Self { subject, names, authority, valid_s })
    }

    /// Refuses it outside of its time.
    pub(crate) fn check_time(&self, now_s: u64) -> Result<(), String> {
        let (from, until) = self.valid_s;
        if now_s < from {
            return Err("the key's certificate is not valid yet".to_owned());
        }
        if now_s >= until {
            return Err("the key's certificate has expired".to_owned());
        }
        Ok(())
    }
}

fn names(packed: &[u8]) -> Result<Vec<&str>, String> {
    let mut wire = Wire::new(packed);
    let mut names = Vec::new();
    while !wire.is_empty() {
        if names.len() == NAMES_MAX {
            return Err(format!("it has more than {NAMES_MAX} names"));
        }
        names.push(wire.text()?);
    }
    Ok(names)
}
