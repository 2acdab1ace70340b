//! Conditions for file rotation and for the end of writing: the options `-b` and `-a` of dumpcap.

use std::num::{NonZeroU32, NonZeroU64};
use std::str::FromStr;
use std::time::Duration;

/// The conditions that start the next file, and the size of the ring: all options `-b` together.
///
/// The first file starts with the capture. Without conditions there is one file. The first condition met applies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// Minimum size of a full file in bytes.
    pub size: Option<NonZeroU64>,
    /// Maximum time that a file is open.
    pub duration: Option<Duration>,
    /// Interval in seconds: the next file starts when the seconds since 1970 are a multiple. 3600 is on the hour, in
    /// UTC.
    pub interval: Option<NonZeroU64>,
    /// Number of packets in a full file.
    pub packets: Option<NonZeroU64>,
    /// Ring size: maximum number of files kept. Before another is created, the oldest is removed.
    pub files: Option<NonZeroU32>,
}

/// The conditions that end writing: all options `-a` together. The first condition met applies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StopConditions {
    /// Maximum duration.
    pub duration: Option<Duration>,
    /// Minimum size of a full file in bytes. With multiple files, the next file starts instead.
    pub size: Option<NonZeroU64>,
    /// Maximum number of packets in all files.
    pub packets: Option<NonZeroU64>,
    /// Maximum number of full files. Implies multiple files.
    pub files: Option<NonZeroU32>,
}

/// A value of the option `-b`: `filesize:KB`, `duration:S`, `interval:S`, `packets:N` or `files:N`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotateOption {
    /// Size in bytes, given in units of 1,000.
    Size(NonZeroU64),
    /// Duration, given in seconds with an optional fraction.
    Duration(Duration),
    /// Interval in seconds.
    Interval(NonZeroU64),
    /// Packets per file.
    Packets(NonZeroU64),
    /// Files in the ring.
    Files(NonZeroU32),
}

/// A value of the option `-a`: `duration:S`, `filesize:KB`, `packets:N` or `files:N`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AutostopOption {
    /// Duration, given in seconds with an optional fraction.
    Duration(Duration),
    /// Size in bytes, given in units of 1,000.
    Size(NonZeroU64),
    /// Packets in all files.
    Packets(NonZeroU64),
    /// Full files.
    Files(NonZeroU32),
}

impl FromStr for RotateOption {
    type Err = String;

    fn from_str(text: &str) -> Result<RotateOption, String> {
        Ok(match split(text, "filesize:1000")? {
            ("filesize", value) => RotateOption::Size(size(value)?),
            ("duration", value) => RotateOption::Duration(duration(value)?),
            ("interval", value) => RotateOption::Interval(count("interval", "seconds", value)?),
            ("packets", value) => RotateOption::Packets(count("packets", "packets", value)?),
            ("files", value) => RotateOption::Files(count("files", "files", value)?),
            (name, _) => return Err(format!("unknown condition {name}; expected {ROTATE}")),
        })
    }
}

impl FromStr for AutostopOption {
    type Err = String;

    fn from_str(text: &str) -> Result<AutostopOption, String> {
        Ok(match split(text, "duration:60")? {
            ("duration", value) => AutostopOption::Duration(duration(value)?),
            ("filesize", value) => AutostopOption::Size(size(value)?),
            ("packets", value) => AutostopOption::Packets(count("packets", "packets", value)?),
            ("files", value) => AutostopOption::Files(count("files", "files", value)?),
            (name, _) => return Err(format!("unknown condition {name}; expected {AUTOSTOP}")),
        })
    }
}

const ROTATE: &str = "filesize:KB, duration:SECONDS, interval:SECONDS, packets:N or files:N";
const AUTOSTOP: &str = "duration:SECONDS, filesize:KB, packets:N or files:N";

/// The last of repeated conditions applies, as in dumpcap.
impl FromIterator<RotateOption> for Rotation {
    fn from_iter<I: IntoIterator<Item = RotateOption>>(options: I) -> Rotation {
        let mut rotation = Rotation::default();
        for option in options {
            match option {
                RotateOption::Size(bytes) => rotation.size = Some(bytes),
                RotateOption::Duration(duration) => rotation.duration = Some(duration),
                RotateOption::Interval(seconds) => rotation.interval = Some(seconds),
                RotateOption::Packets(packets) => rotation.packets = Some(packets),
                RotateOption::Files(files) => rotation.files = Some(files),
            }
        }
        rotation
    }
}

/// The last of repeated conditions applies, as in dumpcap.
impl FromIterator<AutostopOption> for StopConditions {
    fn from_iter<I: IntoIterator<Item = AutostopOption>>(options: I) -> StopConditions {
        let mut stop = StopConditions::default();
        for option in options {
            match option {
                AutostopOption::Duration(duration) => stop.duration = Some(duration),
                AutostopOption::Size(bytes) => stop.size = Some(bytes),
                AutostopOption::Packets(packets) => stop.packets = Some(packets),
                AutostopOption::Files(files) => stop.files = Some(files),
            }
        }
        stop
    }
}

/// The rotation and stop conditions of a capture.
#[derive(Clone, Copy, Debug)]
pub(super) struct RotationPlan {
    pub(super) rotation: Rotation,
    pub(super) stop: StopConditions,
    /// Whether multiple files are written.
    pub(super) multiple_files: bool,
}

impl RotationPlan {
    pub(super) fn new(rotation: Rotation, stop: StopConditions) -> RotationPlan {
        let multiple_files = rotation != Rotation::default() || stop.files.is_some();
        RotationPlan { rotation, stop, multiple_files }
    }

    /// Returns whether a condition for a full file is set.
    pub(super) fn has_file_condition(&self) -> bool {
        let Rotation { size, duration, interval, packets, .. } = self.rotation;
        size.or(interval).or(packets).or(self.stop.size).is_some() || duration.is_some()
    }

    /// Returns whether a file of this many bytes and packets is full.
    #[inline]
    pub(super) fn is_full(&self, bytes: u64, packets: u64) -> bool {
        let reached = |limit: Option<NonZeroU64>, value: u64| limit.is_some_and(|limit| value >= limit.get());
        reached(self.rotation.size, bytes) || reached(self.stop.size, bytes) || reached(self.rotation.packets, packets)
    }
}

fn split<'a>(text: &'a str, example: &str) -> Result<(&'a str, &'a str), String> {
    text.split_once(':').ok_or_else(|| format!("expected NAME:VALUE, such as {example}"))
}

fn size(value: &str) -> Result<NonZeroU64, String> {
    let kilobytes: NonZeroU64 = count("filesize", "kB (1,000 bytes)", value)?;
    let thousand = const { NonZeroU64::new(1000).expect("not 0") };
    kilobytes.checked_mul(thousand).ok_or_else(|| format!("filesize:{value} is too large"))
}

fn count<T: FromStr>(name: &str, unit: &str, value: &str) -> Result<T, String> {
    // `parse` accepts a sign.
    let is_digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let number = if is_digits { value.parse().ok() } else { None };
    number.ok_or_else(|| format!("expected a whole number of {unit}, 1 or more, such as {name}:1000, found {value:?}"))
}

fn duration(value: &str) -> Result<Duration, String> {
    let seconds = value.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let positive = seconds.filter(|seconds| !seconds.is_zero());
    positive.ok_or_else(|| format!("expected a number of seconds above 0, such as duration:0.5, found {value:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_dumpcap_are_accepted() {
        let n = |n| NonZeroU64::new(n).expect("not 0");
        let two = NonZeroU32::new(2).expect("not 0");
        let options = ["filesize:100", "duration:0.5", "interval:3600", "packets:7", "files:9", "files:2"];
        let rotation: Result<Rotation, String> = options.iter().map(|text| text.parse::<RotateOption>()).collect();
        let expected = Rotation {
            size: Some(n(100_000)),
            duration: Some(Duration::from_millis(500)),
            interval: Some(n(3600)),
            packets: Some(n(7)),
            files: Some(two),
        };
        assert_eq!(rotation, Ok(expected));
        let options = ["duration:60", "filesize:1", "packets:8", "files:2"];
        let stop: Result<StopConditions, String> = options.iter().map(|text| text.parse::<AutostopOption>()).collect();
        let expected = StopConditions {
            duration: Some(Duration::from_secs(60)),
            size: Some(n(1000)),
            packets: Some(n(8)),
            files: Some(two),
        };
        assert_eq!(stop, Ok(expected));
    }

    #[test]
    fn invalid_options_are_errors() {
        #[rustfmt::skip]
        let rows = [
            ("filesize:abc", "expected a whole number of kB (1,000 bytes), 1 or more, such as filesize:1000, found \"abc\""),
            ("filesize:0",   "expected a whole number of kB (1,000 bytes), 1 or more, such as filesize:1000, found \"0\""),
            ("filesize:+1",  "expected a whole number of kB (1,000 bytes), 1 or more, such as filesize:1000, found \"+1\""),
            ("filesize:18446744073709551615", "filesize:18446744073709551615 is too large"),
            ("interval:1.5", "expected a whole number of seconds, 1 or more, such as interval:1000, found \"1.5\""),
            ("packets:",     "expected a whole number of packets, 1 or more, such as packets:1000, found \"\""),
            ("files:-1",     "expected a whole number of files, 1 or more, such as files:1000, found \"-1\""),
            ("duration:0",   "expected a number of seconds above 0, such as duration:0.5, found \"0\""),
            ("duration:nan", "expected a number of seconds above 0, such as duration:0.5, found \"nan\""),
            ("duration:1e99","expected a number of seconds above 0, such as duration:0.5, found \"1e99\""),
            ("size:1",       "unknown condition size; expected filesize:KB, duration:SECONDS, interval:SECONDS, packets:N or files:N"),
            ("filesize",     "expected NAME:VALUE, such as filesize:1000"),
        ];
        for (text, error) in rows {
            assert_eq!(text.parse::<RotateOption>(), Err(error.to_owned()), "{text}");
        }
        let error = "unknown condition interval; expected duration:SECONDS, filesize:KB, packets:N or files:N";
        assert_eq!("interval:2".parse::<AutostopOption>(), Err(error.to_owned()));
    }
}
