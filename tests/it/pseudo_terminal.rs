//! A terminal for the real program, and a person who types on it.
//!
//! Owns pseudo terminals and their sizes. Must never wait for ever: what hangs is stopped and fails its test.

use std::io::{Read, Write};
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::harness::{Bench, Ran};

/// How long anything on a terminal may take. What takes longer hangs.
const LIMIT: Duration = Duration::from_secs(30);
/// Lines of a terminal with a size.
const LINES: u16 = 40;

#[expect(clippy::disallowed_methods, reason = "people wait in real time")]
fn real_now() -> Instant {
    Instant::now()
}

/// A terminal on which the program runs.
pub(crate) struct Terminal {
    child: Child,
    keys: pty_process::blocking::Pty,
    heard: Arc<Mutex<String>>,
    reader: std::thread::JoinHandle<()>,
}

impl Terminal {
    /// The program on a terminal of this many columns.
    pub(crate) fn sized(bench: &Bench, columns: u16, arguments: &[&str]) -> Self {
        Self::open(bench, env!("CARGO_BIN_EXE_sortie"), arguments, Some(columns))
    }

    /// The program on a terminal of its own, in its foreground.
    pub(crate) fn with(bench: &Bench, arguments: &[&str]) -> Self {
        Self::with_program(bench, env!("CARGO_BIN_EXE_sortie"), arguments)
    }

    /// Any program there, with the environment of the bench.
    pub(crate) fn with_program(bench: &Bench, program: &str, arguments: &[&str]) -> Self {
        Self::open(bench, program, arguments, None)
    }

    fn open(bench: &Bench, program: &str, arguments: &[&str], columns: Option<u16>) -> Self {
        let (keys, terminal) = pty_process::blocking::open().expect("a terminal");
        if let Some(columns) = columns {
            keys.resize(pty_process::Size::new(LINES, columns)).expect("it can be resized");
        }
        let like = bench.command();
        let mut command = pty_process::blocking::Command::new(program).args(arguments).env_clear();
        for (name, value) in like.get_envs() {
            command = command.env(name, value.unwrap_or_default());
        }
        // Nothing is paged, and times are those of one zone.
        command = command.env("PAGER", "cat").env("TZ", "UTC");
        command = command.current_dir(like.get_current_dir().expect("it has one"));
        let child = command.spawn(terminal).expect("the program starts");
        let heard: Arc<Mutex<String>> = Arc::default();
        let screen = Arc::clone(&heard);
        let file = std::os::fd::AsFd::as_fd(&keys).try_clone_to_owned().expect("a descriptor");
        let mut output = std::fs::File::from(file);
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // A terminal whose last program has gone is an error to read.
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
                screen.lock().expect("the screen").push_str(&text);
            }
        });
        Self { child, keys, heard, reader }
    }

    pub(crate) fn screen(&self) -> String {
        self.heard.lock().expect("the screen").clone()
    }

    /// Waits for words on the screen.
    #[track_caller]
    pub(crate) fn shows(&self, words: &str) {
        let until = real_now() + LIMIT;
        while !self.screen().contains(words) {
            assert!(real_now() < until, "'{words}' is not shown:\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// A person makes the window this wide.
    pub(crate) fn resize(&self, columns: u16) {
        self.keys.resize(pty_process::Size::new(LINES, columns)).expect("it can be resized");
    }

    pub(crate) fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("the terminal is there");
    }

    /// Waits for the program's end; one that has not ended in time is stopped, and the test fails.
    #[track_caller]
    pub(crate) fn ends(mut self) -> Ran {
        let until = real_now() + LIMIT;
        let status: ExitStatus = loop {
            if let Some(status) = self.child.try_wait().expect("it is ours") {
                break status;
            }
            if real_now() > until {
                self.child.kill().expect("it is ours");
                panic!("it hangs:\n{}", self.screen());
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        self.reader.join().expect("it only reads");
        let stdout = self.heard.lock().expect("the screen").clone();
        Ran { code: status.code().unwrap_or(-1), stdout, stderr: String::new() }
    }
}

/// Runs it, types this line where the words are shown, and waits for the end.
#[track_caller]
pub(crate) fn answered(bench: &Bench, arguments: &[&str], words: &str, line: &str) -> Ran {
    let mut terminal = Terminal::with(bench, arguments);
    terminal.shows(words);
    terminal.types(line);
    terminal.ends()
}
