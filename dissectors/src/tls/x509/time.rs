//! Times of certificates (RFC 5280 4.1.2.5): UTCTime and GeneralizedTime in UTC.

use super::element::{Element, Malformed, Tag};
use super::fields::*;
use crate::field::Field;
use crate::tree::{Tree, Value};

const DAY: i64 = 86_400;

/// Year, month, day, hour, minute and second.
type Calendar = [i64; 6];

/// Reads the times from which and up to which a certificate is valid, and compares them with the time of the capture.
pub(super) fn validity(validity: Element<'_>, captured: i64, tree: &mut Tree) -> Result<(), Malformed> {
    let mut times = validity.elements();
    tree.open(&VALIDITY, validity.whole.all(), Value::Present);
    let begin = time(&NOT_BEFORE, times.next()?.ok_or(Malformed)?, tree)?;
    let end = time(&NOT_AFTER, times.next()?.ok_or(Malformed)?, tree)?;
    let now = captured.div_euclid(1_000_000_000);
    if captured > 0 && end < now {
        let days = (now - end) / DAY;
        tree.note(&EXPIRED, validity.whole.all(), format_args!("{} {days} days before the frame", EXPIRED.title));
    }
    if captured > 0 && begin > now {
        tree.note(&NOT_YET_VALID, validity.whole.all(), format_args!("{}", NOT_YET_VALID.title));
    }
    tree.close();
    Ok(())
}

/// Returns the seconds since 1970 of a time.
pub(super) fn seconds_of(element: Element<'_>) -> Result<i64, Malformed> {
    choice_and_calendar(element).map(|(_, calendar)| seconds(calendar))
}

fn choice_and_calendar(element: Element<'_>) -> Result<(u64, Calendar), Malformed> {
    let (choice, digits) = match element.tag {
        Tag::UtcTime => (0, 2),
        Tag::GeneralizedTime => (1, 4),
        _ => return Err(Malformed),
    };
    Ok((choice, calendar(element.content.bytes, digits).ok_or(Malformed)?))
}

/// Reads a time; returns the seconds since 1970.
fn time(field: &'static Field, element: Element<'_>, tree: &mut Tree) -> Result<i64, Malformed> {
    let (choice, calendar) = choice_and_calendar(element)?;
    let seconds = seconds(calendar);
    tree.open(field, element.whole.all(), Value::Uint(choice));
    let span = element.content.all();
    if choice == 0 {
        let [year, month, day, hour, minute, second] = calendar;
        let text = format_args!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} (UTC)");
        tree.put_text(&UTC_TIME, span, text);
    } else if let Some(nanos) = seconds.checked_mul(1_000_000_000) {
        tree.put(&GENERALIZED_TIME, span, Value::Time(nanos));
    }
    tree.close();
    Ok(seconds)
}

/// Records a time with a year of four digits.
pub(super) fn put_generalized(field: &'static Field, element: Element<'_>, tree: &mut Tree) -> Result<(), Malformed> {
    let seconds = seconds(calendar(element.content.bytes, 4).ok_or(Malformed)?);
    if let Some(nanos) = seconds.checked_mul(1_000_000_000) {
        tree.put(field, element.content.all(), Value::Time(nanos));
    }
    Ok(())
}

/// Notes that a status was no longer current when it was captured.
pub(super) fn note_outdated(next: Element<'_>, captured: i64, tree: &mut Tree) {
    let end = calendar(next.content.bytes, 4).map(seconds);
    if captured > 0 && end.is_some_and(|end| end < captured.div_euclid(1_000_000_000)) {
        tree.note(&OCSP_OUTDATED, next.whole.all(), format_args!("{}", OCSP_OUTDATED.title));
    }
}

/// Reads a time whose year has 2 or 4 digits. Seconds may be missing.
fn calendar(text: &[u8], year_digits: usize) -> Option<Calendar> {
    let digits = text.strip_suffix(b"Z")?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let (year, rest) = digits.split_at_checked(year_digits)?;
    let number = |digits: &[u8]| digits.iter().fold(0, |number, &digit| number * 10 + i64::from(digit - b'0'));
    let year = match number(year) {
        // RFC 5280 4.1.2.5.1.
        year @ 0..50 if year_digits == 2 => 2000 + year,
        year if year_digits == 2 => 1900 + year,
        year => year,
    };
    let mut calendar = [year, 0, 0, 0, 0, 0];
    if !matches!(rest.len(), 8 | 10) {
        return None;
    }
    for (part, pair) in calendar.iter_mut().skip(1).zip(rest.chunks_exact(2)) {
        *part = number(pair);
    }
    let [_, month, day, hour, minute, second] = calendar;
    let is_valid = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 61;
    is_valid.then_some(calendar)
}

/// Returns the seconds since 1970 of a time in the Gregorian calendar.
fn seconds([year, month, day, hour, minute, second]: Calendar) -> i64 {
    // Years begin in March, so that the leap day is the last one.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1 - 719_468;
    days * DAY + hour * 3600 + minute * 60 + second
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_since_1970() {
        // As `date -u -d ... +%s`.
        for (text, digits, expected) in [
            ("700101000000Z", 2, Some(0)),
            ("491231235959Z", 2, Some(2_524_607_999)),
            ("500101000000Z", 2, Some(-631_152_000)),
            ("2612312359Z", 2, Some(1_798_761_540)),
            ("20000229120000Z", 4, Some(951_825_600)),
            ("99991231235959Z", 4, Some(253_402_300_799)),
            ("20001329120000Z", 4, None),
            ("2000022912000Z", 4, None),
            ("700101000000+0100", 2, None),
        ] {
            assert_eq!(calendar(text.as_bytes(), digits).map(seconds), expected, "{text}");
        }
    }
}
