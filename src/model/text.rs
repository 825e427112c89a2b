//! Texts that people type: when two of them mean the same, and which characters a person cannot see.
//!
//! Owns every comparison of names, blueprints, tags, addresses and serial numbers. A name typed on a Mac and the one
//! that the tenant stores may look alike and have different code points. A comparison byte by byte would
//! then protect no device. Must never change a text that is stored or sent.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;

/// How two texts agree that a person would read as the same.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// They are the same, the case of letters and spaces around them aside.
    Same,
    /// Besides, one has typographic quotation marks or apostrophes where the other has straight ones.
    ByQuotes,
}

/// The text in Unicode's composed form (NFC): `e` and an accent are one `é`.
#[must_use]
pub fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// The text as names are compared: composed, in lower case, without spaces around it.
///
/// ```
/// use sortie::model::comparable;
/// assert_eq!(comparable(" Noe\u{301}mie "), comparable("NO\u{c9}MIE"));
/// assert_ne!(comparable("Noemie"), comparable("Noémie"));
/// ```
#[must_use]
pub fn comparable(text: &str) -> String {
    let text = text.trim();
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    // Lower case can take a composed letter apart again, such as a dotted capital I.
    composed(&composed(text).to_lowercase()).into_owned()
}

/// Whether two texts are equal apart from the case of their letters.
#[must_use]
pub fn is_alike(left: &str, right: &str) -> bool {
    left == right
        || left.trim().eq_ignore_ascii_case(right.trim())
        || (!(left.is_ascii() && right.is_ascii()) && comparable(left) == comparable(right))
}

/// Whether two texts are the same letter by letter, however their letters are composed.
#[must_use]
pub fn is_same_text(left: &str, right: &str) -> bool {
    left == right || composed(left) == composed(right)
}

/// The text as filters and protect lists are compared: as [`comparable`], and with straight quotation marks and
/// apostrophes, because word processors and telephones write the others.
///
/// ```
/// use sortie::model::comparable_by_quotes;
/// assert_eq!(comparable_by_quotes("Jo’s Macs"), comparable_by_quotes("jo's macs"));
/// ```
#[must_use]
pub fn comparable_by_quotes(text: &str) -> String {
    let text = comparable(text);
    if text.is_ascii() {
        return text;
    }
    text.chars()
        .map(|letter| match letter {
            '\u{2018}'..='\u{201b}' | '\u{2bc}' | '\u{2032}' | '\u{ff07}' => '\'',
            '\u{201c}'..='\u{201f}' | '\u{2033}' | '\u{ff02}' => '"',
            other => other,
        })
        .collect()
}

/// How a text that a person wrote agrees with one that was found; `None` when it does not.
#[must_use]
pub fn likeness(written: &str, found: &str) -> Option<Likeness> {
    // Most texts are plain, and a fleet is compared with a list.
    if written.is_ascii() && found.is_ascii() {
        return written.trim().eq_ignore_ascii_case(found.trim()).then_some(Likeness::Same);
    }
    if is_alike(written, found) {
        return Some(Likeness::Same);
    }
    (comparable_by_quotes(written) == comparable_by_quotes(found)).then_some(Likeness::ByQuotes)
}

/// How a written part occurs in a text that was found; `None` when it does not.
#[must_use]
pub fn likeness_of_part(part: &str, found: &str) -> Option<Likeness> {
    if comparable(found).contains(&comparable(part)) {
        return Some(Likeness::Same);
    }
    let is_there = comparable_by_quotes(found).contains(&comparable_by_quotes(part));
    is_there.then_some(Likeness::ByQuotes)
}

/// Whether a letter has no width or turns the direction of the text: what is shown is then not what is there.
#[must_use]
pub fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}')
}

/// The first letter, with its byte offset, that a person cannot see or that turns the direction of the text. A joiner
/// between two pictures is part of one picture, such as a person at a computer, and steers nothing.
#[must_use]
pub fn first_steering(text: &str) -> Option<(usize, char)> {
    let is_picture = |letter: char| matches!(letter, '\u{2190}'..='\u{2bff}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}');
    text.char_indices().find(|(at, letter)| {
        let joins_pictures = *letter == '\u{200d}'
            && text[..*at].chars().next_back().is_some_and(is_picture)
            && text[at + letter.len_utf8()..].chars().next().is_some_and(is_picture);
        is_invisible(*letter) && !joins_pictures
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_that_look_alike_are_alike() {
        for (left, right, expect) in [
            ("Design", "design ", Some(Likeness::Same)),
            ("Noémie", "Noe\u{301}mie", Some(Likeness::Same)),
            ("ÅNGSTRÖM", "a\u{30a}ngstro\u{308}m", Some(Likeness::Same)),
            ("\u{212b}", "å", Some(Likeness::Same)),
            ("İstanbul", "I\u{307}stanbul", Some(Likeness::Same)),
            ("Jo's iPad", "Jo’s iPad", Some(Likeness::ByQuotes)),
            ("\"VIP\" é", "“VIP” e\u{301}", Some(Likeness::ByQuotes)),
            ("Noemie", "Noémie", None),
            ("Jos iPad", "Jo's iPad", None),
            ("", "x", None),
        ] {
            assert_eq!(likeness(left, right), expect, "{left} {right}");
            assert_eq!(likeness(right, left), expect, "{right} {left}");
        }
        assert_eq!(likeness_of_part("noe\u{301}", "Mac of Noémie"), Some(Likeness::Same));
        assert_eq!(likeness_of_part("Jo's", "Jo’s Mac"), Some(Likeness::ByQuotes));
        assert_eq!(likeness_of_part("Joe", "Jo’s Mac"), None);
        assert!(is_same_text("é", "e\u{301}") && !is_same_text("é", "É"));
    }

    #[test]
    fn letters_that_steer_a_display_are_found_and_pictures_are_not() {
        for (text, expect) in [
            ("Jo’s Mac – 上海 🎨 ❤️", None),
            ("👩\u{200d}💻 at work", None),
            ("a\u{202e}b", Some((1, '\u{202e}'))),
            ("a\u{2066}b", Some((1, '\u{2066}'))),
            ("é\u{200b}", Some((2, '\u{200b}'))),
            ("a\u{200d}b", Some((1, '\u{200d}'))),
            ("💻\u{200d}", Some((4, '\u{200d}'))),
            ("\u{e0041}", Some((0, '\u{e0041}'))),
        ] {
            assert_eq!(first_steering(text), expect, "{text:?}");
        }
    }
}
