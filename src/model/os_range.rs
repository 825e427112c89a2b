//! Ranges of OS versions, such as `>=14.0 <15.4`.
//!
//! Owns how a range is written and which versions are in it. Must never compare a version that is no number: `24H2` is
//! neither below nor above a bound.

use super::Os;

/// Bounds on OS versions. Both ends may be open, but not both at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OsRange {
    lower: Option<OsBound>,
    upper: Option<OsBound>,
}

/// One end of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
struct OsBound {
    version: Os,
    /// The version itself is in the range.
    is_included: bool,
}

/// What is wrong with the text of a range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OsRangeFlaw {
    /// A bound has no version, or one that is no dotted number.
    #[error("'{0}' is not a version of numbers, such as 15.4")]
    NotNumbers(String),
    /// A part of the text is not a bound.
    #[error("'{0}' is not a bound, such as <15.4 or >=14.0")]
    NotABound(String),
    /// The text has two lower or two upper bounds.
    #[error("it has two bounds on one side")]
    TwoOnOneSide,
    /// No version is within both bounds.
    #[error("no version is within both bounds")]
    Empty,
}

impl OsRange {
    /// Whether a text is meant as a range: it begins with a sign of comparison.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        text.trim_start().starts_with(['<', '>', '='])
    }

    /// Reads one bound or two, apart by a space or a comma: `<15.4`, `>=14.0 <15.4`.
    ///
    /// ```
    /// use sortie::model::{Os, OsRange};
    /// let range = OsRange::parse(">=14.9 <15.4").expect("a range");
    /// let os = |text| Os::of_numbers(text).expect("a version");
    /// assert!(range.contains(&os("14.10")) && !range.contains(&os("14.2")) && !range.contains(&os("15.4")));
    /// ```
    ///
    /// # Errors
    /// [`OsRangeFlaw`].
    pub fn parse(text: &str) -> Result<Self, OsRangeFlaw> {
        let mut range = Self { lower: None, upper: None };
        for part in bounds_of(text) {
            let (sign, version) = split(&part)?;
            let version = Os::of_numbers(version)
                .ok_or_else(|| OsRangeFlaw::NotNumbers(version.to_owned()))?;
            let bound = OsBound { version, is_included: sign.ends_with('=') };
            let side = if sign.starts_with('<') { &mut range.upper } else { &mut range.lower };
            if side.replace(bound).is_some() {
                return Err(OsRangeFlaw::TwoOnOneSide);
            }
        }
        match (&range.lower, &range.upper) {
            (None, None) => Err(OsRangeFlaw::NotABound(text.trim().to_owned())),
            (Some(lower), Some(upper)) if !lower.meets(upper) => Err(OsRangeFlaw::Empty),
            _ => Ok(range),
        }
    }

    /// Whether a version is within the bounds.
    #[must_use]
    pub fn contains(&self, version: &Os) -> bool {
        let is_above = |bound: &OsBound| {
            *version > bound.version || (bound.is_included && *version == bound.version)
        };
        let is_below = |bound: &OsBound| {
            *version < bound.version || (bound.is_included && *version == bound.version)
        };
        self.lower.as_ref().is_none_or(is_above) && self.upper.as_ref().is_none_or(is_below)
    }

    /// Whether each version is in this range or in the other: as alternatives they exclude nothing.
    #[must_use]
    pub fn covers_all_with(&self, other: &Self) -> bool {
        let is_all = |open_below: &Self, open_above: &Self| match (open_below, open_above) {
            (
                Self { lower: None, upper: Some(upper) },
                Self { lower: Some(lower), upper: None },
            ) => {
                lower.version < upper.version
                    || (lower.version == upper.version && (lower.is_included || upper.is_included))
            }
            _ => false,
        };
        is_all(self, other) || is_all(other, self)
    }
}

impl OsBound {
    /// Whether a version is above this bound and below the other.
    fn meets(&self, upper: &Self) -> bool {
        self.version < upper.version
            || (self.version == upper.version && self.is_included && upper.is_included)
    }
}

/// The bounds of a text, each without spaces: a sign may stand apart from its version.
fn bounds_of(text: &str) -> Vec<String> {
    let mut bounds: Vec<String> = Vec::new();
    for word in text.split([' ', '\t', ',']).filter(|word| !word.is_empty()) {
        match bounds.last_mut() {
            Some(last) if last.ends_with(['<', '>', '=']) => last.push_str(word),
            _ => bounds.push(word.to_owned()),
        }
    }
    bounds
}

/// The sign and the version of a bound.
fn split(bound: &str) -> Result<(&'static str, &str), OsRangeFlaw> {
    let signs = ["<=", ">=", "<", ">"];
    let found = signs.into_iter().find_map(|sign| Some((sign, bound.strip_prefix(sign)?)));
    found.ok_or_else(|| OsRangeFlaw::NotABound(bound.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(range: &str, version: &str) -> bool {
        let version = Os::of_numbers(version).expect("a version of numbers");
        OsRange::parse(range).unwrap_or_else(|flaw| panic!("{range}: {flaw}")).contains(&version)
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for (range, version, is_in) in [
            ("<15.4", "15.3.2", true),
            ("<15.4", "15.4", false),
            ("<15.4", "15.4.1", false),
            ("<15.4", "15.10", false),
            ("<=15.4", "15.4", true),
            ("<=15.4", "15.4.0", true),
            ("<=15.4", "15.4.1", false),
            (">14.9", "14.10", true),
            (">14.9", "14.9", false),
            (">=14.0", "14", true),
            (">=14", "13.7.8", false),
            (">= 14.0, < 15.4", "14.7", true),
            (">=14.0 <15.4", "15.4", false),
            ("<14.4.1", "14.4 (23E214)", true),
            ("<=14.4.1", "14.4.1 (a)", true),
            ("<9", "10.15.7", false),
        ] {
            assert_eq!(holds(range, version), is_in, "{range} {version}");
        }
    }

    #[test]
    fn texts_that_are_no_range_are_refused() {
        for (text, part) in [
            ("<", "not a version of numbers"),
            ("<Sonoma", "'Sonoma' is not a version"),
            ("<24H2", "'24H2' is not a version"),
            ("<15.", "'15.' is not a version"),
            ("<15..4", "is not a version"),
            ("=15.4", "'=15.4' is not a bound"),
            (">=14 15", "'15' is not a bound"),
            (">14 >15", "two bounds on one side"),
            (">=15.4 <14", "no version is within"),
            (">15.4 <=15.4", "no version is within"),
            ("<99999999999", "is not a version"),
        ] {
            let flaw = OsRange::parse(text).expect_err(text).to_string();
            assert!(flaw.contains(part), "{text}: {flaw}");
        }
        assert!(OsRange::parse(">=15.4 <=15.4").is_ok());
    }

    #[test]
    fn alternatives_that_cover_every_version_are_recognized() {
        let range = |text| OsRange::parse(text).expect("a range");
        for (one, other, is_all) in [
            (">=14.0", "<15.4", true),
            ("<15.4", ">=14.0", true),
            (">=15.4", "<15.4", true),
            (">15.4", "<15.4", false),
            ("<14", ">=15.4", false),
            (">=14", ">=15", false),
            (">=14 <15", ">=15", false),
        ] {
            assert_eq!(range(one).covers_all_with(&range(other)), is_all, "{one} {other}");
        }
    }
}
