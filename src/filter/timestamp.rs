//! Timestamps as they are written in a filter.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

/// Accepted formats. Seconds, their decimals and the time zone are optional.
const FORMATS: [&str; 7] = [
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%b %d, %Y %H:%M:%S%.f",
    "%B %d, %Y %H:%M:%S%.f",
    "%Y-%m-%d",
];

/// Parses a timestamp into nanoseconds since 1970-01-01T00:00:00Z. Without a time zone, it is local time.
pub(super) fn parse_timestamp(text: &str) -> Result<i64, String> {
    let nanos = |time: Timestamp| i64::try_from(time.as_nanosecond()).ok();
    parse_instant(text.trim()).and_then(nanos).ok_or_else(|| {
        format!(
            "invalid time {text}: expected \"2023-11-14 22:13:20.5\" (append Z for UTC) or \"Nov 14, 2023 22:13:20\""
        )
    })
}

fn parse_instant(text: &str) -> Option<Timestamp> {
    let utc = ["Z", "UTC", "GMT"].iter().find_map(|zone| text.strip_suffix(zone));
    if let Some(text) = utc {
        return parse_local(text.trim_end())?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    }
    if let Some(time) = parse_local(text) {
        return time.to_zoned(TimeZone::system()).ok().map(|zoned| zoned.timestamp());
    }
    // With a UTC offset: +02:00 or +0200.
    let sign = text.rfind(['+', '-'])?;
    let (time, offset) = text.split_at_checked(sign)?;
    let digits: String = offset.chars().filter(char::is_ascii_digit).collect();
    let minutes = match digits.len() {
        4 => digits.get(..2)?.parse::<i64>().ok()? * 60 + digits.get(2..)?.parse::<i64>().ok()?,
        _ => return None,
    };
    let minutes = if offset.starts_with('-') { -minutes } else { minutes };
    let time = parse_local(time.trim_end())?.to_zoned(TimeZone::UTC).ok()?.timestamp();
    time.checked_sub(jiff::SignedDuration::from_mins(minutes)).ok()
}

/// Parses a date with an optional time of day, without a time zone.
fn parse_local(text: &str) -> Option<DateTime> {
    FORMATS.iter().find_map(|form| {
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
    fn times_are_parsed_in_all_formats() {
        let expected = 1_700_000_000_000_000_000;
        for text in [
            "2023-11-14 22:13:20Z",
            "2023-11-14T22:13:20.000Z",
            "Nov 14, 2023 22:13:20 UTC",
            "November 14, 2023 22:13:20 UTC",
            "2023-11-14 23:13:20+01:00",
            "2023-11-14T20:13:20 -0200",
        ] {
            assert_eq!(parse_timestamp(text), Ok(expected), "{text}");
        }
        assert_eq!(parse_timestamp("2023-11-14 22:13:20.001Z"), Ok(expected + 1_000_000));
        assert_eq!(parse_timestamp("2023-11-14Z"), Ok(expected - (22 * 3600 + 13 * 60 + 20) * 1_000_000_000));
        assert!(
            parse_timestamp("1700000000").is_err()
                && parse_timestamp("yesterday").is_err()
                && parse_timestamp("2023-13-14 22:13").is_err()
        );
    }
}
