//! What is said about PINs while a run goes on.
//!
//! Owns the words and how often they are said. Must never see a PIN itself.

use crate::app::secrets::pin_news::{PinWarning, PinWatch};
use crate::model::{DeviceFacts, Entry, TaskIndex};

/// PINs that are told one by one; of a whole fleet the command for all of them says the same.
const TOLD_MAX: usize = 5;

/// Remembers what has been told.
pub(crate) struct PinNews {
    run: String,
    told: Vec<TaskIndex>,
    watch: PinWatch,
}

impl PinNews {
    pub(crate) fn new(run: &str) -> Self {
        Self { run: run.to_owned(), told: Vec::new(), watch: PinWatch::new() }
    }

    /// The line about a PIN that has just been kept; `None` when enough has been said.
    pub(crate) fn kept(&mut self, task: TaskIndex, device: &DeviceFacts) -> Option<String> {
        // One more is remembered, for the line that stands for all the others.
        if self.told.len() > TOLD_MAX || self.told.contains(&task) {
            return None;
        }
        self.told.push(task);
        if self.told.len() > TOLD_MAX {
            return Some(format!("further PINs: sortie pins {}", self.run));
        }
        Some(format!("PIN of {} kept: {}", word_of(device), self.command(device)))
    }

    /// The lines about what is wrong with a PIN, or with its absence.
    pub(crate) fn warnings(&mut self, entry: &Entry, device: &DeviceFacts) -> Vec<String> {
        let warnings = self.watch.warnings(entry);
        warnings.iter().map(|warning| self.warning(warning, device)).collect()
    }

    fn warning(&self, warning: &PinWarning, device: &DeviceFacts) -> String {
        match warning {
            PinWarning::Differs => self.disagreement(device),
            PinWarning::Odd { flaw } => self.odd(device, flaw),
            PinWarning::Missing { sought_until } => format!(
                "no PIN came with the lock of {}: its command and the tenant's PIN are read until {sought_until} at the latest, \
                 also after --wait",
                word_of(device)
            ),
        }
    }

    /// The line about two PINs that differ.
    fn disagreement(&self, device: &DeviceFacts) -> String {
        format!(
            "the tenant shows another PIN for {} than its lock answered; both are kept, the newest first: {}",
            word_of(device),
            self.command(device)
        )
    }

    /// The line about an answer whose PIN has not the form of one.
    fn odd(&self, device: &DeviceFacts, flaw: &str) -> String {
        format!(
            "the PIN in the answer for {} {flaw}; it is kept as it came, and the tenant is asked: {}",
            word_of(device),
            self.command(device)
        )
    }

    fn command(&self, device: &DeviceFacts) -> String {
        format!("sortie pins {} --device {}", self.run, word_of(device))
    }
}

/// The serial number where it can stand in a command line as it is, else the id.
pub(crate) fn word_of(device: &DeviceFacts) -> &str {
    let serial = device.serial_number.as_str();
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let is_usable = !serial.is_empty() && !serial.starts_with('-') && serial.chars().all(is_word);
    if is_usable { serial } else { device.id.as_str() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DeviceId, Event, Platform, UnixMillis, Verdict};

    fn device(serial: &str) -> DeviceFacts {
        DeviceFacts {
            id: DeviceId::from_api("d1"),
            serial_number: serial.to_owned(),
            name: "Mac".to_owned(),
            user_email: String::new(),
            platform: Platform::Mac,
            ..DeviceFacts::default()
        }
    }

    #[test]
    fn five_pins_are_told_then_one_line_stands_for_the_rest() {
        let mut news = PinNews::new("R");
        let mut lines = Vec::new();
        for task in 0..10 {
            // A second PIN of a task is no news.
            for _ in 0..2 {
                lines.extend(news.kept(TaskIndex(task), &device(&format!("SN{task}"))));
            }
        }
        assert_eq!(lines.len(), 6);
        assert_eq!(lines[0], "PIN of SN0 kept: sortie pins R --device SN0");
        assert_eq!(lines[5], "further PINs: sortie pins R");
    }

    #[test]
    fn a_serial_that_a_shell_would_misread_gives_way_to_the_id() {
        for serial in ["", "A B", "A;reboot", "-x", "A\u{1b}[2J"] {
            let line = PinNews::new("R").disagreement(&device(serial));
            assert!(line.ends_with("sortie pins R --device d1"), "{line}");
        }
    }

    #[test]
    fn reads_for_a_missing_pin_are_announced_with_their_end() {
        let mut news = PinNews::new("R");
        let mut told = |at, pin_missing| {
            let verdict =
                Verdict::Accepted(crate::model::Answer { pin_missing, ..Default::default() });
            let task = TaskIndex(0);
            let event = Event::Answered { task, attempt: 1, http_status: Some(200), verdict };
            news.warnings(&Entry { at: UnixMillis(at), event }, &device("SN1"))
        };
        assert!(told(0, false).is_empty());
        let first = told(0, true);
        assert!(first[0].contains("SN1") && first[0].contains("until 1970-01-01T00:02:34.000Z"));
        assert!(told(1_000, true).is_empty(), "one line stands for all that wait");
        assert_eq!(told(200_000, true).len(), 1);
    }
}
