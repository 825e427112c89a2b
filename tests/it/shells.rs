//! Completion scripts in the shells that read them, and man pages in the formatter that shows them.
//!
//! Owns what is checked with other programs of the host. A program that is not installed is left out; CONTRIBUTING.md lists
//! them. Must never read the configuration of a shell.

use std::path::Path;
use std::process::Command;

use crate::harness::{Bench, Ran};

/// Each shell with its program, and the arguments that check a script without running it.
const SHELLS: [(&str, &str, &[&str]); 5] = [
    ("bash", "bash", &["--norc", "-n"]),
    ("zsh", "zsh", &["-f", "-n"]),
    ("fish", "fish", &["--no-config", "--no-execute"]),
    ("elvish", "elvish", &["-norc", "-compileonly"]),
    ("powershell", "pwsh", &["-NoProfile", "-NonInteractive", "-File"]),
];
/// Columns of a man page on a terminal of 80.
const PAGE_WIDTH: usize = 80;

/// The path of a program of the host, if it is installed.
fn installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

/// Runs a program of the host with a home of its own.
fn run(bench: &Bench, program: &str, arguments: &[&str]) -> Ran {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(bench.path(".")).env("HOME", bench.path("."));
    command.env("XDG_DATA_HOME", bench.path("data")).env("LC_ALL", "C.UTF-8");
    Ran::of(command.output().expect("the program starts"))
}

fn check_script(bench: &Bench, program: &str, arguments: &[&str], file: &str) -> Ran {
    run(bench, program, &[arguments, &[file]].concat())
}

#[test]
fn each_shell_can_read_its_completion_script() {
    let bench = Bench::offline();
    for (shell, program, arguments) in SHELLS {
        let script = bench.sortie(&["completions", shell]).expect(0).stdout;
        assert!(script.contains("repair-clock"), "{shell}");
        if !installed(program) {
            println!("{program} is not installed: its script is not checked");
            continue;
        }
        // Elvish has the map of completers only where a person types.
        let script = match shell {
            "elvish" => {
                let script = script.replace("edit:completion:arg-completer", "completers");
                format!("var completers = [&]\n{script}")
            }
            _ => script,
        };
        bench.write("script", &script);
        let ran = check_script(&bench, program, arguments, "script").expect(0);
        assert_eq!(ran.stderr, "", "{shell}");
        // The check can fail.
        bench.write("broken", &format!("{script}\nif [ {{ (\n"));
        assert_ne!(check_script(&bench, program, arguments, "broken").code, 0, "{shell}");
    }
    let unknown = bench.sortie(&["completions", "tcsh"]).expect(2);
    assert!(unknown.stderr.contains("bash"), "{}", unknown.stderr);
}

/// What bash offers for the last word of a command line.
fn offered_by_bash(bench: &Bench, words: &[&str]) -> Vec<String> {
    let last = words.len() - 1;
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let script = format!(
        "source ./sortie.bash\nfunction=$(complete -p sortie | sed 's/.*-F \\([^ ]*\\) .*/\\1/')\n\
         COMP_WORDS=({words})\nCOMP_CWORD={last}\n\
         \"$function\" sortie '{current}' '{before}'\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
        words = quoted.join(" "),
        current = words[last],
        before = words[last - 1],
    );
    bench.write("complete.sh", &script);
    let ran = run(bench, "bash", &["--norc", "--noprofile", "complete.sh"]).expect(0);
    // `compopt` complains outside of a completion that a person began.
    let complaints = ran.stderr.lines().filter(|line| !line.contains("compopt"));
    assert_eq!(complaints.collect::<Vec<_>>(), Vec::<&str>::new(), "{words:?}");
    let mut offered: Vec<String> = ran.stdout.lines().map(str::to_owned).collect();
    offered.sort();
    offered
}

#[test]
fn bash_completes_commands_options_and_values() {
    if !installed("bash") {
        return println!("bash is not installed");
    }
    let bench = Bench::offline();
    let script = bench.sortie(&["completions", "bash"]).expect(0).stdout;
    bench.write("sortie.bash", &script);
    bench.write("tokens.txt", "");
    for (words, expected) in [
        (&["sortie", "re"][..], &["repair-clock", "report", "resolve", "resume", "retry"][..]),
        (&["sortie", "run", "--token-f"], &["--token-file"]),
        (&["sortie", "run", "--token-file", "tok"], &["tokens.txt"]),
        (&["sortie", "run", "job.csv", "--action", "rest"], &["restart"]),
        (&["sortie", "run", "--format", "j"], &["json"]),
        (&["sortie", "devices", "--platform", "iP"], &["iPad", "iPhone"]),
        (&["sortie", "status", "--outcome", "in"], &["in_doubt"]),
        (&["sortie", "completions", "z"], &["zsh"]),
        (&["sortie", "completions", ""], &["bash", "elvish", "fish", "powershell", "zsh"]),
        (&["sortie", "run", "--if-running", "s"], &["skip"]),
        (&["sortie", "run", "--log-level", "d"], &["debug"]),
        (&["sortie", "help", "--mark"], &["--markdown"]),
    ] {
        assert_eq!(offered_by_bash(&bench, words), expected, "{words:?}");
    }
    for (words, expected) in [
        (&["sortie", "send", ""][..], "restart"),
        (&["sortie", "help", ""], "waves"),
        (&["sortie", "help", ""], "doctor"),
        (&["sortie", "actions", ""], "erase"),
    ] {
        let offered = offered_by_bash(&bench, words);
        assert!(offered.iter().any(|word| word == expected), "{words:?}: {offered:?}");
        assert!(!offered.iter().any(|word| word.starts_with('-')), "{words:?}: {offered:?}");
    }
}

/// The man pages of a directory, with their texts.
fn pages(directory: &Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(directory).expect("the pages are written");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    let text = |name: &String| std::fs::read_to_string(directory.join(name)).expect("a page");
    names.iter().map(|name| (name.clone(), text(name))).collect()
}

#[test]
fn man_pages_have_every_section_and_repeat_exactly() {
    let bench = Bench::offline();
    bench.sortie(&["man", "--out", "one/man"]).expect(0);
    bench.sortie(&["man", "--out", "two"]).expect(0);
    let found = pages(&bench.path("one/man"));
    assert_eq!(found, pages(&bench.path("two")), "nothing depends on the day");
    assert!(found.len() > 45, "{} pages", found.len());
    for (name, text) in &found {
        let sections: &[&str] = match name.ends_with(".1") {
            true => &["NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "FILES", "SEE ALSO"],
            false => &["NAME", "DESCRIPTION", "SEE ALSO"],
        };
        for section in sections {
            assert!(text.contains(&format!("\n.SH {section}\n")), "{name}: no {section}");
        }
    }
    let refused = bench.sortie(&["man", "--out", "two/sortie.1"]).expect(12);
    assert!(refused.stderr.contains("sortie man --out DIR"), "{}", refused.stderr);
}

/// The page as a terminal shows it. Fails where the formatter warns.
fn formatted(bench: &Bench, page: &str) -> Result<String, String> {
    // The name of a test is one word, which nothing breaks.
    let ran = run(bench, "groff", &["-ww", "-Wbreak", "-man", "-Tutf8", "-P-cbou", page]);
    match ran.code == 0 && ran.stderr.is_empty() {
        true => Ok(ran.stdout),
        false => Err(ran.stderr),
    }
}

#[test]
fn man_pages_format_without_warnings_or_wide_lines() {
    if !installed("groff") {
        return println!("groff is not installed");
    }
    let bench = Bench::offline();
    bench.sortie(&["man", "--out", "man"]).expect(0);
    let found = pages(&bench.path("man"));
    crate::harness::on_threads(&found, |(name, _)| {
        let text = formatted(&bench, &format!("man/{name}"));
        let text = text.unwrap_or_else(|warnings| panic!("{name}: {warnings}"));
        for line in text.lines() {
            let is_one_word = !line.trim().contains(' ');
            assert!(is_one_word || line.chars().count() <= PAGE_WIDTH, "{name}: {line}");
        }
    });
    // The formatter can complain.
    bench.write("broken.1", ".TH X 1\n.SH NAME\nx \\- y\n.nonsense\n");
    assert!(formatted(&bench, "broken.1").is_err());
}
