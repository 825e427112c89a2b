//! The screens of `doctor`, `init` and `profiles`.

use super::{compare_screen, screen};
use crate::harness::{Bench, Tenant, add, prompt_world, serial};
use crate::pseudo_terminal::Terminal;
use sortie::simulator::{DeviceKind, Faults};

/// Values that differ between hosts.
const HOST: &[(&str, &str)] = &[
    (r"\d+(\.\d)? [GM]B free", "[size] free"),
    (r"[\d,]+ of 10,000 requests", "[n] of 10,000 requests"),
    (r"used \d+ of", "used [n] of"),
    (r"(ssh-keygen +)/\S+", "$1[path]"),
];

fn tenant() -> Tenant {
    let mut world = prompt_world(Faults::default());
    add(&mut world, DeviceKind::MacAppleSilicon, &serial(0));
    Tenant::serving(world)
}

#[test]
fn the_findings_of_a_ready_host_fit_the_terminal() {
    let tenant = tenant();
    screen(&Bench::at(&tenant), "doctor_ready", &["doctor"], HOST);
}

#[test]
fn problems_and_what_to_do_fit_the_terminal() {
    let tenant = tenant();
    tenant.with_world(|world| {
        world.switches_mut().denied.insert("get-details".to_owned());
        world.faults_mut().date_skew_ms = 7_200_000;
    });
    let bench = Bench::at(&tenant);
    bench.policy("[caps");
    bench.write("state/STOP", "");
    screen(
        &bench,
        "doctor_problems",
        &["doctor"],
        &[HOST, &[(r"clock +\d.* behind", "clock            [duration] behind")]].concat(),
    );
    let wrong = Bench::new(&tenant.base_url(), "wrong");
    screen(&wrong, "doctor_token", &["doctor"], HOST);
}

#[test]
fn the_list_of_profiles_fits_the_terminal() {
    let bench = Bench::offline();
    let config = "default_profile = \"acme\"\n\n[profile.acme]\nsubdomain = \"acme\"\ntoken_command = \"op\"\n\n\
                  [profile.a-very-long-name-of-a-profile-of-the-design-lab]\n\
                  base_url = \"https://the-design-lab-of-the-northern-region.api.eu.kandji.io\"\ntoken_file = \"/x\"\n";
    bench.write("config.toml", config);
    screen(&bench, "profiles", &["profiles", "--config", "config.toml"], &[]);
}

#[test]
fn the_dialogue_of_init_fits_the_terminal() {
    let tenant = tenant();
    for columns in super::WIDTHS {
        let bench = Bench::offline();
        let arguments = ["init", "--config", "config.toml"];
        let mut terminal = Terminal::sized(&bench, columns, &arguments);
        for (question, answer) in [
            ("Subdomain or API address", format!("{}\n", tenant.base_url())),
            ("Profile name", "acme\n".to_owned()),
            ("Type 1, 2 or 3", "2\n".to_owned()),
            ("Command that prints", format!("echo {}\n", tenant.token())),
            ("Age keys", "\n".to_owned()),
            ("by default?", "n\n".to_owned()),
        ] {
            terminal.shows(question);
            terminal.types(&answer);
        }
        let ran = terminal.ends();
        compare_screen(&bench, "init", &arguments, columns, &ran, HOST);
    }
}
