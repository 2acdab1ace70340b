//! When the next file begins and when writing stops: the options `-b` and `-a` of dumpcap.

use std::num::{NonZeroU32, NonZeroU64};
use std::str::FromStr;
use std::time::Duration;

/// When the next file begins, and how many are kept: what all `-b` say together.
///
/// The first file begins with the capture. Nothing said, there is one file. Whatever comes first begins the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// When the file has so many bytes or more.
    pub size: Option<NonZeroU64>,
    /// When the file has been open for so long.
    pub duration: Option<Duration>,
    /// When the seconds since 1970 are a multiple of this: 3600 is on the hour, in UTC.
    pub interval: Option<NonZeroU64>,
    /// When the file has so many packets.
    pub packets: Option<NonZeroU64>,
    /// A ring: the most files that are kept; before another is made the oldest is removed.
    pub files: Option<NonZeroU32>,
}

/// When writing stops: what all `-a` say together. Whatever comes first stops it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stop {
    /// After so long.
    pub duration: Option<Duration>,
    /// When the file has so many bytes or more; where there are several files, the next begins instead.
    pub size: Option<NonZeroU64>,
    /// After so many packets in all.
    pub packets: Option<NonZeroU64>,
    /// When so many files are full. There are several files if this is said.
    pub files: Option<NonZeroU32>,
}

/// One `-b`: `filesize:KB`, `duration:S`, `interval:S`, `packets:N` or `files:N`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotate {
    /// Bytes, given as units of 1,000.
    Size(NonZeroU64),
    /// Given in seconds, with a fraction if wanted.
    Duration(Duration),
    /// Seconds.
    Interval(NonZeroU64),
    /// Packets in a file.
    Packets(NonZeroU64),
    /// Files in the ring.
    Files(NonZeroU32),
}

/// One `-a`: `duration:S`, `filesize:KB`, `packets:N` or `files:N`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Autostop {
    /// Given in seconds, with a fraction if wanted.
    Duration(Duration),
    /// Bytes, given as units of 1,000.
    Size(NonZeroU64),
    /// Packets in all.
    Packets(NonZeroU64),
    /// Full files.
    Files(NonZeroU32),
}

impl FromStr for Rotate {
    type Err = String;

    fn from_str(text: &str) -> Result<Rotate, String> {
        Ok(match split(text, "filesize:1000")? {
            ("filesize", value) => Rotate::Size(size(value)?),
            ("duration", value) => Rotate::Duration(duration(value)?),
            ("interval", value) => Rotate::Interval(count("interval", "seconds", value)?),
            ("packets", value) => Rotate::Packets(count("packets", "packets", value)?),
            ("files", value) => Rotate::Files(count("files", "files", value)?),
            (name, _) => return Err(format!("{name} is not known; there are {ROTATE}")),
        })
    }
}

impl FromStr for Autostop {
    type Err = String;

    fn from_str(text: &str) -> Result<Autostop, String> {
        Ok(match split(text, "duration:60")? {
            ("duration", value) => Autostop::Duration(duration(value)?),
            ("filesize", value) => Autostop::Size(size(value)?),
            ("packets", value) => Autostop::Packets(count("packets", "packets", value)?),
            ("files", value) => Autostop::Files(count("files", "files", value)?),
            (name, _) => return Err(format!("{name} is not known; there are {AUTOSTOP}")),
        })
    }
}

const ROTATE: &str = "filesize:KB, duration:SECONDS, interval:SECONDS, packets:N and files:N";
const AUTOSTOP: &str = "duration:SECONDS, filesize:KB, packets:N and files:N";

/// Of a thing that is said twice the last holds, as in dumpcap.
impl FromIterator<Rotate> for Rotation {
    fn from_iter<I: IntoIterator<Item = Rotate>>(said: I) -> Rotation {
        let mut rotation = Rotation::default();
        for one in said {
            match one {
                Rotate::Size(bytes) => rotation.size = Some(bytes),
                Rotate::Duration(duration) => rotation.duration = Some(duration),
                Rotate::Interval(seconds) => rotation.interval = Some(seconds),
                Rotate::Packets(packets) => rotation.packets = Some(packets),
                Rotate::Files(files) => rotation.files = Some(files),
            }
        }
        rotation
    }
}

/// Of a thing that is said twice the last holds, as in dumpcap.
impl FromIterator<Autostop> for Stop {
    fn from_iter<I: IntoIterator<Item = Autostop>>(said: I) -> Stop {
        let mut stop = Stop::default();
        for one in said {
            match one {
                Autostop::Duration(duration) => stop.duration = Some(duration),
                Autostop::Size(bytes) => stop.size = Some(bytes),
                Autostop::Packets(packets) => stop.packets = Some(packets),
                Autostop::Files(files) => stop.files = Some(files),
            }
        }
        stop
    }
}

/// How the files of a capture follow each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) rotation: Rotation,
    pub(super) stop: Stop,
    /// Whether there are several files.
    pub(super) several: bool,
}

impl Plan {
    pub(super) fn new(rotation: Rotation, stop: Stop) -> Plan {
        let several = rotation != Rotation::default() || stop.files.is_some();
        Plan { rotation, stop, several }
    }

    /// Whether something says when a file is full.
    pub(super) fn goes_on(&self) -> bool {
        let Rotation { size, duration, interval, packets, .. } = self.rotation;
        size.or(interval).or(packets).or(self.stop.size).is_some() || duration.is_some()
    }

    /// Whether a file of so many bytes and packets is full.
    #[inline]
    pub(super) fn is_full(&self, bytes: u64, packets: u64) -> bool {
        let reached = |limit: Option<NonZeroU64>, is: u64| limit.is_some_and(|limit| is >= limit.get());
        reached(self.rotation.size, bytes) || reached(self.stop.size, bytes) || reached(self.rotation.packets, packets)
    }
}

fn split<'a>(text: &'a str, example: &str) -> Result<(&'a str, &'a str), String> {
    text.split_once(':').ok_or_else(|| format!("NAME:VALUE was wanted, such as {example}"))
}

fn size(value: &str) -> Result<NonZeroU64, String> {
    let kilobytes: NonZeroU64 = count("filesize", "kB (1,000 bytes)", value)?;
    let thousand = const { NonZeroU64::new(1000).expect("not 0") };
    kilobytes.checked_mul(thousand).ok_or_else(|| format!("filesize:{value} is more than any file has"))
}

fn count<T: FromStr>(name: &str, unit: &str, value: &str) -> Result<T, String> {
    // A sign is no digit.
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { value.parse().ok() } else { None };
    number.ok_or_else(|| format!("{name} is a whole number of {unit}, 1 or more, such as {name}:1000; it is {value:?}"))
}

fn duration(value: &str) -> Result<Duration, String> {
    let seconds = value.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let some = seconds.filter(|seconds| !seconds.is_zero());
    some.ok_or_else(|| format!("duration is a number of seconds, more than 0, such as duration:0.5; it is {value:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_dumpcap_takes_is_taken() {
        let n = |n| NonZeroU64::new(n).expect("not 0");
        let two = NonZeroU32::new(2).expect("not 0");
        let said = ["filesize:100", "duration:0.5", "interval:3600", "packets:7", "files:9", "files:2"];
        let rotation: Result<Rotation, String> = said.iter().map(|text| text.parse::<Rotate>()).collect();
        let wanted = Rotation {
            size: Some(n(100_000)),
            duration: Some(Duration::from_millis(500)),
            interval: Some(n(3600)),
            packets: Some(n(7)),
            files: Some(two),
        };
        assert_eq!(rotation, Ok(wanted));
        let said = ["duration:60", "filesize:1", "packets:8", "files:2"];
        let stop: Result<Stop, String> = said.iter().map(|text| text.parse::<Autostop>()).collect();
        let wanted = Stop {
            duration: Some(Duration::from_secs(60)),
            size: Some(n(1000)),
            packets: Some(n(8)),
            files: Some(two),
        };
        assert_eq!(stop, Ok(wanted));
    }

    #[test]
    fn what_it_does_not_take_is_told() {
        #[rustfmt::skip]
        let rows = [
            ("filesize:abc", "filesize is a whole number of kB (1,000 bytes), 1 or more, such as filesize:1000; it is \"abc\""),
            ("filesize:0",   "filesize is a whole number of kB (1,000 bytes), 1 or more, such as filesize:1000; it is \"0\""),
            ("filesize:+1",  "filesize is a whole number of kB (1,000 bytes), 1 or more, such as filesize:1000; it is \"+1\""),
            ("filesize:18446744073709551615", "filesize:18446744073709551615 is more than any file has"),
            ("interval:1.5", "interval is a whole number of seconds, 1 or more, such as interval:1000; it is \"1.5\""),
            ("packets:",     "packets is a whole number of packets, 1 or more, such as packets:1000; it is \"\""),
            ("files:-1",     "files is a whole number of files, 1 or more, such as files:1000; it is \"-1\""),
            ("duration:0",   "duration is a number of seconds, more than 0, such as duration:0.5; it is \"0\""),
            ("duration:nan", "duration is a number of seconds, more than 0, such as duration:0.5; it is \"nan\""),
            ("duration:1e99","duration is a number of seconds, more than 0, such as duration:0.5; it is \"1e99\""),
            ("size:1",       "size is not known; there are filesize:KB, duration:SECONDS, interval:SECONDS, packets:N and files:N"),
            ("filesize",     "NAME:VALUE was wanted, such as filesize:1000"),
        ];
        for (text, error) in rows {
            assert_eq!(text.parse::<Rotate>(), Err(error.to_owned()), "{text}");
        }
        let error = "interval is not known; there are duration:SECONDS, filesize:KB, packets:N and files:N";
        assert_eq!("interval:2".parse::<Autostop>(), Err(error.to_owned()));
    }
}
