//! Dates as spreadsheets keep them: days since a day before 1900, or since 1904.
//!
//! Owns the way to a date that people read. Must never be asked for the date of an identifier.

/// Days from the day before 1900-01-01 to 1970-01-01, as they count from March 1900 on: spreadsheets have a
/// 29 February 1900, which never was.
const EPOCH_1900: i64 = 25_569;
/// The same from 1904-01-01.
const EPOCH_1904: i64 = 24_107;
/// The last number of a day before that 29 February.
const BEFORE_LEAP: i64 = 59;
/// Days up to the end of the year 9999, the last one of spreadsheets.
const DAYS_MAX: f64 = 2_958_466.0;
const SECONDS_A_DAY: f64 = 86_400.0;

/// The date and time of a number; `None` where spreadsheets have none either.
pub(super) fn shown_date(number: f64, is_1904: bool) -> Option<String> {
    if !(0.0..DAYS_MAX).contains(&number) {
        return None;
    }
    let seconds = (number * SECONDS_A_DAY).round() as i64;
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let time = format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
    if days == 0 && !is_1904 {
        return Some(time);
    }
    let epoch = match is_1904 {
        true => EPOCH_1904,
        false if days <= BEFORE_LEAP => EPOCH_1900 - 1,
        false => EPOCH_1900,
    };
    let (year, month, day) = civil(days - epoch);
    let date = format!("{year:04}-{month:02}-{day:02}");
    Some(if second == 0 { date } else { format!("{date} {time}") })
}

/// Year, month and day of a count of days since 1970-01-01, by eras of 400 years that begin in March.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let leap_days = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_the_dates_that_spreadsheets_show() {
        for (number, is_1904, expect) in [
            (1.0, false, Some("1900-01-01")),
            (59.0, false, Some("1900-02-28")),
            (61.0, false, Some("1900-03-01")),
            (46_355.0, false, Some("2026-11-29")),
            (46_355.5, false, Some("2026-11-29 12:00:00")),
            (0.25, false, Some("06:00:00")),
            (44_893.0, true, Some("2026-11-29")),
            (-1.0, false, None),
            (3_000_000.0, false, None),
        ] {
            assert_eq!(shown_date(number, is_1904).as_deref(), expect, "{number}");
        }
    }
}
