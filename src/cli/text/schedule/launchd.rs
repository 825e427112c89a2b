//! A job as an agent or a daemon of launchd.
//!
//! Owns the property list, and which of the two it is. Must never say that launchd starts nothing late: it starts missed work when the Mac wakes.

use super::quoting::of_xml;
use super::remarks::{clocks, head, late_start};
use super::unit::{ScheduledUnit, UnitFile, UnitToken};
use crate::model::{Rhythm, WEEKDAYS};

/// Where the system keeps what belongs to no user. A job with a place there is the system's.
const SYSTEM_LIBRARY: &str = "/Library/";

/// Who starts the job.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Domain {
    /// The session of a user, while that user is logged in.
    Agent,
    /// The system, from its start on.
    Daemon,
}

impl Domain {
    fn of(unit: &ScheduledUnit) -> Self {
        let places = [&unit.state_dir, &unit.report_dir, &unit.job_dir].into_iter();
        let is_system = |place: &String| format!("{place}/").starts_with(SYSTEM_LIBRARY);
        match unit.user == "root" || places.chain(&unit.out_dir).any(is_system) {
            true => Self::Daemon,
            false => Self::Agent,
        }
    }

    /// How the file is installed, and when it works.
    fn lines(self, unit: &ScheduledUnit, label: &str) -> Vec<String> {
        match self {
            Self::Agent => vec![
                format!("Save it as ~/Library/LaunchAgents/{label}.plist, then run:"),
                format!("  launchctl bootstrap gui/$(id -u) ~/Library/LaunchAgents/{label}.plist"),
                format!(
                    "An agent runs only while {} is logged in. For a daemon, which needs no",
                    unit.user
                ),
                "login, run sortie schedule as root.".to_owned(),
            ],
            Self::Daemon => {
                let path = format!("/Library/LaunchDaemons/{label}.plist");
                let mut lines = vec![
                    format!("A daemon: it needs no login. Save it as {path}"),
                    "(owner root, group wheel, mode 0644), then run:".to_owned(),
                    format!("  sudo launchctl bootstrap system {path}"),
                ];
                lines.push(match unit.user.as_str() {
                    "root" => "It runs as root. A user that owns the state directory and reads the token is \
                               safer: name that user with the key UserName."
                        .to_owned(),
                    user => format!("It runs as {user}, who owns the state directory: see the key UserName."),
                });
                if matches!(unit.token, UnitToken::OfProfile(_)) {
                    lines.push(
                        "A daemon has no login keychain: the token of the profile must be elsewhere."
                            .to_owned(),
                    );
                }
                lines
            }
        }
    }

    /// Without the key a daemon runs as root.
    fn user_key(self, unit: &ScheduledUnit) -> String {
        match self {
            Self::Daemon if unit.user != "root" => text("UserName", &unit.user),
            Self::Daemon | Self::Agent => String::new(),
        }
    }
}

pub(super) fn files(unit: &ScheduledUnit) -> Vec<UnitFile> {
    let label = format!("io.sortie.{}", unit.name);
    let domain = Domain::of(unit);
    let mut lines = head(unit);
    lines.extend(domain.lines(unit, &label));
    lines.extend([
        format!("The directory of its log has to exist: {}", unit.report_dir),
        "After a sleep, launchd starts a missed job once, when the Mac wakes.".to_owned(),
    ]);
    lines.extend(late_start(unit));
    lines.extend(clocks(
        unit,
        "Apple does not document what launchd does",
        "Apple does not document what launchd does",
    ));
    let comment: String = lines.iter().map(|line| format!("  {}\n", in_comment(line))).collect();
    let words: String = unit.full_command().iter().map(|word| string(2, word)).collect();
    let log = unit.log_file();
    let keys = [
        text("Label", &label),
        domain.user_key(unit),
        format!("\t<key>ProgramArguments</key>\n\t<array>\n{words}\t</array>\n"),
        text("WorkingDirectory", &unit.job_dir),
        format!("\t<key>StartCalendarInterval</key>\n{}", intervals(&unit.timetable.rhythm)),
        "\t<key>RunAtLoad</key>\n\t<false/>\n".to_owned(),
        text("ProcessType", "Background"),
        // SIGTERM stops sending, waits for the answers in progress and writes the reports.
        format!("\t<key>ExitTimeOut</key>\n\t<integer>{}</integer>\n", unit.stop_s),
        // 077 in octal.
        "\t<key>Umask</key>\n\t<integer>63</integer>\n".to_owned(),
        // Standard output is data, and the log names the report directory by itself.
        text("StandardOutPath", "/dev/null"),
        text("StandardErrorPath", &log),
    ];
    let content = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
         \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<!--\n{comment}-->\n<plist version=\"1.0\">\n<dict>\n{}\
         </dict>\n</plist>\n",
        keys.concat()
    );
    vec![UnitFile { name: format!("{label}.plist"), content }]
}

/// A line of a comment, which may not hold two hyphens in a row.
fn in_comment(line: &str) -> String {
    let mut line = line.to_owned();
    while line.contains("--") {
        line = line.replace("--", "- -");
    }
    line
}

fn string(depth: usize, word: &str) -> String {
    format!("{}<string>{}</string>\n", "\t".repeat(depth), of_xml(word))
}

fn text(key: &str, value: &str) -> String {
    format!("\t<key>{key}</key>\n{}", string(1, value))
}

/// The times: one dictionary, or an array of them.
fn intervals(rhythm: &Rhythm) -> String {
    let times: Vec<Vec<(&str, u8)>> = match rhythm {
        Rhythm::Minutes { step } => {
            (0..60).step_by(usize::from(*step)).map(|minute| vec![("Minute", minute)]).collect()
        }
        Rhythm::Hours { step: 1 } => vec![vec![("Minute", 0)]],
        Rhythm::Hours { step } => (0..24)
            .step_by(usize::from(*step))
            .map(|hour| vec![("Hour", hour), ("Minute", 0)])
            .collect(),
        Rhythm::Days { days, hour, minute } if days.len() == WEEKDAYS.len() => {
            vec![vec![("Hour", *hour), ("Minute", *minute)]]
        }
        Rhythm::Days { days, hour, minute } => {
            let day =
                |day: &u8| vec![("Weekday", (day + 1) % 7), ("Hour", *hour), ("Minute", *minute)];
            days.iter().map(day).collect()
        }
        Rhythm::Month { day, hour, minute } => {
            vec![vec![("Day", *day), ("Hour", *hour), ("Minute", *minute)]]
        }
    };
    let dictionary = |time: &Vec<(&str, u8)>, depth: usize| {
        let tabs = "\t".repeat(depth);
        let entry = |(key, value): &(&str, u8)| {
            format!("{tabs}\t<key>{key}</key>\n{tabs}\t<integer>{value}</integer>\n")
        };
        format!("{tabs}<dict>\n{}{tabs}</dict>\n", time.iter().map(entry).collect::<String>())
    };
    match &times[..] {
        [time] => dictionary(time, 1),
        times => {
            let all: String = times.iter().map(|time| dictionary(time, 2)).collect();
            format!("\t<array>\n{all}\t</array>\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::unit;
    use super::*;
    use crate::model::Risk;

    #[test]
    fn each_rhythm_has_so_many_times() {
        for (table, times) in [
            ("hourly", 1),
            ("every 15m", 4),
            ("every 4h", 6),
            ("daily 02:30", 1),
            ("Mon..Wed,Sun 06:00", 4),
            ("monthly 1 03:00", 1),
        ] {
            let text = intervals(&unit(table, Risk::Benign).timetable.rhythm);
            assert_eq!(text.matches("<dict>").count(), times, "{table}: {text}");
            assert_eq!(text.contains("<array>"), times > 1, "{table}: {text}");
        }
    }

    #[test]
    fn what_belongs_to_root_or_the_system_is_a_daemon() {
        let of_ann = unit("Sat 22:00", Risk::Benign);
        let content = |unit: &ScheduledUnit| files(unit).remove(0).content;
        let agent = content(&of_ann);
        assert!(agent.contains("runs only while sortie is logged in"), "{agent}");
        assert!(agent.contains("gui/$(id -u)") && !agent.contains("UserName"), "{agent}");
        let in_library = Some("/Library/LaunchDaemons".to_owned());
        let of_system = ScheduledUnit { out_dir: in_library, ..of_ann.clone() };
        let of_root = ScheduledUnit { user: "root".to_owned(), ..of_ann };
        for (unit, key) in [(&of_system, true), (&of_root, false)] {
            let daemon = content(unit);
            assert!(daemon.contains("bootstrap system /Library/LaunchDaemons/"), "{daemon}");
            assert!(daemon.contains("UserName") && !daemon.contains("gui/"), "{daemon}");
            assert_eq!(daemon.contains("<key>UserName</key>"), key, "{daemon}");
        }
    }

    #[test]
    fn names_cannot_leave_their_place_in_the_property_list() {
        let mut unit = unit("Sat 22:00", Risk::Benign);
        unit.name = "a--->b".to_owned();
        let content = files(&unit).remove(0).content;
        assert!(content.contains("50% off &amp; \"more\"/it's $HOME &lt;1&gt;.yaml"), "{content}");
        let comment = content.split("<!--").nth(1).and_then(|rest| rest.split("-->").next());
        assert!(!comment.expect("a comment").contains("--"), "{content}");
    }
}
