//! Pages to print with the PINs of locked Macs: one page for each device, in one HTML file.
//!
//! Owns their layout, their headings and how a PIN is spelled. Must never run a script or load anything from elsewhere, and
//! never print a page without a PIN as if it had one. Every text is escaped by the template.

use askama::Template;
use std::io;
use std::path::Path;

use super::ReportError;
use super::write::write_new;

/// Other PINs on one page: more do not fit on it.
const OTHERS_MAX: usize = 6;
/// Digits of a PIN, and of the groups in which it is printed.
const PIN_DIGITS: usize = 6;
const GROUP_DIGITS: usize = 3;

/// One page: a device, and the PIN to type first.
pub struct PinSheet {
    /// Serial number; the device's id where it has none.
    pub serial_number: String,
    /// Device name.
    pub device_name: String,
    /// Name and address of the assigned user; may be empty.
    pub user: String,
    /// Name of its blueprint; may be empty.
    pub blueprint: String,
    /// What set the PIN.
    pub origin: PinSheetOrigin,
    /// What its reader has to know first, such as a lock that still waits; may be empty.
    pub notice: String,
    /// The PIN, or why there is none.
    pub pin: SheetPin,
    /// Other PINs of the device, in the order in which to try them.
    pub others: Vec<OtherPin>,
    /// The command that compares the PINs with those of the tenant.
    pub compare: String,
}

/// The lock that set a PIN.
pub struct PinSheetOrigin {
    /// The action.
    pub action: String,
    /// When its request left; empty where it is not known.
    pub at: String,
    /// Id of the run.
    pub run: String,
    /// Name of the job.
    pub job: String,
    /// Why the job is done; may be empty.
    pub purpose: String,
}

/// The PIN of a page.
pub enum SheetPin {
    /// It is known.
    Known {
        /// Its digits.
        digits: String,
        /// Where it came from, and whether the tenant showed the same.
        origin: String,
    },
    /// It is not known, or cannot be read.
    None {
        /// What is the matter, in a few words.
        title: &'static str,
        /// Why.
        reason: String,
        /// What to do.
        next: String,
        /// The command to run for it; may be empty.
        command: String,
    },
}

/// A PIN to try after the first.
pub struct OtherPin {
    /// Its digits; empty where it cannot be read.
    pub digits: String,
    /// Where it came from, or why it cannot be read.
    pub origin: String,
}

impl PinSheet {
    /// Whether the page has a PIN to type.
    #[must_use]
    pub fn has_pin(&self) -> bool {
        matches!(self.pin, SheetPin::Known { .. })
    }

    fn shown_others(&self) -> &[OtherPin] {
        &self.others[..self.others.len().min(OTHERS_MAX)]
    }

    fn more_others(&self) -> usize {
        self.others.len().saturating_sub(OTHERS_MAX)
    }
}

/// Writes the pages into a new file that its owner alone may read.
///
/// # Errors
/// [`ReportError::Write`], also where there is a file already: it may be another person's.
pub fn write_pin_sheets(
    path: &Path,
    sheets: &[PinSheet],
    printed_at: &str,
) -> Result<(), ReportError> {
    let page = Pages { sheets, printed_at };
    let written = write_new(path, &mut |sink| page.write_into(sink).map_err(io::Error::other));
    written.map_err(|source| ReportError::Write { path: path.to_owned(), source })
}

/// Six digits in two groups; anything else as it is.
fn grouped(pin: &str) -> String {
    match is_pin(pin) {
        true => format!("{} {}", &pin[..GROUP_DIGITS], &pin[GROUP_DIGITS..]),
        false => pin.to_owned(),
    }
}

/// The digits as they are read aloud; empty for what is no PIN.
fn spelled(pin: &str) -> String {
    const WORDS: [&str; 10] =
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
    if !is_pin(pin) {
        return String::new();
    }
    let words: Vec<&str> = pin.bytes().map(|digit| WORDS[usize::from(digit - b'0')]).collect();
    words.chunks(GROUP_DIGITS).map(|group| group.join(" ")).collect::<Vec<_>>().join(" – ")
}

fn is_pin(text: &str) -> bool {
    text.len() == PIN_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[derive(Template)]
#[template(path = "pin_sheets.html", config = "src/report/templates/askama.toml")]
struct Pages<'a> {
    sheets: &'a [PinSheet],
    printed_at: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(pin: SheetPin) -> PinSheet {
        PinSheet {
            serial_number: "C02ZK0AALVDQ".to_owned(),
            device_name: "</title><script>alert(1)</script>\"'".to_owned(),
            user: "Ada <ada@example.com>".to_owned(),
            blueprint: "Lab & loan".to_owned(),
            origin: PinSheetOrigin {
                action: "lock".to_owned(),
                at: "2026-01-02 03:04 UTC".to_owned(),
                run: "R".to_owned(),
                job: "locks".to_owned(),
                purpose: "<b>stolen</b>".to_owned(),
            },
            notice: String::new(),
            pin,
            others: Vec::new(),
            compare: "sortie pins --device C02ZK0AALVDQ --verify".to_owned(),
        }
    }

    fn known(digits: &str) -> SheetPin {
        SheetPin::Known { digits: digits.to_owned(), origin: "answer".to_owned() }
    }

    fn page_of(sheets: &[PinSheet]) -> String {
        Pages { sheets, printed_at: "2026-01-02 03:05 UTC" }.render().expect("memory takes all")
    }

    #[test]
    fn a_pin_is_grouped_and_spelled_with_its_zeros() {
        for (pin, shown, aloud) in [
            ("012345", "012 345", "zero one two – three four five"),
            ("000789", "000 789", "zero zero zero – seven eight nine"),
            ("12345", "12345", ""),
            ("12345x", "12345x", ""),
            ("٤٩٦", "٤٩٦", ""),
        ] {
            assert_eq!((grouped(pin).as_str(), spelled(pin).as_str()), (shown, aloud));
        }
    }

    #[test]
    fn names_of_devices_cannot_leave_their_place_on_the_page() {
        let page = page_of(&[sheet(known("012345"))]);
        for harmful in ["<script", "</title><", "<b>", "<ada@", "Lab & loan"] {
            assert!(!page.contains(harmful), "{harmful}\n{page}");
        }
        assert!(page.contains("012 345") && page.contains("zero one two"), "{page}");
        assert_eq!(page.matches("<section class=\"sheet").count(), 1);
    }

    #[test]
    fn a_page_without_pin_shows_no_place_for_one() {
        let none = SheetPin::None {
            title: "PIN encrypted",
            reason: "encrypted".to_owned(),
            next: "decrypt it".to_owned(),
            command: "sortie pins R --identity FILE".to_owned(),
        };
        let page = page_of(&[sheet(none)]);
        assert!(page.contains("<h1>PIN encrypted: do not hand out</h1>"), "{page}");
        for of_users in ["class=\"pin\"", "How to type", "opens a Mac", "Hand it", "unlocked"] {
            assert!(!page.contains(of_users), "{of_users}\n{page}");
        }
    }

    #[test]
    fn only_a_few_other_pins_are_printed_and_the_rest_is_counted() {
        let mut one = sheet(known("012345"));
        let other =
            |number: usize| OtherPin { digits: format!("{number:06}"), origin: "lock".to_owned() };
        one.others = (1..=OTHERS_MAX + 2).map(other).collect();
        let page = page_of(&[one]);
        assert!(page.contains("000 006") && !page.contains("000 007"), "{page}");
        assert!(page.contains("2 more"), "{page}");
    }
}
