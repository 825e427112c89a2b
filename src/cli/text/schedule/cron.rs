//! A job as a line of a user's crontab.
//!
//! Owns the line. Must never rely on what only one cron has: no time zone, no step over an uneven range, no long line.

use super::quoting::{of_cron, of_shell};
use super::remarks::{clocks, commented, head, late_start};
use super::unit::{ScheduledUnit, UnitFile, UnitFlaw};
use crate::model::{Rhythm, WEEKDAYS};

/// Longest command of a line, in bytes: what Debian's cron reads.
const COMMAND_BYTES_MAX: usize = 998;

pub(super) fn files(unit: &ScheduledUnit) -> Result<Vec<UnitFile>, UnitFlaw> {
    let command = command(unit);
    if command.len() > COMMAND_BYTES_MAX {
        return Err(UnitFlaw::LineTooLong { bytes: command.len(), most: COMMAND_BYTES_MAX });
    }
    let mut lines = head(unit);
    lines.extend([
        format!("Add this line to the crontab of {} with: crontab -e", unit.user),
        "Cron does not make up missed starts.".to_owned(),
        "Cron mails what the line prints to the user, or to MAILTO: the exit code of a failed start.".to_owned(),
        "Codes 10 (commands are still pending) and 13 (another run is at it) print nothing."
            .to_owned(),
    ]);
    lines.extend(late_start(unit));
    lines.extend(clocks(
        unit,
        "cron starts it right after the change, or not on that day",
        "cron starts it once, or twice in other crons than Debian's and cronie",
    ));
    let content = format!("{}{} {command}\n", commented(&lines), fields(&unit.timetable.rhythm));
    Ok(vec![UnitFile { name: format!("sortie-{}.cron", unit.name), content }])
}

/// What cron gives to the shell. Messages go to a file, data such as the report directory nowhere. The exit code of a
/// failed start is printed, and so mailed; the codes that are no failure for systemd either are not.
fn command(unit: &ScheduledUnit) -> String {
    let words: Vec<String> = unit.full_command().iter().map(|word| of_shell(word)).collect();
    let (directory, log) = (of_shell(&unit.job_dir), of_shell(&unit.log_file()));
    let (name, reports) = (of_shell(&unit.name), of_shell(&unit.report_dir));
    of_cron(&format!(
        "umask 077; cd {directory} && mkdir -p {reports} && {} > /dev/null 2>> {log} || {{ code=$?; \
         case $code in 10|13) ;; *) echo sortie: {name} ended with exit code $code, see {log} ;; esac; }}",
        words.join(" ")
    ))
}

/// The five fields of the time.
fn fields(rhythm: &Rhythm) -> String {
    match rhythm {
        Rhythm::Minutes { step } => format!("*/{step} * * * *"),
        Rhythm::Hours { step: 1 } => "0 * * * *".to_owned(),
        Rhythm::Hours { step } => format!("0 */{step} * * *"),
        Rhythm::Days { days, hour, minute } if days.len() == WEEKDAYS.len() => {
            format!("{minute} {hour} * * *")
        }
        Rhythm::Days { days, hour, minute } => {
            // Sunday is 0 in every cron, and 7 only in some.
            let days: Vec<String> = days.iter().map(|day| ((day + 1) % 7).to_string()).collect();
            format!("{minute} {hour} * * {}", days.join(","))
        }
        Rhythm::Month { day, hour, minute } => format!("{minute} {hour} {day} * *"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::unit;
    use super::*;
    use crate::model::Risk;

    /// What cron gives to the shell, as its manual describes it: up to the first bare `%`, without the backslashes before
    /// the others.
    fn read_by_cron(line: &str) -> String {
        let mut fields = line.splitn(6, ' ');
        let command = fields.nth(5).expect("five fields and a command");
        let (mut read, mut letters) = (String::new(), command.chars().peekable());
        while let Some(letter) = letters.next() {
            match letter {
                '\\' if letters.peek() == Some(&'%') => read.extend(letters.next()),
                '%' => break,
                letter => read.push(letter),
            }
        }
        read
    }

    #[test]
    fn each_rhythm_is_five_fields() {
        for (table, expected) in [
            ("hourly", "0 * * * *"),
            ("every 15m", "*/15 * * * *"),
            ("every 4h", "0 */4 * * *"),
            ("daily 02:30", "30 2 * * *"),
            ("Mon..Wed,Sun 06:00", "0 6 * * 1,2,3,0"),
            ("monthly 1 03:00", "0 3 1 * *"),
        ] {
            assert_eq!(fields(&unit(table, Risk::Benign).timetable.rhythm), expected, "{table}");
        }
    }

    #[test]
    fn the_shell_of_cron_gets_every_word_as_it_was() {
        let unit = unit("Sat 22:00", Risk::Benign);
        let files = files(&unit).expect("a line");
        let line = files[0].content.lines().last().expect("a line");
        let read = read_by_cron(line);
        let words =
            read.split(" > /dev/null 2>> ").next().and_then(|text| text.split(" && ").nth(2));
        let script = format!("printf '%s\\n' {}", words.expect("a command"));
        let output = std::process::Command::new("/bin/sh").args(["-c", &script]).output();
        let output = String::from_utf8(output.expect("a shell").stdout).expect("text");
        let heard: Vec<&str> = output.lines().collect();
        assert_eq!(heard, unit.full_command(), "{line}");
    }

    #[test]
    fn only_a_start_that_fails_prints_a_line() {
        let directory = tempfile::tempdir().expect("a directory");
        let place = directory.path().display().to_string();
        for (code, printed) in [(0, false), (2, true), (10, false), (13, false), (130, true)] {
            let command = ["/bin/sh", "-c", &format!("echo said; exit {code}")];
            let unit = ScheduledUnit {
                command: command.map(str::to_owned).to_vec(),
                report_dir: format!("{place}/{code}"),
                job_dir: place.clone(),
                ..unit("Sat 22:00", Risk::Benign)
            };
            let line = files(&unit).expect("a line").remove(0).content;
            let script = read_by_cron(line.lines().last().expect("a line"));
            let output = std::process::Command::new("/bin/sh").args(["-c", &script]).output();
            let output = String::from_utf8(output.expect("a shell").stdout).expect("text");
            assert_eq!(!output.is_empty(), printed, "{code}: {output}");
            assert!(!printed || output.contains(&format!("exit code {code}, see")), "{output}");
        }
    }

    #[test]
    fn a_line_that_cron_would_cut_is_refused() {
        let mut unit = unit("hourly", Risk::Benign);
        unit.command.push("x".repeat(COMMAND_BYTES_MAX));
        assert!(matches!(files(&unit), Err(UnitFlaw::LineTooLong { .. })));
    }
}
