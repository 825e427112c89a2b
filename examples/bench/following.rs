//! Requests for each task that is followed, in virtual time: eight hours pass in seconds.

use std::process::{Command, Stdio};

use crate::Setup;

/// Passes on the figures that the tests of following print.
pub fn measure(_: &Setup) {
    let tests =
        ["test", "--locked", "--all-features", "--test", "it", "--", "following::", "--nocapture"];
    let output = Command::new("cargo").args(tests).stderr(Stdio::null()).output().expect("cargo");
    assert!(output.status.success(), "cargo {tests:?} failed");
    let text = String::from_utf8_lossy(&output.stdout);
    let is_figure = |line: &&str| {
        !line.trim().is_empty() && !line.starts_with("test ") && !line.starts_with("running")
    };
    text.lines().filter(is_figure).for_each(|line| println!("{line}"));
}
