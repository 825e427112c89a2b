//! When a text is probably a misspelling of another.
//!
//! Owns the distance between two texts, and how small it has to be. Must never replace a text by one that is near: people
//! get a suggestion and decide.

/// How many letters must be changed, added, removed or swapped with their neighbor to turn one text into the other
/// (optimal string alignment, a form of Damerau-Levenshtein).
///
/// ```
/// use sortie::model::edit_distance;
/// assert_eq!(edit_distance("restrat", "restart"), 1);
/// ```
#[must_use]
pub fn edit_distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut rows = vec![vec![0; right.len() + 1]; left.len() + 1];
    for (at, row) in rows.iter_mut().enumerate() {
        row[0] = at;
    }
    rows[0] = (0..=right.len()).collect();
    for i in 1..=left.len() {
        for j in 1..=right.len() {
            let change = usize::from(left[i - 1] != right[j - 1]);
            let mut best =
                (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + change);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[left.len()][right.len()]
}

/// Whether two texts differ so little that one is probably the other, misspelled: one edit from four letters on, two from
/// eight on. Shorter texts are one edit away from too many others.
#[must_use]
pub fn is_near(text: &str, known: &str) -> bool {
    let (length, of_known) = (text.chars().count(), known.chars().count());
    let allowed = match length.min(of_known) {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    };
    allowed > 0 && length.abs_diff(of_known) <= allowed && edit_distance(text, known) <= allowed
}

/// The known text that is nearest, if one is near; the first of several that are equally near.
///
/// ```
/// use sortie::model::nearest;
/// assert_eq!(nearest("regoin", ["base_url", "region"]), Some("region"));
/// assert_eq!(nearest("forse", ["base_url", "region"]), None);
/// ```
pub fn nearest<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = known.into_iter().filter(|known| is_near(text, known));
    near.min_by_key(|known| edit_distance(text, known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearness_depends_on_length() {
        assert!(is_near("serialnumbr", "serialnumber"));
        assert!(!is_near("user", "uuid"));
        assert!(!is_near("tag", "tap"));
    }

    #[test]
    fn the_nearest_text_is_suggested_and_a_far_one_is_not() {
        let known = ["per_hour", "per_second", "concurrency"];
        assert_eq!(nearest("per_hours", known), Some("per_hour"));
        assert_eq!(nearest("pre_second", known), Some("per_second"));
        assert_eq!(nearest("speed", known), None);
        assert_eq!(nearest("", known), None);
    }
}
