//! The screens of help, and of the program's name alone.

use sortie::simulator::DeviceKind;

use super::screen;
use crate::fleet::Fleet;
use crate::harness::Bench;

#[test]
fn help_fits_the_terminal() {
    let bench = Bench::offline();
    screen(&bench, "help", &["--help"], &[]);
    screen(&bench, "help_run", &["run", "-h"], &[]);
    screen(&bench, "help_run_long", &["run", "--help"], &[]);
}

#[test]
fn settings_and_help_of_a_command_and_topic_fit_the_terminal() {
    let bench = Bench::offline();
    screen(&bench, "settings", &["settings"], &[]);
    screen(&bench, "help_pins", &["help", "pins"], &[]);
}

#[test]
fn the_name_alone_shows_how_to_begin() {
    let bench = Bench::offline();
    screen(&bench, "welcome", &[], &[]);
}

#[test]
fn problems_of_a_job_fit_the_terminal() {
    let bench = Bench::offline();
    bench.write(
        "broken.yaml",
        "version: 1\nforse: true\nactoin: restart\ntargets: {all: true}\nwait: soon, which is a text of more than eighty columns that is cut\n",
    );
    screen(&bench, "check", &["check", "broken.yaml"], &[]);
}

#[test]
fn a_misspelled_blueprint_names_the_one_that_was_meant() {
    let fleet = Fleet::with(DeviceKind::MacAppleSilicon, 2, |_, device| {
        device.blueprint = "Design".to_owned();
    });
    let ran = fleet.bench.sortie(&["devices", "--blueprint", "Desgin"]).expect(0);
    let note = "note: filter blueprint 'Desgin' matches no device; did you mean 'Design'?";
    assert!(ran.stderr.contains(note), "{}", ran.stderr);
    let ran = fleet.bench.sortie(&["devices", "--blueprint", "design"]).expect(0);
    assert!(!ran.stderr.contains("note:"), "{}", ran.stderr);
}
