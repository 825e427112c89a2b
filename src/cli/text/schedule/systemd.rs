//! A job as a service and a timer of systemd.
//!
//! Owns the two files. Must never start missed work that people notice, and never put a token into a unit.

use super::quoting::{of_exec, of_unit, of_unit_list};
use super::remarks::{clocks, commented, head, late_start};
use super::unit::{ScheduledUnit, UnitFile, UnitToken};
use crate::model::{Rhythm, Risk, WEEKDAYS};

/// The name of the token among the credentials of the service.
const CREDENTIAL: &str = "sortie-token";
/// Where systemd makes state directories.
const STATE_ROOT: &str = "/var/lib/";
/// Homes, which `ProtectHome=yes` would hide.
const HOMES: [&str; 3] = ["/home/", "/root/", "/run/user/"];
/// Places that `PrivateTmp=yes` would hide.
const TEMPORARY: [&str; 2] = ["/tmp/", "/var/tmp/"];

pub(super) fn files(unit: &ScheduledUnit) -> Vec<UnitFile> {
    let name = format!("sortie-{}", unit.name);
    vec![
        UnitFile { name: format!("{name}.service"), content: service(unit, &name) },
        UnitFile { name: format!("{name}.timer"), content: timer(unit, &name) },
    ]
}

fn service(unit: &ScheduledUnit, name: &str) -> String {
    let mut text = commented(&head(unit));
    text.push_str(&commented(&[
        format!("Install {name}.service and {name}.timer in /etc/systemd/system, then run:"),
        format!("  systemctl daemon-reload && systemctl enable --now {name}.timer"),
        "systemd 250 or newer.".to_owned(),
    ]));
    let description = of_unit(&format!("sortie: {} ({})", unit.name, unit.risk.word()));
    text.push_str(&format!(
        "\n[Unit]\nDescription={description}\nWants=network-online.target\nAfter=network-online.target\n\
         # To alert a person when a run fails, name a unit of yours:\n# OnFailure=alert@%n.service\n\
         \n[Service]\nType=oneshot\nUser={}\nWorkingDirectory={}\nUMask=0077\n",
        of_unit(&unit.user),
        of_unit(&unit.job_dir),
    ));
    if unit.user == "root" {
        text.push_str(
            "# A user that owns the state directory and nothing else is safer than root.\n",
        );
    }
    text.push_str("# Variables of your shell are not there; add those that you need:\n");
    text.push_str("# Environment=HTTPS_PROXY=http://proxy.example.com:3128\n");
    text.push_str(&token(unit));
    text.push_str(&format!("ExecStart={}\n", exec(unit)));
    text.push_str("# Standard output is data; the journal gets the lines of the log.\nStandardOutput=null\nStandardError=journal\n");
    text.push_str(
        "# 10: commands are still pending. 13: another run or process uses the job or a device.\n\
         # Other codes: sortie help exit-codes\nSuccessExitStatus=10 13\n\
         # SIGTERM stops sending, waits for the answers in progress and writes the reports.\n",
    );
    text.push_str(&format!(
        "KillSignal=SIGTERM\nKillMode=mixed\nTimeoutStopSec={}s\n\
         # The job itself limits how long it sends and follows.\nTimeoutStartSec=infinity\n",
        unit.stop_s
    ));
    text.push_str(&places(unit));
    text.push_str(hardening());
    text
}

/// Where the token comes from.
fn token(unit: &ScheduledUnit) -> String {
    match &unit.token {
        UnitToken::File(path) => format!(
            "# The token: systemd reads this file as root and shows it to this service only. Mode 0600 is enough.\n\
             LoadCredential={CREDENTIAL}:{}\n",
            of_unit(path)
        ),
        UnitToken::OfProfile(name) => {
            format!("# The token: the profile {} says where it is.\n", of_unit(name))
        }
    }
}

fn exec(unit: &ScheduledUnit) -> String {
    let mut words: Vec<String> = unit.command.iter().map(|word| of_exec(word)).collect();
    if let UnitToken::File(_) = unit.token {
        // %d is the directory of the credentials.
        words.extend(["--token-file".to_owned(), format!("%d/{CREDENTIAL}")]);
    }
    words.join(" ")
}

/// The directories that the service may write, and which others it sees.
fn places(unit: &ScheduledUnit) -> String {
    let mut text =
        "# It writes into these directories only. They have to exist, and belong to the user.\n"
            .to_owned();
    let state = unit.state_dir.strip_prefix(STATE_ROOT).filter(|rest| !rest.is_empty());
    let mut writable = vec![of_unit_list(&unit.report_dir)];
    match state {
        Some(rest) => text
            .push_str(&format!("StateDirectory={}\nStateDirectoryMode=0700\n", of_unit_list(rest))),
        None => writable.insert(0, of_unit_list(&unit.state_dir)),
    }
    // Without them a run goes on, so a missing one must not keep the service from its start.
    writable.extend(unit.more_dirs.iter().map(|directory| of_unit_list(&format!("-{directory}"))));
    text.push_str(&format!("ReadWritePaths={}\n", writable.join(" ")));
    let mut paths = vec![&unit.state_dir, &unit.report_dir, &unit.job_dir];
    paths.extend(unit.command.iter().filter(|word| word.starts_with('/')));
    let is_in = |roots: &[&str]| {
        let below = |path: &&&String| roots.iter().any(|root| format!("{path}/").starts_with(root));
        paths.iter().any(|path| below(&path))
    };
    // A profile's token command can need the home, too.
    let needs_home = is_in(&HOMES) || matches!(unit.token, UnitToken::OfProfile(_));
    text.push_str(if needs_home { "ProtectHome=read-only\n" } else { "ProtectHome=yes\n" });
    if !is_in(&TEMPORARY) {
        text.push_str("PrivateTmp=yes\n");
    }
    text
}

/// What the service does not need.
fn hardening() -> &'static str {
    "ProtectSystem=strict\nNoNewPrivileges=yes\nCapabilityBoundingSet=\nPrivateDevices=yes\n\
     ProtectClock=yes\nProtectHostname=yes\nProtectControlGroups=yes\nProtectKernelLogs=yes\n\
     ProtectKernelModules=yes\nProtectKernelTunables=yes\nProtectProc=invisible\nRestrictNamespaces=yes\n\
     RestrictRealtime=yes\nRestrictSUIDSGID=yes\nRestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX\n\
     LockPersonality=yes\nSystemCallArchitectures=native\n"
}

fn timer(unit: &ScheduledUnit, name: &str) -> String {
    let mut lines = head(unit);
    lines.extend(clocks(unit, "no start on that day", "one start, at the first of the two"));
    let mut text = commented(&lines);
    let description = of_unit(&format!("start sortie: {}", unit.name));
    text.push_str(&format!(
        "\n[Unit]\nDescription={description}\n\n[Timer]\nUnit={name}.service\nOnCalendar={}\n",
        calendar(unit)
    ));
    if unit.risk >= Risk::Disruptive {
        text.push_str(
            "# Not at the next boot: work that people notice starts at its time, or not at all.\n",
        );
        text.push_str("Persistent=false\n");
        text.push_str(&commented(&Vec::from_iter(late_start(unit))));
    } else {
        text.push_str(
            "# A start that was missed while the host was off happens at the next boot.\n",
        );
        text.push_str("Persistent=true\n");
    }
    text.push_str("AccuracySec=1min\n\n[Install]\nWantedBy=timers.target\n");
    text
}

/// The timetable as `OnCalendar=` has it.
fn calendar(unit: &ScheduledUnit) -> String {
    let text = match &unit.timetable.rhythm {
        Rhythm::Minutes { step } => format!("*-*-* *:00/{step}:00"),
        Rhythm::Hours { step: 1 } => "*-*-* *:00:00".to_owned(),
        Rhythm::Hours { step } => format!("*-*-* 00/{step}:00:00"),
        Rhythm::Days { days, hour, minute } if days.len() == WEEKDAYS.len() => {
            format!("*-*-* {hour:02}:{minute:02}:00")
        }
        Rhythm::Days { days, hour, minute } => {
            let days: Vec<&str> = days.iter().map(|day| WEEKDAYS[usize::from(*day)]).collect();
            format!("{} *-*-* {hour:02}:{minute:02}:00", days.join(","))
        }
        Rhythm::Month { day, hour, minute } => format!("*-*-{day:02} {hour:02}:{minute:02}:00"),
    };
    match &unit.zone {
        Some(zone) => format!("{text} {zone}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::unit;
    use super::*;

    #[test]
    fn each_rhythm_is_one_expression_of_the_calendar() {
        for (table, expected) in [
            ("hourly", "*-*-* *:00:00 UTC"),
            ("every 15m", "*-*-* *:00/15:00 UTC"),
            ("every 4h Europe/Berlin", "*-*-* 00/4:00:00 Europe/Berlin"),
            ("daily 02:30", "*-*-* 02:30:00 UTC"),
            ("Mon..Wed,Sun 06:00", "Mon,Tue,Wed,Sun *-*-* 06:00:00 UTC"),
            ("monthly 1 03:00", "*-*-01 03:00:00 UTC"),
        ] {
            assert_eq!(calendar(&unit(table, Risk::Benign)), expected, "{table}");
        }
    }

    #[test]
    fn only_work_without_notice_starts_after_a_boot() {
        for (risk, is_persistent) in [
            (Risk::Read, true),
            (Risk::Benign, true),
            (Risk::Disruptive, false),
            (Risk::Irreversible, false),
        ] {
            let timer = timer(&unit("Sat 22:00", risk), "x");
            let line = format!("\nPersistent={is_persistent}\n");
            assert!(
                timer.contains(&line) && timer.matches("\nPersistent=").count() == 1,
                "{timer}"
            );
        }
    }

    #[test]
    fn specifiers_and_variables_of_systemd_are_escaped() {
        let exec = exec(&unit("hourly", Risk::Benign));
        assert_eq!(
            exec,
            "/usr/local/bin/sortie --state-dir /var/lib/sortie run \"/etc/sortie/50%% off & \
             \\\"more\\\"/it's $$HOME <1>.yaml\" --yes --reason \"100%%\\\\ done\" --token-file %d/sortie-token"
        );
    }

    #[test]
    fn what_the_service_needs_stays_visible() {
        let system = service(&unit("hourly", Risk::Benign), "x");
        for line in ["StateDirectory=sortie", "ProtectHome=yes", "PrivateTmp=yes"] {
            assert!(system.contains(&format!("\n{line}\n")), "{line}: {system}");
        }
        assert!(system.contains("\nReadWritePaths=\"/srv/reports of IT\"\n"), "{system}");
        let of_home = ScheduledUnit {
            state_dir: "/home/ann/state".to_owned(),
            report_dir: "/tmp".to_owned(),
            more_dirs: vec!["/var/lib/metrics".to_owned()],
            ..unit("hourly", Risk::Benign)
        };
        let of_home = service(&of_home, "x");
        assert!(of_home.contains(
            "\nReadWritePaths=/home/ann/state /tmp -/var/lib/metrics\nProtectHome=read-only\n"
        ));
        assert!(!of_home.contains("StateDirectory") && !of_home.contains("PrivateTmp"));
    }
}
