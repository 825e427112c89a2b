//! The screens of plans, approvals and prompts.

use super::{WIDTHS, compare_screen, screen};
use crate::bypass::bob_approves;
use crate::fleet::Fleet;
use crate::harness::{Bench, serial};
use crate::pseudo_terminal::Terminal;
use sortie::model::UnixMillis;
use sortie::simulator::{DeviceKind, SimUser, wall_clock};

/// Where lines break depends on the machine's names, so these facts are left out.
const HOST: &[(&str, &str)] = &[
    (r"(?s)  State     .*?\n\n", "  State     [state]\n\n"),
    (r"(?s)  API      http.*?\n  Start ", "  API      [address]\n  Made by  [maker]\n  Start "),
    (r"(?s)  API  +http.*?\n(  Reason|\n)", "  API  [address]\n$1"),
    (r"(?s)API: .*?\n([A-Z][a-z]+ )", "API: [address]\n$1"),
    (r"on \[host\]\s", "on [host] "),
];

/// Devices that checked in five minutes ago, each with a user.
fn fleet(kind: DeviceKind, count: usize) -> Fleet {
    Fleet::with(kind, count, |at, device| {
        device.last_check_in = Some(UnixMillis(wall_clock().0 - 5 * 60_000));
        let email = format!("firstname.lastname{at}@school.example.com");
        device.user = Some(SimUser { email, name: format!("Person {at}") });
    })
}

#[test]
fn plans_fit_the_terminal() {
    let bench = Bench::offline();
    let job = |name: &str| format!("{}/jobs/{name}", env!("CARGO_MANIFEST_DIR"));
    for (name, sample) in [
        ("plan_lock", "lock.csv"),
        ("plan_migration", "migration.yaml"),
        ("plan_erase", "offboarding-erase.yaml"),
    ] {
        screen(&bench, name, &["plan", &job(sample), "--simulate", "--seed", "7"], HOST);
    }
}

#[test]
fn a_dry_run_on_a_whole_fleet_fits_the_terminal() {
    let bench = Bench::offline();
    let send = ["send", "restart", "--all", "--simulate", "--seed", "7", "-n"];
    screen(&bench, "plan_fleet", &send, HOST);
}

#[test]
fn the_approver_s_screen_fits_the_terminal() {
    let fleet = fleet(DeviceKind::IPad, 2);
    bob_approves(&fleet);
    let plan = fleet.plan(&fleet.job("erase", 0..2), "erase.plan");
    let arguments = ["approve", &plan, "--key", "bob"];
    for columns in WIDTHS {
        let mut terminal = Terminal::sized(&fleet.bench, columns, &arguments);
        terminal.shows("to confirm: ");
        terminal.types("n\n");
        let ran = terminal.ends();
        compare_screen(&fleet.bench, "approval", &arguments, columns, &ran, HOST);
    }
}

#[test]
fn prompts_and_wrong_answers_fit_the_terminal() {
    let fleet = fleet(DeviceKind::IPad, 8);
    for (name, action, answer) in
        [("prompt_count", "restart", "2\n"), ("prompt_phrase", "erase", "y\n")]
    {
        let job = fleet.job(action, 0..8);
        let arguments = ["run", &job, "--wait", "0"];
        for columns in WIDTHS {
            let mut terminal = Terminal::sized(&fleet.bench, columns, &arguments);
            terminal.shows("to confirm: ");
            terminal.types(answer);
            let ran = terminal.ends().expect(8);
            let used = [
                (r"\d+ of 8,000 requests", "[n] of 8,000 requests"),
                (r"\(\d+ by this", "([n] by this"),
            ];
            let more = [HOST, &used].concat();
            compare_screen(&fleet.bench, name, &arguments, columns, &ran, &more);
        }
    }
    assert_eq!(fleet.writes(), 0);
}

#[test]
fn full_shows_every_device_of_a_plan() {
    let fleet = fleet(DeviceKind::IPad, 12);
    let job = fleet.job("blank-push", 0..12);
    fleet.plan(&job, "push.plan");
    let key = bob_approves(&fleet);
    let shown = |arguments: &[&str]| {
        let ran = fleet.bench.sortie(arguments).expect(0);
        let text = ran.stdout + &ran.stderr;
        let devices = (0..12).filter(|at| text.contains(&serial(*at))).count();
        (devices, text.contains("Devices (10 of 12; --full shows all)"))
    };
    for command in [
        &["plan", &job][..],
        &["run", &job, "-n"],
        &["send", "blank-push", "--all", "-n"],
        &["approve", "push.plan", "--key", &key, "--yes"],
    ] {
        assert_eq!(shown(command), (10, true), "{command:?}");
        assert_eq!(shown(&[command, &["--full"]].concat()), (12, false), "{command:?}");
    }
}

#[test]
fn plans_of_several_tenants_fit_the_terminal() {
    let bench = Bench::offline();
    let more: &[(&str, &str)] =
        &[(r"(?s)  State  .*?\n\n", "  State  [state]\n\n"), (r"http://127[^ \n]*", "[address]")];
    let rows = |action: &str| {
        let row = |(tenant, at)| format!("{tenant},{},{action}\n", serial(at));
        let rows = [("acme", 0), ("acme", 1), ("globex", 0), ("initech", 2)].map(row);
        format!("tenant,serial_number,action\n{}", rows.concat())
    };
    bench.write("restart.csv", &rows("restart"));
    bench.write("erase.csv", &rows("erase"));
    let plan = ["plan", "erase.csv", "--simulate", "--seed", "7", "--secrets-elsewhere"];
    screen(&bench, "plan_tenants", &plan, more);
    let dry = ["run", "restart.csv", "--simulate", "--seed", "7", "-n"];
    screen(&bench, "dry_run_tenants", &dry, more);
    for (name, job) in [("prompt_tenants", "restart.csv"), ("prompt_tenants_erase", "erase.csv")] {
        let arguments = ["run", job, "--simulate", "--seed", "7", "--secrets-elsewhere"];
        for columns in WIDTHS {
            let mut terminal = Terminal::sized(&bench, columns, &arguments);
            terminal.shows("to confirm: ");
            terminal.types("2\n");
            let ran = terminal.ends().expect(8);
            compare_screen(&bench, name, &arguments, columns, &ran, more);
        }
    }
}
