//! When work may be sent: days and hours of a place.
//!
//! Owns the reading of days, hours and time zones, and the changes of the clocks twice a year. Must never read a
//! clock.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::UnixMillis;

/// How many days ahead the next opening is looked for: a week, and a day on each side.
const DAYS_AHEAD: i64 = 9;
/// The days as jobs write them, Monday first.
const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// Hours of some days of the week, in a time zone.
///
/// `from` later than `to` spans midnight; the day is then that of its beginning. An hour that the clocks skip is
/// taken as so long after midnight, and one that comes twice means its first time.
///
/// ```
/// use sortie::model::{UnixMillis, Window};
/// let window = Window::new(&["sat", "sun"], "22:00", "06:00", "Europe/Berlin").expect("a window");
/// let saturday_night = UnixMillis::parse("2026-11-28T23:30:00+01:00").expect("a moment");
/// assert!(window.at(saturday_night).is_open());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, try_from = "WrittenWindow")]
pub struct Window {
    days: Vec<String>,
    from: String,
    to: String,
    timezone: String,
}

/// A window as files write it, unchecked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenWindow {
    days: Vec<String>,
    from: String,
    to: String,
    timezone: String,
}

impl TryFrom<WrittenWindow> for Window {
    type Error = WindowError;

    fn try_from(written: WrittenWindow) -> Result<Self, WindowError> {
        let days: Vec<&str> = written.days.iter().map(String::as_str).collect();
        Self::new(&days, &written.from, &written.to, &written.timezone)
    }
}

/// Whether a window is open at a moment, and when that changes.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum WindowState {
    /// It is, until this moment.
    Open {
        /// The end.
        until: UnixMillis,
    },
    /// It is not.
    Closed {
        /// When it opens next.
        opens_at: UnixMillis,
    },
}

impl WindowState {
    /// Whether requests may be sent at that moment.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Open { .. })
    }

    /// The moment at which the window opens or closes next; `None` where it never does.
    #[must_use]
    pub fn changes_at(self) -> UnixMillis {
        match self {
            Self::Open { until } => until,
            Self::Closed { opens_at } => opens_at,
        }
    }

    /// What holds while both of two windows have to be open.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Open { until }, Self::Open { until: other }) => {
                Self::Open { until: until.min(other) }
            }
            (Self::Closed { opens_at }, Self::Closed { opens_at: other }) => {
                Self::Closed { opens_at: opens_at.max(other) }
            }
            (closed @ Self::Closed { .. }, _) | (_, closed) => closed,
        }
    }
}

/// Why a text or a set of hours is not a window, in words for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// No day is named.
    #[error("days is empty; name some of mon, tue, wed, thu, fri, sat, sun")]
    NoDays,
    /// A day is not known, or named twice.
    #[error(
        "'{0}' is not a day, or is named twice; the days are mon, tue, wed, thu, fri, sat, sun"
    )]
    Day(String),
    /// An hour cannot be read.
    #[error("'{0}' is not a time of day; write it in quotation marks, such as \"22:00\"")]
    Hour(String),
    /// Both hours are the same.
    #[error("from and to are equal; for whole days write from \"00:00\" to \"24:00\"")]
    Empty,
    /// The time zone is not known.
    #[error("'{0}' is not a time zone; write one such as Europe/Berlin or UTC")]
    Timezone(String),
}

impl Window {
    /// A window of these days and hours.
    ///
    /// # Errors
    /// [`WindowError`].
    pub fn new(days: &[&str], from: &str, to: &str, timezone: &str) -> Result<Self, WindowError> {
        if days.is_empty() {
            return Err(WindowError::NoDays);
        }
        for (at, day) in days.iter().enumerate() {
            if weekday(day).is_none() || days[..at].contains(day) {
                return Err(WindowError::Day((*day).to_owned()));
            }
        }
        for hour in [from, to] {
            minutes(hour).ok_or_else(|| WindowError::Hour(hour.to_owned()))?;
        }
        if from == to {
            return Err(WindowError::Empty);
        }
        if minutes(from) == Some(MINUTES_PER_DAY) {
            return Err(WindowError::Hour(from.to_owned()));
        }
        TimeZone::get(timezone).map_err(|_| WindowError::Timezone(timezone.to_owned()))?;
        Ok(Self {
            days: days.iter().map(|day| (*day).to_owned()).collect(),
            from: from.to_owned(),
            to: to.to_owned(),
            timezone: timezone.to_owned(),
        })
    }

    /// Whether it is open at `now`, and when that changes. What cannot be reckoned counts as closed.
    #[must_use]
    pub fn at(&self, now: UnixMillis) -> WindowState {
        let never = WindowState::Closed { opens_at: UnixMillis(i64::MAX) };
        let Ok(zone) = TimeZone::get(&self.timezone) else { return never };
        let Ok(moment) = jiff::Timestamp::from_millisecond(now.0) else { return never };
        let today = zone.to_datetime(moment).date();
        let spans = (-2..=DAYS_AHEAD).filter_map(|ahead| {
            let day = today.checked_add(jiff::Span::new().days(ahead)).ok()?;
            self.span_of(day, &zone)
        });
        let mut end = None;
        for (opens, closes) in spans {
            match end {
                // Neighbouring spans are one: sat and sun, whole days.
                Some(until) if opens <= until => end = Some(closes.max(until)),
                Some(until) => return WindowState::Open { until },
                None if now < opens => return WindowState::Closed { opens_at: opens },
                None if now < closes => end = Some(closes),
                None => {}
            }
        }
        end.map_or(never, |until| WindowState::Open { until })
    }

    /// Beginning and end of the window that begins on a day; `None` where none does.
    fn span_of(&self, day: Date, zone: &TimeZone) -> Option<(UnixMillis, UnixMillis)> {
        let is_named =
            self.days.iter().filter_map(|day| weekday(day)).any(|it| it == day.weekday());
        if !is_named {
            return None;
        }
        let (from, to) = (minutes(&self.from)?, minutes(&self.to)?);
        let last_day = if to <= from { day.tomorrow().ok()? } else { day };
        let opens = moment(day, from, zone)?;
        let closes = moment(last_day, to, zone)?;
        (opens < closes).then_some((opens, closes))
    }

    /// The window for people: `sat sun 22:00-06:00 Europe/Berlin`.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("{} {}-{} {}", self.days.join(" "), self.from, self.to, self.timezone)
    }
}

const MINUTES_PER_DAY: i16 = 24 * 60;

fn weekday(text: &str) -> Option<Weekday> {
    DAYS.into_iter().find(|(word, _)| *word == text).map(|(_, day)| day)
}

/// Minutes since midnight of `HH:MM`; `24:00` is the end of the day.
fn minutes(text: &str) -> Option<i16> {
    let (hours, minutes) = text.split_once(':')?;
    let is_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(hours) || !is_digits(minutes) {
        return None;
    }
    let (hours, minutes): (i16, i16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= MINUTES_PER_DAY).then_some(total)
}

/// The moment of a day at so many minutes by the clock on the wall.
fn moment(day: Date, minutes: i16, zone: &TimeZone) -> Option<UnixMillis> {
    let (day, minutes) = match minutes {
        MINUTES_PER_DAY => (day.tomorrow().ok()?, 0),
        minutes => (day, minutes),
    };
    let hour = i8::try_from(minutes / 60).ok()?;
    let minute = i8::try_from(minutes % 60).ok()?;
    let time = Time::new(hour, minute, 0, 0).ok()?;
    let civil = jiff::civil::DateTime::from_parts(day, time);
    let zoned = zone.to_ambiguous_timestamp(civil).compatible().ok()?;
    Some(UnixMillis(zoned.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UnixMillis {
        UnixMillis::parse(text).expect("a moment")
    }

    fn check(window: &Window, now: &str, is_open: bool, changes_at: &str) {
        let state = window.at(at(now));
        assert_eq!(
            (state.is_open(), state.changes_at().to_string()),
            (is_open, at(changes_at).to_string()),
            "{now}"
        );
    }

    #[test]
    fn a_window_over_midnight_belongs_to_the_day_of_its_beginning() {
        let window = Window::new(&["sat", "sun"], "22:00", "06:00", "Europe/Berlin").expect("one");
        check(&window, "2026-11-28T21:59:59+01:00", false, "2026-11-28T22:00:00+01:00");
        check(&window, "2026-11-28T22:00:00+01:00", true, "2026-11-29T06:00:00+01:00");
        check(&window, "2026-11-29T05:59:59+01:00", true, "2026-11-29T06:00:00+01:00");
        check(&window, "2026-11-29T06:00:00+01:00", false, "2026-11-29T22:00:00+01:00");
        // Monday morning still belongs to Sunday, Friday night to nobody.
        check(&window, "2026-11-30T03:00:00+01:00", true, "2026-11-30T06:00:00+01:00");
        check(&window, "2026-11-27T23:00:00+01:00", false, "2026-11-28T22:00:00+01:00");
    }

    #[test]
    fn clocks_that_change_are_followed() {
        let window = Window::new(&["sun"], "01:00", "05:00", "Europe/Berlin").expect("a window");
        // On 29 March 2026 an hour is skipped: three hours instead of four.
        check(&window, "2026-03-29T00:30:00+01:00", false, "2026-03-29T01:00:00+01:00");
        check(&window, "2026-03-29T01:30:00+01:00", true, "2026-03-29T05:00:00+02:00");
        // On 25 October 2026 one comes twice: five.
        check(&window, "2026-10-25T02:30:00+02:00", true, "2026-10-25T05:00:00+01:00");
        check(&window, "2026-10-25T02:30:00+01:00", true, "2026-10-25T05:00:00+01:00");
        // Hours that do not exist or come twice themselves.
        let odd = Window::new(&["sun"], "02:30", "04:00", "Europe/Berlin").expect("a window");
        check(&odd, "2026-03-29T01:59:00+01:00", false, "2026-03-29T03:30:00+02:00");
        check(&odd, "2026-10-25T02:15:00+02:00", false, "2026-10-25T02:30:00+02:00");
        check(&odd, "2026-10-25T02:15:00+01:00", true, "2026-10-25T04:00:00+01:00");
        // The same hours elsewhere do not change with Berlin.
        let utc = Window::new(&["sun"], "01:00", "05:00", "UTC").expect("a window");
        check(&utc, "2026-03-29T04:30:00Z", true, "2026-03-29T05:00:00Z");
    }

    #[test]
    fn whole_days_that_follow_each_other_are_one() {
        let window = Window::new(&["sat", "sun"], "00:00", "24:00", "UTC").expect("a window");
        check(&window, "2026-11-28T12:00:00Z", true, "2026-11-30T00:00:00Z");
        let all = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let always = Window::new(&all, "00:00", "24:00", "UTC").expect("a window");
        assert!(always.at(at("2026-11-25T00:00:00Z")).is_open());
    }

    #[test]
    fn an_invalid_window_is_named() {
        let check = |days: &[&str], from, to, zone, expected: &str| {
            let error = Window::new(days, from, to, zone).expect_err("no window").to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(&[], "22:00", "06:00", "UTC", "days is empty");
        check(&["saturday"], "22:00", "06:00", "UTC", "'saturday' is not a day");
        check(&["sat", "sat"], "22:00", "06:00", "UTC", "named twice");
        check(&["sat"], "22", "06:00", "UTC", "'22' is not a time");
        check(&["sat"], "25:00", "06:00", "UTC", "'25:00' is not a time");
        check(&["sat"], "24:00", "06:00", "UTC", "'24:00' is not a time");
        check(&["sat"], "06:00", "06:00", "UTC", "are equal");
        check(&["sat"], "22:00", "06:00", "Berlin", "'Berlin' is not a time zone");
    }

    #[test]
    fn two_windows_have_to_be_open_both() {
        let open = |until| WindowState::Open { until: UnixMillis(until) };
        let closed = |opens_at| WindowState::Closed { opens_at: UnixMillis(opens_at) };
        assert_eq!(open(5).and(open(3)), open(3));
        assert_eq!(open(5).and(closed(7)), closed(7));
        assert_eq!(closed(9).and(closed(7)), closed(9));
    }
}
