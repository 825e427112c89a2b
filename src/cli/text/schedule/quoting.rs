//! Words as schedulers read them.
//!
//! Owns the quoting of the shell, cron, systemd and XML. Must never leave a letter as it is that one of them interprets.

/// Letters that need no quoting in a shell or a unit.
fn is_plain(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "/._-:,=@+".contains(letter)
}

fn is_plain_word(word: &str) -> bool {
    !word.is_empty() && word.chars().all(is_plain)
}

/// A word of a POSIX shell.
pub(super) fn of_shell(word: &str) -> String {
    match is_plain_word(word) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

/// A command in a line of cron: cron ends it at a bare `%`, inside of quotation marks too, and removes the backslash.
pub(super) fn of_cron(command: &str) -> String {
    command.replace('%', "\\%")
}

/// A value of a unit without quoting, in which only `%` has a meaning.
pub(super) fn of_unit(text: &str) -> String {
    text.replace('%', "%%")
}

/// A path in a list of a unit.
pub(super) fn of_unit_list(path: &str) -> String {
    match is_plain_word(path) {
        true => path.to_owned(),
        false => format!("\"{}\"", of_unit(path).replace('\\', "\\\\").replace('"', "\\\"")),
    }
}

/// A word of `ExecStart=`, in which `$` has a meaning too.
pub(super) fn of_exec(word: &str) -> String {
    of_unit_list(word).replace('$', "$$")
}

/// A text in XML.
pub(super) fn of_xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reader_gets_its_own_quoting() {
        for (word, shell, exec) in [
            ("/etc/job.yaml", "/etc/job.yaml", "/etc/job.yaml"),
            ("", "''", "\"\""),
            ("two words", "'two words'", "\"two words\""),
            ("it's", "'it'\\''s'", "\"it's\""),
            ("50%", "'50%'", "\"50%%\""),
            ("$HOME", "'$HOME'", "\"$$HOME\""),
            ("a\"b\\c", "'a\"b\\c'", "\"a\\\"b\\\\c\""),
            (";", "';'", "\";\""),
            ("~", "'~'", "\"~\""),
        ] {
            assert_eq!((of_shell(word), of_exec(word)), (shell.to_owned(), exec.to_owned()));
        }
        assert_eq!(of_cron("echo '50%' \"%d\""), "echo '50\\%' \"\\%d\"");
        assert_eq!(of_xml("<a & b>"), "&lt;a &amp; b&gt;");
    }
}
