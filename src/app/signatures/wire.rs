//! Numbers and strings as SSH writes them (RFC 4251, section 5).
//!
//! Owns reading them from bytes. Must never read past the end, and never skip bytes without a word.

/// Bytes that are read from the front.
pub(crate) struct Wire<'a> {
    rest: &'a [u8],
}

impl<'a> Wire<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Exactly so many bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8], String> {
        let (taken, rest) =
            self.rest.split_at_checked(count).ok_or_else(|| "it is truncated".to_owned())?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, String> {
        Ok(self.bytes(1)?[0])
    }

    pub(crate) fn u32(&mut self) -> Result<u32, String> {
        let bytes = self.bytes(4)?.try_into().expect("four bytes were taken");
        Ok(u32::from_be_bytes(bytes))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, String> {
        let bytes = self.bytes(8)?.try_into().expect("eight bytes were taken");
        Ok(u64::from_be_bytes(bytes))
    }

    /// Bytes behind their length.
    pub(crate) fn string(&mut self) -> Result<&'a [u8], String> {
        let length = self.u32()?;
        self.bytes(usize::try_from(length).map_err(|_| "it is truncated".to_owned())?)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, String> {
        std::str::from_utf8(self.string()?).map_err(|_| "a text in it is not UTF-8".to_owned())
    }

    /// The bytes of a positive number, without leading zeros.
    pub(crate) fn number(&mut self) -> Result<&'a [u8], String> {
        let bytes = self.string()?;
        if bytes.first().is_some_and(|first| first & 0x80 != 0) {
            return Err("a number in it is negative".to_owned());
        }
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        Ok(&bytes[zeros..])
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// How many bytes are left.
    pub(crate) fn left(&self) -> usize {
        self.rest.len()
    }

    /// Refuses what follows the end.
    pub(crate) fn end(self) -> Result<(), String> {
        if self.is_empty() { Ok(()) } else { Err("it has extra bytes at its end".to_owned()) }
    }
}

/// Writes bytes behind their length.
pub(crate) fn put_string(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).expect("signatures and names are short");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
}
