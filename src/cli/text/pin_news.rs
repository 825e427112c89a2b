//! What is said about PINs while a run goes on.
//!
//! Owns the words and how often they are said. Must never see a PIN itself.

use crate::engine::PIN_SOUGHT_MS;
use crate::model::{DeviceFacts, Entry, Event, PinReading, TaskIndex, UnixMillis, Verdict};

/// PINs that are told one by one; of a whole fleet the command for all of them says the same.
const TOLD_MAX: usize = 5;

/// Whether an entry holds a PIN that was not known before.
pub(crate) fn has_new_pin(event: &Event) -> bool {
    match event {
        Event::Intent { pin, .. } => pin.is_some(),
        Event::Answered { verdict: Verdict::Accepted(answer), .. } => answer.usable_pin().is_some(),
        Event::PinRead { reading: PinReading::Found { agrees, .. }, .. } => *agrees != Some(true),
        Event::PinRead { reading: PinReading::Known { .. }, .. } => true,
        _ => false,
    }
}

/// Whether an entry holds a PIN that differs from the one that was known.
fn has_disagreement(event: &Event) -> bool {
    let Event::PinRead { reading, .. } = event else { return false };
    matches!(reading, PinReading::Found { agrees: Some(false), .. })
}

/// What is wrong with what an answer brought where its PIN belongs.
fn flaw_of(event: &Event) -> Option<&str> {
    match event {
        Event::Answered { verdict: Verdict::Accepted(answer), .. } => answer.pin_flaw.as_deref(),
        _ => None,
    }
}

/// Whether a lock was answered without a PIN that can be used.
fn lacks_pin(event: &Event) -> bool {
    matches!(event, Event::Answered { verdict: Verdict::Accepted(answer), .. } if answer.pin_missing)
}

/// Remembers what has been told.
pub(crate) struct PinNews {
    run: String,
    told: Vec<TaskIndex>,
    /// The latest end of reads for missing PINs that was told.
    sought_until: UnixMillis,
}

impl PinNews {
    pub(crate) fn new(run: &str) -> Self {
        Self { run: run.to_owned(), told: Vec::new(), sought_until: UnixMillis(0) }
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
        let mut lines = Vec::new();
        if has_disagreement(&entry.event) {
            lines.push(self.disagreement(device));
        }
        if let Some(flaw) = flaw_of(&entry.event) {
            lines.push(self.odd(device, flaw));
        }
        // Said again only once the moment has passed that was told last.
        if lacks_pin(&entry.event) && entry.at >= self.sought_until {
            self.sought_until = entry.at.plus_ms(PIN_SOUGHT_MS);
            lines.push(format!(
                "no PIN came with the lock of {}: its command and the tenant's PIN are read until {} at the latest, \
                 also after --wait",
                word_of(device),
                self.sought_until
            ));
        }
        lines
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
    use crate::model::{DeviceId, Platform, Sealed};

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

    #[test]
    fn only_what_was_not_known_is_news() {
        let task = TaskIndex(0);
        let read = |agrees| {
            let pin = Sealed::clear("1".to_owned());
            Event::PinRead { task, reading: PinReading::Found { pin, agrees } }
        };
        for (agrees, is_new, is_other) in
            [(Some(true), false, false), (Some(false), true, true), (None, true, false)]
        {
            let event = read(agrees);
            assert_eq!((has_new_pin(&event), has_disagreement(&event)), (is_new, is_other));
        }
        let pin = Some(Sealed::clear("1".to_owned()));
        assert!(has_new_pin(&Event::Intent { task, attempt: 1, pin, sends: None }));
        assert!(!has_new_pin(&Event::Intent { task, attempt: 1, pin: None, sends: None }));
        assert!(!has_new_pin(&Event::PinRead { task, reading: PinReading::Nothing }));
    }
}
