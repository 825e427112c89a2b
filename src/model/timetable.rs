//! When a job starts again and again: a rhythm, and the place whose clocks it follows.
//!
//! Owns the reading of the text, and the moments that follow from it. Must never read a clock, nor accept a rhythm that
//! cron, systemd and launchd would take differently.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use serde::Serialize;

use super::UnixMillis;

/// The days as a timetable writes them, Monday first.
pub const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
/// Steps in minutes that divide an hour. A shorter one than five minutes would overtake itself.
const MINUTE_STEPS: [u8; 7] = [5, 6, 10, 12, 15, 20, 30];
/// Steps in hours that divide a day.
const HOUR_STEPS: [u8; 7] = [1, 2, 3, 4, 6, 8, 12];
/// The last day of a month that every month has.
const MONTH_DAY_MAX: u8 = 28;
/// How many days ahead starts and changes of the clocks are looked for: a year, and the days around its ends.
const DAYS_AHEAD: i64 = 400;

/// How often a job starts. Steps divide the hour or the day, so that the gaps between starts are equal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rhythm {
    /// Every so many minutes, from the full hour.
    Minutes {
        /// The step: 5, 6, 10, 12, 15, 20 or 30.
        step: u8,
    },
    /// Every so many hours, from midnight.
    Hours {
        /// The step: 1, 2, 3, 4, 6, 8 or 12.
        step: u8,
    },
    /// On some days of the week.
    Days {
        /// Positions in [`WEEKDAYS`], ascending; all seven for every day.
        days: Vec<u8>,
        /// The hour.
        hour: u8,
        /// The minute.
        minute: u8,
    },
    /// On one day of each month.
    Month {
        /// The day, from 1 to 28.
        day: u8,
        /// The hour.
        hour: u8,
        /// The minute.
        minute: u8,
    },
}

/// When a job starts again and again.
///
/// ```
/// use sortie::model::Timetable;
/// let table = Timetable::parse("Sat 22:00 Europe/Berlin").expect("a timetable");
/// assert_eq!(table.zone.as_deref(), Some("Europe/Berlin"));
/// assert_eq!(table.shown(), "Sat 22:00");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Timetable {
    /// How often.
    pub rhythm: Rhythm,
    /// The IANA name of the time zone; `None` for that of the host.
    pub zone: Option<String>,
}

/// What the clocks of a place do to one of the starts within a year.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum ClockChange {
    /// The clocks skip the time on this day.
    Skipped {
        /// Year, month and day.
        day: Date,
    },
    /// The clocks show the time twice on this day.
    Twice {
        /// Year, month and day.
        day: Date,
    },
}

/// Why a step is none.
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CadenceFlaw {
    /// It has no number, or another unit.
    #[error("a gap is a number with m or h, such as 15m or 4h")]
    Form,
    /// The number is zero.
    #[error("a gap of 0 has no next start")]
    Zero,
    /// Seconds are too fine.
    #[error("schedulers start jobs on the minute, not on the second")]
    Seconds,
    /// Days have their own form.
    #[error("for days write \"daily 02:30\", \"Sat 22:00\" or \"monthly 1 03:00\"")]
    Days,
    /// The next start would come too soon.
    #[error("gaps are 5 minutes or longer, so that a start does not overtake the one before")]
    TooShort,
    /// Minutes that are more than half an hour.
    #[error("gaps over 30 minutes are written in hours")]
    InHours,
    /// The last gap of the hour would be shorter.
    #[error("it does not divide 60 minutes, so the last gap of each hour would be shorter")]
    Hour,
    /// The last gap of the day would be shorter.
    #[error("it does not divide 24 hours, so the last gap of each day would be shorter")]
    Day,
    /// The gap is longer than half a day.
    #[error("for a day or longer write \"daily 02:30\", \"Sat 22:00\" or \"monthly 1 03:00\"")]
    TooLong,
}

/// Why a text is not a timetable, in words for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimetableError {
    /// The text has another form.
    #[error(
        "'{0}' is not a timetable; write one such as \"daily 02:30\", \"Mon..Fri 06:00\", \"Sat,Sun 22:00\", \
         \"monthly 1 03:00\", \"hourly\" or \"every 15m\", with a time zone at the end if needed"
    )]
    Form(String),
    /// The step is none of the few that every scheduler keeps.
    #[error(
        "'every {text}': {why}; write minutes that divide 60, from 5m to 30m, or hours that divide 24, from 1h to 12h"
    )]
    Step {
        /// The step.
        text: String,
        /// What is wrong with it.
        why: CadenceFlaw,
    },
    /// The time of day cannot be read.
    #[error("'{0}' is not a time of day; write it with two digits each, such as 06:00")]
    Time(String),
    /// A day is not known, is named twice, or ends a range before its beginning.
    #[error(
        "'{0}' is not a list of days; write Mon, Mon..Fri or Sat,Sun, each day once and ranges from Monday to Sunday"
    )]
    Days(String),
    /// The day of the month is missing in some months.
    #[error("'{0}' is not a day that every month has; write a day from 1 to 28")]
    MonthDay(String),
    /// The time zone is not known.
    #[error("'{0}' is not a time zone; write one such as Europe/Berlin or UTC")]
    Timezone(String),
}

impl Timetable {
    /// Reads a text such as `Mon..Fri 06:00` or `every 15m Europe/Berlin`.
    ///
    /// # Errors
    /// [`TimetableError`].
    pub fn parse(text: &str) -> Result<Self, TimetableError> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let form = || TimetableError::Form(text.to_owned());
        let first = words.first().ok_or_else(form)?.to_ascii_lowercase();
        let word = |at: usize| words.get(at).copied().ok_or_else(form);
        let (rhythm, taken) = match first.as_str() {
            "hourly" => (Rhythm::Hours { step: 1 }, 1),
            "every" => (step(word(1)?)?, 2),
            "daily" => {
                let (hour, minute) = time_of_day(word(1)?)?;
                (Rhythm::Days { days: (0..7).collect(), hour, minute }, 2)
            }
            "monthly" => {
                let (day, (hour, minute)) = (month_day(word(1)?)?, time_of_day(word(2)?)?);
                (Rhythm::Month { day, hour, minute }, 3)
            }
            _ => {
                let days = days(words[0]).ok_or_else(|| match words[0].get(..3) {
                    Some(head) if weekday(head).is_some() => {
                        TimetableError::Days(words[0].to_owned())
                    }
                    _ => form(),
                })?;
                let (hour, minute) = time_of_day(word(1)?)?;
                (Rhythm::Days { days, hour, minute }, 2)
            }
        };
        let zone = match words.get(taken..).unwrap_or_default() {
            [] => None,
            [name] => Some(zone(name)?),
            _ => return Err(form()),
        };
        Ok(Self { rhythm, zone })
    }

    /// The rhythm for people, as it can be written again: `Sat 22:00`.
    #[must_use]
    pub fn shown(&self) -> String {
        match &self.rhythm {
            Rhythm::Minutes { step } => format!("every {step}m"),
            Rhythm::Hours { step: 1 } => "hourly".to_owned(),
            Rhythm::Hours { step } => format!("every {step}h"),
            Rhythm::Days { days, hour, minute } if days.len() == 7 => {
                format!("daily {hour:02}:{minute:02}")
            }
            Rhythm::Days { days, hour, minute } => {
                let days: Vec<&str> = days.iter().map(|day| WEEKDAYS[usize::from(*day)]).collect();
                format!("{} {hour:02}:{minute:02}", days.join(","))
            }
            Rhythm::Month { day, hour, minute } => format!("monthly {day} {hour:02}:{minute:02}"),
        }
    }

    /// The next starts after a moment, by the clocks of a place. A time that the clocks skip is left out, and one that
    /// they show twice counts once, as systemd does it.
    #[must_use]
    pub fn starts(&self, after: UnixMillis, zone: &TimeZone, count: usize) -> Vec<UnixMillis> {
        let moment = |at: DateTime| {
            let at = zone.to_ambiguous_timestamp(at);
            match at.offset() {
                AmbiguousOffset::Gap { .. } => None,
                _ => at.compatible().ok().map(|at| UnixMillis(at.as_millisecond())),
            }
        };
        let starts = self.times(after, zone).filter_map(moment);
        let mut starts: Vec<UnixMillis> = starts.filter(|at| *at > after).take(count).collect();
        starts.dedup();
        starts
    }

    /// What the clocks of a place do to the starts of the year after a moment: the first day that matters.
    #[must_use]
    pub fn clock_change(&self, after: UnixMillis, zone: &TimeZone) -> Option<ClockChange> {
        let change = |at: DateTime| match zone.to_ambiguous_timestamp(at).offset() {
            AmbiguousOffset::Unambiguous { .. } => None,
            AmbiguousOffset::Gap { .. } => Some(ClockChange::Skipped { day: at.date() }),
            AmbiguousOffset::Fold { .. } => Some(ClockChange::Twice { day: at.date() }),
        };
        self.times(after, zone).find_map(change)
    }

    /// The times by the clock on the wall, from the day of a moment on.
    fn times(&self, from: UnixMillis, zone: &TimeZone) -> impl Iterator<Item = DateTime> {
        let moment = jiff::Timestamp::from_millisecond(from.0).unwrap_or_default();
        let today = zone.to_datetime(moment).date();
        let days = (0..DAYS_AHEAD)
            .filter_map(move |ahead| today.checked_add(jiff::Span::new().days(ahead)).ok());
        days.flat_map(|day| {
            let times = self.times_of(day);
            times.into_iter().map(move |time| DateTime::from_parts(day, time))
        })
    }

    fn times_of(&self, day: Date) -> Vec<Time> {
        let time = |hour: u8, minute: u8| {
            Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()
        };
        match &self.rhythm {
            Rhythm::Minutes { step } => {
                let minutes = |hour| (0..60).step_by(usize::from(*step)).map(move |it| (hour, it));
                (0..24).flat_map(minutes).filter_map(|(hour, minute)| time(hour, minute)).collect()
            }
            Rhythm::Hours { step } => {
                (0..24).step_by(usize::from(*step)).filter_map(|hour| time(hour, 0)).collect()
            }
            Rhythm::Days { days, hour, minute } => {
                let today = day.weekday().to_monday_zero_offset();
                let is_named = days.iter().any(|it| i8::try_from(*it) == Ok(today));
                is_named.then(|| time(*hour, *minute)).flatten().into_iter().collect()
            }
            Rhythm::Month { day: named, hour, minute } => {
                let is_named = i8::try_from(*named) == Ok(day.day());
                is_named.then(|| time(*hour, *minute)).flatten().into_iter().collect()
            }
        }
    }
}

fn step(text: &str) -> Result<Rhythm, TimetableError> {
    let number = text.trim_end_matches(|letter: char| !letter.is_ascii_digit());
    let unit = text.strip_prefix(number).unwrap_or_default();
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    // A number that is too large to be read is too large for a gap, too.
    let count = number.parse().unwrap_or(u32::MAX);
    let small = u8::try_from(count).unwrap_or(u8::MAX);
    let why = match unit {
        _ if !is_number => CadenceFlaw::Form,
        "m" | "h" | "s" | "d" if count == 0 => CadenceFlaw::Zero,
        "s" => CadenceFlaw::Seconds,
        "d" => CadenceFlaw::Days,
        "m" if MINUTE_STEPS.contains(&small) => return Ok(Rhythm::Minutes { step: small }),
        "m" if count == 60 => return Ok(Rhythm::Hours { step: 1 }),
        "m" if small < MINUTE_STEPS[0] => CadenceFlaw::TooShort,
        "m" if count > 30 => CadenceFlaw::InHours,
        "m" => CadenceFlaw::Hour,
        "h" if HOUR_STEPS.contains(&small) => return Ok(Rhythm::Hours { step: small }),
        "h" if count >= 24 => CadenceFlaw::TooLong,
        "h" => CadenceFlaw::Day,
        _ => CadenceFlaw::Form,
    };
    Err(TimetableError::Step { text: text.to_owned(), why })
}

fn month_day(text: &str) -> Result<u8, TimetableError> {
    digits(text)
        .filter(|day| (1..=MONTH_DAY_MAX).contains(day))
        .ok_or_else(|| TimetableError::MonthDay(text.to_owned()))
}

fn time_of_day(text: &str) -> Result<(u8, u8), TimetableError> {
    let wrong = || TimetableError::Time(text.to_owned());
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    let two = |part: &str| digits(part).filter(|_| part.len() == 2).ok_or_else(wrong);
    let (hour, minute) = (two(hour)?, two(minute)?);
    if hour < 24 && minute < 60 { Ok((hour, minute)) } else { Err(wrong()) }
}

/// The days of `Mon..Fri,Sun`, ascending; `None` where the text is no list of days.
fn days(text: &str) -> Option<Vec<u8>> {
    let mut found: Vec<u8> = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once("..").unwrap_or((part, part));
        let (first, last) = (weekday(first)?, weekday(last)?);
        if first > last || (first..=last).any(|day| found.contains(&day)) {
            return None;
        }
        found.extend(first..=last);
    }
    found.sort_unstable();
    Some(found)
}

fn weekday(text: &str) -> Option<u8> {
    let at = WEEKDAYS.iter().position(|day| day.eq_ignore_ascii_case(text))?;
    u8::try_from(at).ok()
}

fn zone(text: &str) -> Result<String, TimetableError> {
    let unknown = || TimetableError::Timezone(text.to_owned());
    let zone = TimeZone::get(text).map_err(|_| unknown())?;
    zone.iana_name().map(str::to_owned).ok_or_else(unknown)
}

/// A number in ASCII digits alone.
fn digits(text: &str) -> Option<u8> {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(table: &str, after: &str, count: usize) -> Vec<String> {
        let table = Timetable::parse(table).expect(table);
        let zone = TimeZone::get(table.zone.as_deref().unwrap_or("UTC")).expect("a zone");
        let after = UnixMillis::parse(after).expect("a moment");
        table.starts(after, &zone, count).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_form_is_read_and_shown_as_it_can_be_read_again() {
        for (text, shown) in [
            ("hourly", "hourly"),
            ("HOURLY", "hourly"),
            ("every 15m", "every 15m"),
            ("every 12m", "every 12m"),
            ("every 60m", "hourly"),
            ("every 1h", "hourly"),
            ("every 4h", "every 4h"),
            ("daily 02:30", "daily 02:30"),
            ("Mon..Sun 02:30", "daily 02:30"),
            ("Mon..Fri 06:00", "Mon,Tue,Wed,Thu,Fri 06:00"),
            ("sat,sun 22:00", "Sat,Sun 22:00"),
            ("Sun,Mon..Tue 00:00", "Mon,Tue,Sun 00:00"),
            ("  Sat   22:00  ", "Sat 22:00"),
            ("monthly 1 03:00", "monthly 1 03:00"),
            ("monthly 28 23:59", "monthly 28 23:59"),
        ] {
            let table = Timetable::parse(text).expect(text);
            assert_eq!((table.shown().as_str(), &table.zone), (shown, &None), "{text}");
            assert_eq!(Timetable::parse(shown).expect(shown), table);
            let placed = Timetable::parse(&format!("{text} europe/berlin")).expect(text);
            assert_eq!(placed.zone.as_deref(), Some("Europe/Berlin"), "{text}");
        }
    }

    #[test]
    fn what_is_no_timetable_is_refused_with_the_reason() {
        for (text, expected) in [
            ("", "is not a timetable"),
            ("soon", "is not a timetable"),
            ("daily", "is not a timetable"),
            ("monthly 1", "is not a timetable"),
            ("hourly UTC now", "is not a timetable"),
            ("every", "is not a timetable"),
            ("\u{e9}\u{e9}\u{e9} 22:00", "is not a timetable"),
            ("every 0m", "has no next start"),
            ("every 0h", "has no next start"),
            ("every 30s", "not on the second"),
            ("every 1d", "daily 02:30"),
            ("every 1m", "5 minutes or longer"),
            ("every 7m", "does not divide 60 minutes"),
            ("every 45m", "written in hours"),
            ("every 120m", "written in hours"),
            ("every 5h", "does not divide 24 hours"),
            ("every 24h", "for a day or longer"),
            ("every 300h", "for a day or longer"),
            ("every 99999999999999m", "written in hours"),
            ("every -5m", "a number with m or h"),
            ("every m", "a number with m or h"),
            ("every 15", "a number with m or h"),
            ("every 15\u{e9}", "a number with m or h"),
            ("every 7m", "from 5m to 30m, or hours that divide 24, from 1h to 12h"),
            ("daily 2:30", "is not a time of day"),
            ("daily 24:00", "is not a time of day"),
            ("daily 02:60", "is not a time of day"),
            ("daily +2:30", "is not a time of day"),
            ("Sat Europe/Berlin", "is not a time of day"),
            ("Sat,Sat 22:00", "is not a list of days"),
            ("Fri..Mon 22:00", "is not a list of days"),
            ("Mon..Wed,Tue 22:00", "is not a list of days"),
            ("Sat, 22:00", "is not a list of days"),
            ("monthly 0 03:00", "is not a day that every month has"),
            ("monthly 31 03:00", "is not a day that every month has"),
            ("hourly Mars/Olympus", "is not a time zone"),
        ] {
            let error = Timetable::parse(text).expect_err(text).to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn starts_follow_the_clocks_of_the_place() {
        let winter = "2026-11-29T12:00:00Z";
        for (table, first) in [
            ("Sat 22:00 Europe/Berlin", "2026-12-05T21:00:00.000Z"),
            ("daily 12:00", "2026-11-30T12:00:00.000Z"),
            ("monthly 1 03:00", "2026-12-01T03:00:00.000Z"),
            ("hourly Asia/Kolkata", "2026-11-29T12:30:00.000Z"),
            ("every 15m", "2026-11-29T12:15:00.000Z"),
            ("every 6h", "2026-11-29T18:00:00.000Z"),
        ] {
            assert_eq!(starts(table, winter, 1), [first], "{table}");
        }
        let spring = starts("daily 02:30 Europe/Berlin", "2027-03-27T12:00:00Z", 1);
        assert_eq!(spring, ["2027-03-29T00:30:00.000Z"], "the skipped time is left out");
        let autumn = starts("daily 02:30 Europe/Berlin", "2027-10-30T12:00:00Z", 2);
        assert_eq!(autumn, ["2027-10-31T00:30:00.000Z", "2027-11-01T01:30:00.000Z"]);
    }

    #[test]
    fn a_time_that_the_clocks_skip_or_repeat_is_found() {
        let zone = TimeZone::get("Europe/Berlin").expect("a zone");
        let change = |table: &str, after: &str| {
            let after = UnixMillis::parse(after).expect("a moment");
            Timetable::parse(table).expect(table).clock_change(after, &zone)
        };
        let day = |month, day| Date::new(2027, month, day).expect("a day");
        let (winter, summer) = ("2026-11-29T12:00:00Z", "2027-06-01T12:00:00Z");
        let skipped = Some(ClockChange::Skipped { day: day(3, 28) });
        let twice = Some(ClockChange::Twice { day: day(10, 31) });
        assert_eq!(change("daily 02:30", winter), skipped);
        assert_eq!(change("daily 02:30", summer), twice);
        assert_eq!(change("Sun 02:30", winter), skipped);
        for quiet in ["daily 03:00", "Sat 02:30", "monthly 1 02:30", "daily 22:00"] {
            assert_eq!(change(quiet, winter), None, "{quiet}");
        }
    }
}
