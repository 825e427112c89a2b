//! Outcomes on a screen.
//!
//! Owns their tones, what they mean in a few words, and the table of their counts. Must never count anything itself.

use crate::cli::text::layout::thousands;
use crate::cli::text::screen::{Screen, Tone};
use crate::cli::text::table::{Table, TableCell, TableColumn};
use crate::model::{Outcome, OutcomeCounts, nearest};

/// The tone that repeats what an outcome says.
pub(crate) fn tone(outcome: Outcome) -> Tone {
    match outcome {
        Outcome::Completed | Outcome::Accepted | Outcome::AlreadyInEffect => Tone::Good,
        Outcome::Pending | Outcome::NotNow | Outcome::Skipped | Outcome::NotAttempted => {
            Tone::Caution
        }
        Outcome::Failed | Outcome::Refused | Outcome::InDoubt => Tone::Bad,
    }
}

/// What an outcome means, short enough to stand beside its count on 80 columns.
fn in_short(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Completed => "the device reported it done",
        Outcome::Accepted => "the API accepted it; not followed to its end",
        Outcome::Pending => "accepted; waits for the device",
        Outcome::NotNow => "the device answered Not Now; it is asked again",
        Outcome::AlreadyInEffect => "nothing to do: already done or already queued",
        Outcome::Failed => "the device reported failure, or no PIN came",
        Outcome::Refused => "the API refused the request",
        Outcome::InDoubt => "sent, no usable answer; never sent again by itself",
        Outcome::Skipped => "left out by a rule",
        Outcome::NotAttempted => "never sent",
    }
}

/// An outcome by its word; hyphens and capitals are forgiven.
pub(crate) fn outcome_of(word: &str) -> Result<Outcome, String> {
    let plain = word.trim().to_lowercase().replace(['-', ' '], "_");
    Outcome::parse(&plain).ok_or_else(|| {
        let words = Outcome::ALL.map(Outcome::word);
        let near = nearest(&plain, words).map(|near| format!("did you mean '{near}'? "));
        let given = word.trim();
        let near = near.unwrap_or_default();
        format!("unknown outcome '{given}'; {near}use one of {}", words.join(", "))
    })
}

/// The outcomes that occur, with their counts.
pub(crate) fn outcome_table(counts: &OutcomeCounts, screen: &Screen) -> String {
    let columns = [
        TableColumn::whole("OUTCOME"),
        TableColumn::number("TASKS"),
        TableColumn::text("MEANING").optional(),
    ];
    let mut table = Table::new(&columns).indented(2);
    for (outcome, tasks) in counts.iter() {
        table.row([
            TableCell::toned(tone(outcome), outcome.word()),
            thousands(tasks).into(),
            TableCell::toned(Tone::Faint, in_short(outcome)),
        ]);
    }
    table.render(screen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::text::table::width_of;

    #[test]
    fn every_outcome_is_explained_on_80_columns() {
        let mut counts = OutcomeCounts::default();
        Outcome::ALL.into_iter().for_each(|outcome| counts.add(outcome));
        let narrow = outcome_table(&counts, &Screen { width: Some(80), ..Screen::plain() });
        assert_eq!(narrow, outcome_table(&counts, &Screen::plain()), "nothing is shortened");
        assert!(narrow.lines().all(|line| width_of(line) <= 80));
        assert_eq!(narrow.lines().count(), 1 + Outcome::ALL.len());
    }

    #[test]
    fn an_outcome_is_read_by_its_word() {
        for (word, outcome) in [
            ("failed", Outcome::Failed),
            ("not_attempted", Outcome::NotAttempted),
            ("In-Doubt", Outcome::InDoubt),
        ] {
            assert_eq!(outcome_of(word), Ok(outcome));
        }
        let said = outcome_of("broken").expect_err("there is none");
        assert!(Outcome::ALL.iter().all(|outcome| said.contains(outcome.word())), "{said}");
        let near = outcome_of("faild").expect_err("there is none");
        assert!(near.contains("; did you mean 'failed'?"), "{near}");
    }
}
