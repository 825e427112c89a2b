//! The header of a file: its version, the recipient stanzas and the MAC over both.
//!
//! Owns their text form, which has one way to write each header. Must never accept another one: the MAC covers the bytes
//! as they were read, and a header that is read leniently could hide what it says.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::primitives::{FileKey, Unusable, derive};

const VERSION_LINE: &[u8] = b"age-encryption.org/v1\n";
const STANZA_START: &str = "-> ";
const MAC_START: &[u8] = b"---";
const MAC_BYTES: usize = 32;
const MAC_LABEL: &[u8] = b"header";
/// Columns of a full line of a stanza's body; a shorter line ends the body.
const LINE_COLUMNS: usize = 64;
/// Most stanzas of one header: each costs a key agreement per identity, and no run has so many recipients.
pub(super) const STANZAS_MAX: usize = 4096;

/// One recipient stanza: arguments, of which the first one names the kind, and a body.
pub(super) struct Stanza {
    pub(super) arguments: Vec<String>,
    pub(super) body: Vec<u8>,
}

impl Stanza {
    /// The kind of recipient.
    pub(super) fn tag(&self) -> &str {
        self.arguments.first().map_or("", String::as_str)
    }
}

/// A header that was read.
pub(super) struct Header<'a> {
    pub(super) stanzas: Vec<Stanza>,
    /// What the MAC covers.
    covered: &'a [u8],
    mac: [u8; MAC_BYTES],
}

impl<'a> Header<'a> {
    /// Reads the header at the beginning of a file; returns it and the bytes behind it. `None` when it is malformed or
    /// has more than [`STANZAS_MAX`] stanzas.
    pub(super) fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let mut rest = bytes.strip_prefix(VERSION_LINE)?;
        let mut stanzas = Vec::new();
        while !rest.starts_with(MAC_START) {
            if stanzas.len() == STANZAS_MAX {
                return None;
            }
            stanzas.push(read_stanza(&mut rest)?);
        }
        let covered = &bytes[..bytes.len() - rest.len() + MAC_START.len()];
        let line = take_line(&mut rest)?;
        let mac = STANDARD_NO_PAD.decode(line.strip_prefix("--- ")?).ok()?;
        let mac = mac.try_into().ok()?;
        (!stanzas.is_empty()).then_some((Self { stanzas, covered, mac }, rest))
    }

    /// Whether the MAC was made with the key of this file. The comparison takes the same time for every MAC.
    pub(super) fn is_authentic(&self, file_key: &FileKey) -> bool {
        let key = derive(&[], &**file_key, MAC_LABEL);
        key.is_ok_and(|key| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, &*key);
            hmac::verify(&key, self.covered, &self.mac).is_ok()
        })
    }
}

/// The header with these stanzas, its MAC included.
pub(super) fn write(stanzas: &[Stanza], file_key: &FileKey) -> Result<Vec<u8>, Unusable> {
    let mut bytes = VERSION_LINE.to_vec();
    for stanza in stanzas {
        bytes.extend_from_slice(STANZA_START.as_bytes());
        bytes.extend_from_slice(stanza.arguments.join(" ").as_bytes());
        bytes.push(b'\n');
        let body = STANDARD_NO_PAD.encode(&stanza.body);
        for line in body.as_bytes().chunks(LINE_COLUMNS) {
            bytes.extend_from_slice(line);
            bytes.push(b'\n');
        }
        if body.len().is_multiple_of(LINE_COLUMNS) {
            bytes.push(b'\n');
        }
    }
    bytes.extend_from_slice(MAC_START);
    let key = derive(&[], &**file_key, MAC_LABEL)?;
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &*key), &bytes);
    bytes.push(b' ');
    bytes.extend_from_slice(STANDARD_NO_PAD.encode(mac.as_ref()).as_bytes());
    bytes.push(b'\n');
    Ok(bytes)
}

/// Takes one stanza off the beginning.
fn read_stanza(rest: &mut &[u8]) -> Option<Stanza> {
    let line = take_line(rest)?.strip_prefix(STANZA_START)?;
    let arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
    let is_argument =
        |text: &String| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
    if !arguments.iter().all(is_argument) {
        return None;
    }
    let mut body = String::new();
    loop {
        let line = take_line(rest)?;
        if line.len() > LINE_COLUMNS {
            return None;
        }
        body.push_str(line);
        if line.len() < LINE_COLUMNS {
            break;
        }
    }
    Some(Stanza { arguments, body: STANDARD_NO_PAD.decode(body).ok()? })
}

/// Takes one line off the beginning, without its line feed, which has to be there.
fn take_line<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let (line, behind) = rest.split_at(end);
    *rest = &behind[1..];
    let line = std::str::from_utf8(line).ok()?;
    line.is_ascii().then_some(line)
}
