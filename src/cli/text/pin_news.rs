//! News about PINs while a run goes on.
//!
//! Owns the words and how often they are given. Must never see a PIN itself.

use crate::app::{PinFact, SeenTask};
use crate::engine::PIN_SOUGHT_MS;
use crate::model::{UnixMillis, human_duration};

/// PINs with a line of their own. The line after them names the command that shows all.
const TOLD_MAX: usize = 5;

/// Remembers what has been told.
pub(crate) struct PinNews {
    run: String,
    told: Vec<u32>,
    /// The latest end of reads for missing PINs that was told.
    sought_until: UnixMillis,
}

impl PinNews {
    pub(crate) fn new(run: &str) -> Self {
        Self { run: run.to_owned(), told: Vec::new(), sought_until: UnixMillis(0) }
    }

    /// The line about a PIN that has just been kept; `None` when enough has been said.
    pub(crate) fn kept(&mut self, task: &SeenTask) -> Option<String> {
        // One more is remembered, for the line about all others.
        if self.told.len() > TOLD_MAX || self.told.contains(&task.index) {
            return None;
        }
        self.told.push(task.index);
        if self.told.len() > TOLD_MAX {
            return Some(format!("more PINs are saved; show them with: sortie pins {}", self.run));
        }
        Some(format!("PIN of {} saved; show it with: {}", word_of_task(task), self.command(task)))
    }

    /// The line about what is wrong with a PIN, or with its absence.
    pub(crate) fn warning(
        &mut self,
        fact: &PinFact,
        at: UnixMillis,
        task: &SeenTask,
    ) -> Option<String> {
        let device = word_of_task(task);
        match fact {
            PinFact::Kept => None,
            PinFact::Differs => Some(format!(
                "{device} has two PINs, one from the answer to its lock and another one from the tenant; both are saved, the newest first: {}",
                self.command(task)
            )),
            PinFact::Odd { flaw } => Some(format!(
                "the PIN in the answer for {device} {flaw}; it is saved as received, and the PIN is read from the tenant: {}",
                self.command(task)
            )),
            // Said again only once the moment has passed that was told last.
            PinFact::Missing if at < self.sought_until => None,
            PinFact::Missing => {
                self.sought_until = at.plus_ms(PIN_SOUGHT_MS);
                Some(format!(
                    "the lock of {device} was answered without a PIN; sortie reads it from the tenant for up to {}, even \
                     after --wait",
                    human_duration(PIN_SOUGHT_MS)
                ))
            }
        }
    }

    fn command(&self, task: &SeenTask) -> String {
        format!("sortie pins {} --device {}", self.run, word_of_task(task))
    }
}

fn word_of_task(task: &SeenTask) -> &str {
    word_of(&task.serial_number, &task.device_id)
}

/// The serial number where it can stand in a command line as it is, else the id.
pub(crate) fn word_of<'a>(serial: &'a str, id: &'a str) -> &'a str {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let is_usable = !serial.is_empty() && !serial.starts_with('-') && serial.chars().all(is_word);
    if is_usable { serial } else { id }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(index: u32, serial: &str) -> SeenTask {
        SeenTask {
            index,
            id: "t".to_owned(),
            row: 1,
            wave: 0,
            action: "lock".to_owned(),
            device_id: "d1".to_owned(),
            serial_number: serial.to_owned(),
            outcome: None,
            reason: String::new(),
            http_status: None,
            is_sought: true,
        }
    }

    #[test]
    fn five_pins_are_listed_then_one_line_counts_the_rest() {
        let mut news = PinNews::new("R");
        let mut lines = Vec::new();
        for at in 0..10 {
            // A second PIN of a task is no news.
            for _ in 0..2 {
                lines.extend(news.kept(&task(at, &format!("SN{at}"))));
            }
        }
        assert_eq!(lines.len(), 6);
        assert_eq!(lines[0], "PIN of SN0 saved; show it with: sortie pins R --device SN0");
        assert_eq!(lines[5], "more PINs are saved; show them with: sortie pins R");
    }

    #[test]
    fn a_serial_that_a_shell_would_misread_gives_way_to_the_id() {
        for serial in ["", "A B", "A;reboot", "-x", "A\u{1b}[2J"] {
            let mut news = PinNews::new("R");
            let line = news.warning(&PinFact::Differs, UnixMillis(0), &task(0, serial));
            let line = line.expect("it is told");
            assert!(line.ends_with("sortie pins R --device d1"), "{line}");
        }
    }

    #[test]
    fn reads_for_a_missing_pin_are_announced_with_their_limit() {
        let mut news = PinNews::new("R");
        let mut told = |at| news.warning(&PinFact::Missing, UnixMillis(at), &task(0, "SN1"));
        let first = told(0).expect("it is told");
        assert!(first.contains("SN1") && first.contains("for up to 2 min 34 s"));
        assert!(told(1_000).is_none(), "one line stands for all that wait");
        assert!(told(200_000).is_some());
    }
}
