//! Times of day as they are written in a filter.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

/// The forms that are understood, with seconds, their decimals and the time zone left out where one will.
const FORMS: [&str; 6] = [
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%b %d, %Y %H:%M:%S%.f",
    "%Y-%m-%d",
];

/// Nanoseconds since 1970-01-01T00:00:00Z; in the local time zone if none is written.
pub(super) fn read(text: &str) -> Result<i64, String> {
    let nanos = |time: Timestamp| i64::try_from(time.as_nanosecond()).ok();
    instant(text.trim()).and_then(nanos).ok_or_else(|| {
        format!(
            "{text} is no time; \"2023-11-14 22:13:20.5\", with Z behind it for UTC, and \"Nov 14, 2023 22:13:20\" are"
        )
    })
}

fn instant(text: &str) -> Option<Timestamp> {
    let utc = ["Z", "UTC", "GMT"].iter().find_map(|zone| text.strip_suffix(zone));
    if let Some(text) = utc {
        return local(text.trim_end())?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    }
    if let Some(time) = local(text) {
        return time.to_zoned(TimeZone::system()).ok().map(|zoned| zoned.timestamp());
    }
    // With an offset: +02:00 or +0200.
    let sign = text.rfind(['+', '-'])?;
    let (time, offset) = text.split_at_checked(sign)?;
    let digits: String = offset.chars().filter(char::is_ascii_digit).collect();
    let minutes = match digits.len() {
        4 => digits.get(..2)?.parse::<i64>().ok()? * 60 + digits.get(2..)?.parse::<i64>().ok()?,
        _ => return None,
    };
    let minutes = if offset.starts_with('-') { -minutes } else { minutes };
    let time = local(time.trim_end())?.to_zoned(TimeZone::UTC).ok()?.timestamp();
    time.checked_sub(jiff::SignedDuration::from_mins(minutes)).ok()
}

/// A date, and a time of the day.
fn local(text: &str) -> Option<DateTime> {
    FORMS.iter().find_map(|form| {
        let parsed = BrokenDownTime::parse(form, text).ok()?;
        match parsed.to_datetime() {
            Ok(time) => Some(time),
            Err(_) => parsed.to_date().ok().map(|date| date.at(0, 0, 0, 0)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_all_forms() {
        let expected = 1_700_000_000_000_000_000;
        for text in [
            "2023-11-14 22:13:20Z",
            "2023-11-14T22:13:20.000Z",
            "Nov 14, 2023 22:13:20 UTC",
            "2023-11-14 23:13:20+01:00",
            "2023-11-14T20:13:20 -0200",
        ] {
            assert_eq!(read(text), Ok(expected), "{text}");
        }
        assert_eq!(read("2023-11-14 22:13:20.001Z"), Ok(expected + 1_000_000));
        assert_eq!(read("2023-11-14Z"), Ok(expected - (22 * 3600 + 13 * 60 + 20) * 1_000_000_000));
        assert!(read("1700000000").is_err() && read("yesterday").is_err() && read("2023-13-14 22:13").is_err());
    }
}
