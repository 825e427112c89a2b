//! Public keys of OpenSSH, and whether one of them made a signature.
//!
//! Owns the kinds of keys and their algorithms (RFC 4253, 5656, 8332, 8709; OpenSSH's PROTOCOL.u2f). Must never accept
//! SHA-1, an RSA key below 2048 bits, or an algorithm of another kind of key.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};
use sha2::{Digest, Sha256};

use super::wire::Wire;

/// Shortest RSA key that counts, in bits.
const RSA_BITS_MIN: usize = 2_048;
/// The bit of a security key's flags that says that a person touched it.
const TOUCHED: u8 = 0x01;

/// A kind of key.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Ed25519,
    EcdsaP256,
    EcdsaP384,
    EcdsaP521,
    Rsa,
    SecurityKeyEd25519,
    SecurityKeyEcdsaP256,
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::Ed25519,
        Self::EcdsaP256,
        Self::EcdsaP384,
        Self::EcdsaP521,
        Self::Rsa,
        Self::SecurityKeyEd25519,
        Self::SecurityKeyEcdsaP256,
    ];

    /// The word for it in files and in keys.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Ed25519 => "ssh-ed25519",
            Self::EcdsaP256 => "ecdsa-sha2-nistp256",
            Self::EcdsaP384 => "ecdsa-sha2-nistp384",
            Self::EcdsaP521 => "ecdsa-sha2-nistp521",
            Self::Rsa => "ssh-rsa",
            Self::SecurityKeyEd25519 => "sk-ssh-ed25519@openssh.com",
            Self::SecurityKeyEcdsaP256 => "sk-ecdsa-sha2-nistp256@openssh.com",
        }
    }

    /// The word for certificates of these keys.
    fn certificate_word(self) -> String {
        let word = self.word();
        let bare = word.strip_suffix("@openssh.com").unwrap_or(word);
        format!("{bare}-cert-v01@openssh.com")
    }

    pub(crate) fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    pub(crate) fn of_certificate_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.certificate_word() == word)
    }
}

/// A public key whose parts were read.
pub(crate) struct Key<'a> {
    kind: Kind,
    /// The point of the curve; the modulus of RSA.
    main: &'a [u8],
    /// The exponent of RSA; the application of a security key.
    more: &'a [u8],
}

impl<'a> Key<'a> {
    /// Reads a whole key; no certificate.
    pub(crate) fn parse(blob: &'a [u8]) -> Result<Self, String> {
        let mut wire = Wire::new(blob);
        let word = wire.text()?;
        let kind = Kind::of_word(word)
            .ok_or_else(|| format!("keys of type '{word}' are not supported"))?;
        let key = Self::fields(kind, &mut wire)?;
        wire.end()?;
        Ok(key)
    }

    /// Reads what follows the word of its kind.
    pub(crate) fn fields(kind: Kind, wire: &mut Wire<'a>) -> Result<Self, String> {
        let curve = match kind {
            Kind::EcdsaP256 | Kind::SecurityKeyEcdsaP256 => Some("nistp256"),
            Kind::EcdsaP384 => Some("nistp384"),
            Kind::EcdsaP521 => Some("nistp521"),
            Kind::Ed25519 | Kind::SecurityKeyEd25519 | Kind::Rsa => None,
        };
        if let Some(curve) = curve
            && wire.text()? != curve
        {
            return Err("its curve does not match its type".to_owned());
        }
        let (main, more) = match kind {
            Kind::Rsa => {
                let exponent = wire.number()?;
                (wire.number()?, exponent)
            }
            Kind::SecurityKeyEd25519 | Kind::SecurityKeyEcdsaP256 => {
                (wire.string()?, wire.string()?)
            }
            Kind::Ed25519 | Kind::EcdsaP256 | Kind::EcdsaP384 | Kind::EcdsaP521 => {
                (wire.string()?, &[][..])
            }
        };
        Ok(Self { kind, main, more })
    }

    /// The key as it is listed, for one that was read from a certificate.
    pub(crate) fn blob(&self) -> Vec<u8> {
        use super::wire::put_string;
        let mut out = Vec::new();
        put_string(&mut out, self.kind.word().as_bytes());
        match self.kind {
            Kind::Rsa => {
                put_number(&mut out, self.more);
                put_number(&mut out, self.main);
                return out;
            }
            Kind::EcdsaP256 | Kind::SecurityKeyEcdsaP256 => put_string(&mut out, b"nistp256"),
            Kind::EcdsaP384 => put_string(&mut out, b"nistp384"),
            Kind::EcdsaP521 => put_string(&mut out, b"nistp521"),
            Kind::Ed25519 | Kind::SecurityKeyEd25519 => {}
        }
        put_string(&mut out, self.main);
        if matches!(self.kind, Kind::SecurityKeyEd25519 | Kind::SecurityKeyEcdsaP256) {
            put_string(&mut out, self.more);
        }
        out
    }

    /// Checks a signature, as SSH writes it, over a message.
    pub(crate) fn check(&self, message: &[u8], signature: &[u8]) -> Result<(), String> {
        let mut wire = Wire::new(signature);
        let algorithm = wire.text()?;
        let body = wire.string()?;
        match self.kind {
            Kind::Rsa => {
                wire.end()?;
                return self.check_rsa(algorithm, message, body);
            }
            kind if kind.word() != algorithm => {
                return Err(format!(
                    "its algorithm '{algorithm}' does not match its key type '{}'",
                    kind.word()
                ));
            }
            Kind::SecurityKeyEd25519 | Kind::SecurityKeyEcdsaP256 => {
                let (flags, counter) = (wire.byte()?, wire.bytes(4)?);
                wire.end()?;
                if flags & TOUCHED == 0 {
                    return Err("the security key was not touched".to_owned());
                }
                // What a security key signs: hash of the application, flags, counter, hash of the message.
                let mut signed = Sha256::digest(self.more).to_vec();
                signed.push(flags);
                signed.extend_from_slice(counter);
                signed.extend_from_slice(&Sha256::digest(message));
                return self.check_curve(&signed, body);
            }
            _ => wire.end()?,
        }
        self.check_curve(message, body)
    }

    fn check_curve(&self, message: &[u8], body: &[u8]) -> Result<(), String> {
        match self.kind {
            Kind::Ed25519 | Kind::SecurityKeyEd25519 => self.verify(&ED25519, message, body),
            Kind::EcdsaP256 | Kind::SecurityKeyEcdsaP256 => {
                self.verify(&ECDSA_P256_SHA256_FIXED, message, &both_numbers(body, 32)?)
            }
            Kind::EcdsaP384 => {
                self.verify(&ECDSA_P384_SHA384_FIXED, message, &both_numbers(body, 48)?)
            }
            Kind::EcdsaP521 => {
                self.verify(&ECDSA_P521_SHA512_FIXED, message, &both_numbers(body, 66)?)
            }
            Kind::Rsa => unreachable!("RSA has a check of its own"),
        }
    }

    fn verify(
        &self,
        algorithm: &'static dyn VerificationAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), String> {
        UnparsedPublicKey::new(algorithm, self.main)
            .verify(message, signature)
            .map_err(|_| DOES_NOT_FIT.to_owned())
    }

    fn check_rsa(&self, algorithm: &str, message: &[u8], body: &[u8]) -> Result<(), String> {
        let parameters: &RsaParameters = match algorithm {
            "rsa-sha2-256" => &RSA_PKCS1_2048_8192_SHA256,
            "rsa-sha2-512" => &RSA_PKCS1_2048_8192_SHA512,
            "ssh-rsa" => return Err("it uses SHA-1, which can be forged".to_owned()),
            other => return Err(format!("its algorithm '{other}' does not match an RSA key")),
        };
        let zeros = self.main.first().map_or(0, |first| first.leading_zeros() as usize);
        let bits = self.main.len() * 8 - zeros;
        if bits < RSA_BITS_MIN {
            return Err(format!(
                "its RSA key has {bits} bits; at least {RSA_BITS_MIN} are required"
            ));
        }
        let padded = padded(body, self.main.len())?;
        RsaPublicKeyComponents { n: self.main, e: self.more }
            .verify(parameters, message, &padded)
            .map_err(|_| DOES_NOT_FIT.to_owned())
    }
}

/// The words for a signature that is of another message or by another key.
pub(crate) const DOES_NOT_FIT: &str = "the signature does not match the message";

/// The two numbers of an ECDSA signature, each in so many bytes.
fn both_numbers(body: &[u8], width: usize) -> Result<Vec<u8>, String> {
    let mut wire = Wire::new(body);
    let (one, other) = (wire.number()?, wire.number()?);
    wire.end()?;
    Ok([padded(one, width)?, padded(other, width)?].concat())
}

/// A number in so many bytes.
fn padded(number: &[u8], width: usize) -> Result<Vec<u8>, String> {
    let zeros = width.checked_sub(number.len()).ok_or("a number in it is too large")?;
    let mut padded = vec![0; zeros];
    padded.extend_from_slice(number);
    Ok(padded)
}

/// Writes a positive number.
fn put_number(out: &mut Vec<u8>, number: &[u8]) {
    let is_high = number.first().is_some_and(|first| first & 0x80 != 0);
    let zero: &[u8] = if is_high { &[0] } else { &[] };
    super::wire::put_string(out, &[zero, number].concat());
}
