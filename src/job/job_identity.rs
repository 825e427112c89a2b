//! What tells a job from others: its name and its digest.
//!
//! Owns which names can be part of a path. Must never hash a secret: the caller leaves them out.

use sha2::{Digest, Sha256};

use super::diagnostics::{Flaw, quote};
use crate::model::{composed, hexadecimal};

/// Longest name of a job, in characters: it becomes the name of a directory.
pub(super) const JOB_NAME_CHARS_MAX: usize = 64;

/// The job's name for a file that has none of its own.
pub(super) fn name_from_file(file: &str) -> String {
    let base = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = match base.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => base,
    };
    let name: String = composed(stem)
        .chars()
        .map(|letter| if is_name_letter(letter) { letter } else { '-' })
        .take(JOB_NAME_CHARS_MAX)
        .collect();
    let name = name.trim_matches(['-', '.', ' ']);
    if name.is_empty() { "job".to_owned() } else { name.to_owned() }
}

fn is_name_letter(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.' | ' ')
}

/// Checks a name that the operator chose: it becomes part of a path.
pub(super) fn check_job_name(name: &str) -> Result<(), Flaw> {
    let length = name.chars().count();
    if name.trim().is_empty() || length > JOB_NAME_CHARS_MAX {
        return Err(Flaw::new(format!(
            "name has {length} characters; 1 to {JOB_NAME_CHARS_MAX} are allowed"
        )));
    }
    let is_safe = name.chars().all(is_name_letter) && !name.starts_with(['.', '-', ' ']);
    if is_safe {
        return Ok(());
    }
    Err(Flaw::new(format!("name {} cannot be part of a path", quote(name)))
        .hint("use letters, digits, '-', '_' and '.', and begin with a letter or digit"))
}

/// SHA-256 in hexadecimal digits. One part hashes as `sha256sum` does; several are set apart by their
/// lengths, so that a byte cannot move from one file to the other unseen.
pub(super) fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        if parts.len() > 1 {
            hash.update((part.len() as u64).to_be_bytes());
        }
        hash.update(part);
    }
    hexadecimal(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_become_names_of_jobs() {
        for (file, expect) in [
            ("lab.csv", "lab"),
            ("/srv/jobs/design lab.2024.yaml", "design lab.2024"),
            ("<stdin>", "stdin"),
            (".csv", "csv"),
            ("..", "job"),
            ("a\u{1b}b.csv", "a-b"),
            ("Ge\u{301}nie.csv", "Génie"),
        ] {
            assert_eq!(name_from_file(file), expect, "{file}");
            assert!(check_job_name(&name_from_file(file)).is_ok(), "{file}");
        }
        for name in ["", "../x", "a/b", ".hidden", "-rf", &"x".repeat(65)] {
            assert!(check_job_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn digests_set_files_apart() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest(&[b"abc"]), abc);
        assert_ne!(digest(&[b"ab", b"c"]), digest(&[b"a", b"bc"]));
    }
}
