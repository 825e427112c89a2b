//! SSH signatures, checked in this process (OpenSSH's PROTOCOL.sshsig).
//!
//! Owns whether a signature fits a message and whose it is. Must never ask another program, never read a file, and never
//! accept what it does not understand: everything that decides is in the bytes that it is given.

mod allowed_signers;
mod certificate;
mod key;
mod wire;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256, Sha512};

use crate::model::UnixMillis;
use allowed_signers::{AllowedSigners, Line, Role};
use certificate::Certificate;
use key::Key;
use wire::{Wire, put_string};

const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";
/// What the bytes of a signature and the bytes that are signed begin with.
const MAGIC: &[u8] = b"SSHSIG";
const VERSION: u32 = 1;

/// What has to be true of a signature.
pub(crate) struct Claim<'a> {
    /// The signature, in the armor that `ssh-keygen` writes.
    pub signature: &'a str,
    pub message: &'a [u8],
    /// What it is for: one made for another purpose does not count.
    pub namespace: &'a str,
    /// The text of the file of allowed signers.
    pub allowed_signers: &'a str,
    pub now: UnixMillis,
}

/// Who signed.
#[derive(Debug)]
pub(crate) struct Signer {
    /// The names that the key is listed for, in small letters. They may be patterns. Never empty.
    pub names: Vec<String>,
    /// Every list of patterns that list the key, in force or not.
    lists: Vec<Vec<String>>,
}

impl Signer {
    /// Whether the key may be this person's: any line for it counts, because it is still the same key.
    pub(crate) fn may_be(&self, principal: &str) -> bool {
        self.names.iter().any(|name| name == principal)
            || self.lists.iter().any(|list| {
                list.iter().any(|name| name == principal)
                    || allowed_signers::is_listed(principal, list)
            })
    }
}

/// Checks a signature and finds who made it.
///
/// # Errors
/// Why it does not count, as the end of a sentence about the approval.
pub(crate) fn check(claim: &Claim<'_>) -> Result<Signer, String> {
    let bytes = unarmored(claim.signature)?;
    let signed = Signed::parse(&bytes).map_err(|why| format!("its signature: {why}"))?;
    if signed.namespace != claim.namespace {
        return Err(format!("its signature is for another purpose ('{}')", signed.namespace));
    }
    let signers = AllowedSigners::parse(claim.allowed_signers);
    let now_s = claim.now.0.div_euclid(1_000);
    if Certificate::is_one(signed.key) {
        let certificate = Certificate::parse(signed.key)?;
        signed.check_message(&certificate.subject, claim.message)?;
        certificate.check_time(u64::try_from(now_s).unwrap_or(0))?;
        return certified(&signers, &certificate, claim.namespace, now_s);
    }
    let key = Key::parse(signed.key).map_err(|why| format!("its signature: {why}"))?;
    signed.check_message(&key, claim.message)?;
    listed(&signers, signed.key, claim.namespace, now_s)
}

/// The parts of a signature.
struct Signed<'a> {
    key: &'a [u8],
    namespace: &'a str,
    reserved: &'a [u8],
    hash: &'a str,
    signature: &'a [u8],
}

impl<'a> Signed<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, String> {
        let mut wire = Wire::new(bytes);
        if wire.bytes(MAGIC.len())? != MAGIC || wire.u32()? != VERSION {
            return Err("it is not an SSH signature of version 1".to_owned());
        }
        let signed = Self {
            key: wire.string()?,
            namespace: wire.text()?,
            reserved: wire.string()?,
            hash: wire.text()?,
            signature: wire.string()?,
        };
        wire.end()?;
        Ok(signed)
    }

    fn check_message(&self, key: &Key<'_>, message: &[u8]) -> Result<(), String> {
        let hash = match self.hash {
            "sha256" => Sha256::digest(message).to_vec(),
            "sha512" => Sha512::digest(message).to_vec(),
            other => return Err(format!("its signature: the hash '{other}' is not supported")),
        };
        let mut text = MAGIC.to_vec();
        for part in [self.namespace.as_bytes(), self.reserved, self.hash.as_bytes(), &hash] {
            put_string(&mut text, part);
        }
        key.check(&text, self.signature).map_err(|why| match why.as_str() {
            key::DOES_NOT_FIT => "its signature does not match its content".to_owned(),
            _ => format!("its signature: {why}"),
        })
    }
}

fn unarmored(text: &str) -> Result<Vec<u8>, String> {
    let inner = text.trim().strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END));
    let inner = inner.ok_or("its signature is not an SSH signature")?;
    let encoded: String = inner.split_ascii_whitespace().collect();
    STANDARD.decode(encoded).map_err(|_| "its signature is not base64".to_owned())
}

/// Who a plain key belongs to.
fn listed(
    signers: &AllowedSigners,
    key: &[u8],
    namespace: &str,
    now_s: i64,
) -> Result<Signer, String> {
    refuse_unreadable(signers, &[key])?;
    let lines: Vec<&Line> = lines_of(signers, Role::Signer, key).collect();
    let line = first_in_force(&lines, namespace, now_s)?;
    let lists = lines.iter().map(|line| line.principals.clone()).collect();
    Ok(Signer { names: line.principals.clone(), lists })
}

/// Who a certified key belongs to: the names of the certificate for which its authority is listed.
fn certified(
    signers: &AllowedSigners,
    certificate: &Certificate<'_>,
    namespace: &str,
    now_s: i64,
) -> Result<Signer, String> {
    let subject = certificate.subject.blob();
    refuse_unreadable(signers, &[certificate.authority, &subject])?;
    let named: Vec<String> = certificate.names.iter().map(|name| name.to_lowercase()).collect();
    let lines: Vec<&Line> = lines_of(signers, Role::Authority, certificate.authority).collect();
    let line = first_in_force(&lines, namespace, now_s)?;
    let names: Vec<String> = named.iter().filter(|name| line.is_for(name)).cloned().collect();
    if names.is_empty() {
        return Err(format!(
            "line {} of allowed_signers does not allow this authority to certify '{}'",
            line.number,
            named.join("', '")
        ));
    }
    let plain = lines_of(signers, Role::Signer, &subject).map(|line| line.principals.clone());
    let lists = plain.chain([named]).collect();
    Ok(Signer { names, lists })
}

fn lines_of<'a>(
    signers: &'a AllowedSigners,
    role: Role,
    key: &'a [u8],
) -> impl Iterator<Item = &'a Line> {
    signers.lines.iter().filter(move |line| line.role == role && line.key == key)
}

fn first_in_force<'a>(lines: &[&'a Line], namespace: &str, now_s: i64) -> Result<&'a Line, String> {
    let mut why = "it is not signed by a key in the policy's allowed_signers".to_owned();
    for line in lines.iter().rev() {
        // The reason of the first line is the one to tell.
        if let Err(refusal) = line.check(namespace, now_s) {
            why = refusal;
        }
    }
    lines.iter().find(|line| line.check(namespace, now_s).is_ok()).copied().ok_or(why)
}

/// A line for the key that is not understood may restrict it, or give it to another person.
fn refuse_unreadable(signers: &AllowedSigners, keys: &[&[u8]]) -> Result<(), String> {
    let line = signers.refused.iter().find(|line| keys.iter().any(|key| line.mentions(key)));
    line.map_or(Ok(()), |line| {
        Err(format!("line {} of allowed_signers is not valid: {}", line.number, line.why))
    })
}

#[cfg(all(test, unix))]
mod tests;
