//! Texts in other encodings than UTF-8.
//!
//! Owns which encodings are read and when: only as the file itself says unmistakably, or as the operator says. Must never
//! guess: a wrong guess changes names unseen.

use std::borrow::Cow;

use encoding_rs as encodings;

use super::diagnostics::{Diagnostics, Flaw};

/// A text encoding that `--encoding` can name for tables.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, as without a word.
    Utf8,
    /// UTF-16, the lower byte first; Excel's 'Unicode Text'.
    Utf16Le,
    /// UTF-16, the higher byte first.
    Utf16Be,
    /// Windows-1252, which Excel on Windows calls 'CSV' in western languages.
    Windows1252,
    /// Mac OS Roman, which old versions of Excel on a Mac write.
    Macintosh,
}

impl Encoding {
    /// All encodings that `--encoding` accepts.
    pub const ALL: [Self; 5] =
        [Self::Utf8, Self::Utf16Le, Self::Utf16Be, Self::Windows1252, Self::Macintosh];

    /// The encoding as `--encoding` and messages write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Windows1252 => "windows-1252",
            Self::Macintosh => "macintosh",
        }
    }

    fn decoder(self) -> &'static encodings::Encoding {
        match self {
            Self::Utf8 => encodings::UTF_8,
            Self::Utf16Le => encodings::UTF_16LE,
            Self::Utf16Be => encodings::UTF_16BE,
            Self::Windows1252 => encodings::WINDOWS_1252,
            Self::Macintosh => encodings::MACINTOSH,
        }
    }

    /// The encoding that the first bytes of a file name, with how many they are.
    fn of_mark(bytes: &[u8]) -> Option<(Self, usize)> {
        match bytes {
            [0xef, 0xbb, 0xbf, ..] => Some((Self::Utf8, 3)),
            [0xff, 0xfe, ..] => Some((Self::Utf16Le, 2)),
            [0xfe, 0xff, ..] => Some((Self::Utf16Be, 2)),
            _ => None,
        }
    }
}

/// The bytes of a text as UTF-8. `named` is what the operator says. A UTF-8 text is passed through, clean or not.
pub(super) fn decode<'b>(
    file: &str,
    bytes: &'b [u8],
    named: Option<Encoding>,
    problems: &mut Diagnostics,
    notes: &mut Vec<String>,
) -> Option<Cow<'b, [u8]>> {
    let mark = Encoding::of_mark(bytes);
    if let (Some((marked, _)), Some(named)) = (mark, named)
        && marked != named
    {
        let (said, found) = (named.word(), marked.word());
        let flaw = Flaw::new(format!(
            "--encoding says {said}, but the file's byte order mark says {found}"
        ));
        problems.push_for_file(file, flaw.hint("remove --encoding"));
        return None;
    }
    let (encoding, from) = mark.unwrap_or((named.unwrap_or(Encoding::Utf8), 0));
    if encoding == Encoding::Utf8 {
        return Some(Cow::Borrowed(bytes));
    }
    if !matches!(encoding, Encoding::Utf16Le | Encoding::Utf16Be)
        && !bytes.is_ascii()
        && std::str::from_utf8(bytes).is_ok()
    {
        let flaw = Flaw::new(format!("--encoding says {}, but the file is UTF-8", encoding.word()));
        problems.push_for_file(file, flaw.hint("remove --encoding"));
        return None;
    }
    let text =
        encoding.decoder().decode_without_bom_handling_and_without_replacement(&bytes[from..]);
    let Some(text) = text else {
        let flaw = Flaw::new(format!("the file is not valid {}", encoding.word()))
            .hint("it is damaged or truncated; save it as 'CSV UTF-8 (comma delimited)'");
        problems.push_for_file(file, flaw);
        return None;
    };
    let why = if mark.is_some() { "as its byte order mark says" } else { "as --encoding says" };
    notes.push(format!("{file} is read as {}, {why}", encoding.word()));
    Some(Cow::Owned(text.into_owned().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], named: Option<Encoding>) -> Result<String, String> {
        let (mut problems, mut notes) = (Diagnostics::default(), Vec::new());
        let decoded = decode("a.csv", bytes, named, &mut problems, &mut notes);
        let text = decoded.map(|text| String::from_utf8_lossy(&text).into_owned());
        text.ok_or_else(|| problems.to_string())
    }

    #[test]
    fn an_encoding_is_read_where_the_file_or_the_operator_says_it() {
        use Encoding::{Macintosh, Utf8, Utf16Be, Utf16Le, Windows1252};
        for (bytes, named, expect) in [
            (&b"\xff\xfeM\0\xfc\0"[..], None, Ok("Mü")),
            (b"\xfe\xff\0M\0\xfc", None, Ok("Mü")),
            (b"M\0\xfc\0", Some(Utf16Le), Ok("Mü")),
            (b"\0M\0\xfc", Some(Utf16Be), Ok("Mü")),
            (b"M\xfc \x80", Some(Windows1252), Ok("Mü €")),
            (b"M\x9f", Some(Macintosh), Ok("Mü")),
            (b"M", Some(Windows1252), Ok("M")),
            ("Mü".as_bytes(), None, Ok("Mü")),
            ("Mü".as_bytes(), Some(Utf8), Ok("Mü")),
            ("Mü".as_bytes(), Some(Windows1252), Err("the file is UTF-8")),
            (b"\xff\xfeM\0", Some(Windows1252), Err("byte order mark says utf-16le")),
            (b"\xff\xfe\0\xd8", None, Err("not valid utf-16le")),
        ] {
            let found = read(bytes, named);
            match expect {
                Ok(text) => assert_eq!(found.as_deref(), Ok(text), "{bytes:?}"),
                Err(part) => assert!(found.is_err_and(|said| said.contains(part)), "{bytes:?}"),
            }
        }
    }
}
