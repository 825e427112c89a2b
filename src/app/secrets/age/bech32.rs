//! Bech32 (BIP 173), the text form of age keys.
//!
//! Owns encoding and strict decoding. Must never accept mixed case, a wrong checksum or padding bits that are not zero:
//! each key has one text per case.

use zeroize::Zeroizing;

const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const CHECKSUM_SYMBOLS: usize = 6;
/// Longest text that is read: no key of age v1 with 32 bytes has more than 74 characters.
const TEXT_BYTES_MAX: usize = 90;

/// A text of `data` in lower case that begins with `prefix` and the separator `1`.
pub(super) fn encode(prefix: &str, data: &[u8]) -> String {
    let symbols = symbols_of(data);
    let mut checked = expanded(prefix.as_bytes());
    checked.extend_from_slice(&symbols);
    checked.extend_from_slice(&[0; CHECKSUM_SYMBOLS]);
    let checksum = polymod(&checked) ^ 1;
    let checksum = (0..CHECKSUM_SYMBOLS).map(|at| (checksum >> (5 * (5 - at))) as u8 & 31);
    let letters = symbols.iter().copied().chain(checksum);
    let letters = letters.map(|symbol| char::from(ALPHABET[usize::from(symbol)]));
    let mut text = String::with_capacity(TEXT_BYTES_MAX);
    text.push_str(prefix);
    text.push('1');
    text.extend(letters);
    text
}

/// The data of a text with this prefix (in lower case); `None` when the text is not valid.
pub(super) fn decode(prefix: &str, text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let has = |is: fn(&u8) -> bool| text.as_bytes().iter().any(is);
    let is_mixed = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
    if text.len() > TEXT_BYTES_MAX || !text.is_ascii() || is_mixed {
        return None;
    }
    let text = Zeroizing::new(text.to_ascii_lowercase());
    let letters = text.strip_prefix(prefix)?.strip_prefix('1')?;
    let mut symbols = Zeroizing::new(Vec::with_capacity(TEXT_BYTES_MAX));
    for letter in letters.bytes() {
        let at = ALPHABET.iter().position(|known| *known == letter)?;
        symbols.push(u8::try_from(at).ok()?);
    }
    let mut checked = Zeroizing::new(Vec::with_capacity(3 * TEXT_BYTES_MAX));
    checked.extend_from_slice(&expanded(prefix.as_bytes()));
    checked.extend_from_slice(&symbols);
    let data_symbols = symbols.len().checked_sub(CHECKSUM_SYMBOLS)?;
    if polymod(&checked) != 1 {
        return None;
    }
    bytes_of(&symbols[..data_symbols])
}

/// The prefix as the checksum covers it.
fn expanded(prefix: &[u8]) -> Vec<u8> {
    let high = prefix.iter().map(|byte| byte >> 5);
    let low = prefix.iter().map(|byte| byte & 31);
    high.chain([0]).chain(low).collect()
}

/// The remainder of BIP 173's checksum.
fn polymod(symbols: &[u8]) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    symbols.iter().fold(1, |sum: u32, symbol| {
        let top = sum >> 25;
        let next = ((sum & 0x01ff_ffff) << 5) ^ u32::from(*symbol);
        let terms = GENERATOR.iter().enumerate().filter(|(at, _)| (top >> at) & 1 == 1);
        terms.fold(next, |sum, (_, term)| sum ^ term)
    })
}

/// Groups of five bits, the last one padded with zeros.
fn symbols_of(data: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut symbols = Zeroizing::new(Vec::with_capacity(data.len() * 8 / 5 + 1));
    let (mut held, mut bits) = (0_u32, 0);
    for byte in data {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            symbols.push((held >> bits) as u8 & 31);
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        symbols.push((held << (5 - bits)) as u8 & 31);
    }
    symbols
}

/// The bytes of groups of five bits; `None` when bits are left over that are not zero, or too many.
fn bytes_of(symbols: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut data = Zeroizing::new(Vec::with_capacity(symbols.len() * 5 / 8));
    let (mut held, mut bits) = (0_u32, 0);
    for symbol in symbols {
        held = (held << 5) | u32::from(*symbol);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            data.push((held >> bits) as u8);
        }
        held &= (1 << bits) - 1;
    }
    (bits < 5 && held == 0).then_some(data)
}
