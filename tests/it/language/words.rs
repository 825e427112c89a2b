//! The words and lengths that texts are held to.
//!
//! Owns the tables. Must never read a file.

/// Words of a sentence; about twenty are the aim.
pub(super) const SENTENCE_WORDS_MAX: usize = 30;
/// Letters of a test's name.
pub(super) const TEST_NAME_LETTERS_MAX: usize = 60;

/// A phrase that says less than a noun or a word of the field would.
pub(super) struct Phrase {
    /// The phrase in lower case; a space stands for any white space.
    pub words: &'static str,
    /// What to write.
    pub instead: &'static str,
    /// The word that makes it another phrase when it follows or precedes, or nothing.
    pub unless: &'static [&'static str],
}

const fn phrase(words: &'static str, instead: &'static str) -> Phrase {
    Phrase { words, instead, unless: &[] }
}

/// What no text says. Words that are right as often as wrong ("its own", "the same", "tell", "hold") are left to the reader.
pub(super) const PHRASES: &[Phrase] = &[
    phrase("whoever", "the person by role, or the process"),
    phrase("whomever", "the person by role"),
    phrase("whatever", "the thing"),
    phrase("whichever", "the thing"),
    phrase("somebody", "the approver, the operator, another person"),
    phrase("someone", "the approver, the operator, another person"),
    phrase("nobody", "no process, no user, or say what is missing"),
    phrase("anybody", "any user"),
    phrase("everybody", "all users"),
    phrase("who asks", "the caller"),
    Phrase { words: "such", instead: "this, or name it", unless: &["as", "no"] },
    phrase("as well", "also, or too"),
    phrase("look at", "check, read, review"),
    phrase("looks at", "checks, reads"),
    phrase("looked at", "checked, read"),
    phrase("take up", "start, claim"),
    phrase("takes up", "starts, claims"),
    phrase("taken up", "started, claimed"),
    phrase("take away", "remove"),
    phrase("takes away", "removes"),
    phrase("taken away", "removed"),
    phrase("go on with", "resume, continue"),
    phrase("goes on with", "resumes, continues"),
    phrase("gone on with", "resumed, continued"),
    phrase("come to nothing", "fail, be skipped"),
    phrase("comes to nothing", "fails, is skipped"),
    phrase("be had", "be available"),
    phrase("in the way", "block"),
    phrase("speak against", "prevent"),
    phrase("speaks against", "prevents"),
    phrase("stand for", "mean"),
    phrase("stands for", "means"),
    phrase("agree to", "confirm, approve"),
    phrase("agrees to", "confirms, approves"),
    phrase("agreed to", "confirmed, approved"),
    phrase("in advance", "before"),
    Phrase { words: "pass over", instead: "ignore, skip", unless: &["one"] },
    phrase("passes over", "ignores, skips"),
    phrase("passed over", "ignored, skipped"),
    phrase("is told", "is shown, gets"),
    phrase("are told", "are shown, get"),
    Phrase { words: "any more", instead: "no longer", unless: &["than"] },
    phrase("for ever", "forever, or permanently"),
    phrase("under way", "in progress"),
    phrase("in clear", "unencrypted"),
    phrase("speaks of", "says, reports, names"),
    phrase("came to be", "began"),
    phrase("behaviour", "behavior"),
    phrase("organisation", "organization"),
    phrase("enrolment", "enrollment"),
    phrase("colours", "colors"),
];

/// A phrase that is right in one place.
pub(super) struct Exception {
    pub path: &'static str,
    pub words: &'static str,
    pub why: &'static str,
}

/// Phrases that stay where they are.
pub(super) const EXCEPTIONS: &[Exception] = &[];
