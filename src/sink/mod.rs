//! Writes captured packets to capture files: pcapng or pcap, one file or several, valid after every write.
//!
//! Packets are buffered as complete blocks and written together, at 256 KiB or when [`Sink::flush_and_rotate`] is
//! called. So a file is valid however its writer ends. Only a process killed during a write may leave a truncated last
//! block; readers accept the blocks before it.
//!
//! Files are created as by dumpcap: an existing file is overwritten, a new file is readable and writable by its owner
//! only, and names of rotated files have a number and the local time.

mod encoder;
mod error;
mod extract;
mod format;
mod needed_secrets;
mod output;
mod rotation;

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use jiff::tz::TimeZone;

use crate::source::Time;

pub use encoder::FrameEncoder;
pub use error::{Error, WriteErrorCause, system_error_text};
pub use extract::{Extract, Overwrite};
pub use format::Format;
pub use needed_secrets::NeededSecrets;
pub use output::{NEW_CAPTURE_MODE, temporary_file};
pub use rotation::{AutostopOption, RotateOption, Rotation, StopConditions};

use format::InterfaceStatistics;
use output::{OutputFile, display_name, rotated_path};
use rotation::RotationPlan;

/// Minimum bytes buffered before a write; one more packet may be buffered.
const MIN_WRITE_SIZE: usize = 256 * 1024;

/// A device that captures packets.
#[derive(Clone, Debug)]
pub struct Device {
    /// System name, like `eth0`.
    pub name: String,
    /// Description as text.
    pub description: Option<String>,
    /// LINKTYPE_ of the device's packets.
    pub link: u16,
    /// Snapshot length: maximum captured bytes of a packet; 0 if there is no limit.
    pub snaplen: u32,
    /// Capture filter in libpcap syntax.
    pub filter: Option<String>,
    /// Whether times are written as nanoseconds, else as microseconds.
    pub nanos: bool,
}

/// A captured packet.
#[derive(Clone, Copy, Debug)]
pub struct CapturedPacket<'a> {
    /// Capture time.
    pub time: Time,
    /// Index of the device, 0 for the first. A packet of an unknown device is not written.
    pub device: u32,
    /// Bytes on the wire.
    pub length: u32,
    /// Captured bytes.
    pub bytes: &'a [u8],
}

/// The output of a sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Standard output.
    Stdout,
    /// A file. The names of multiple files are formed from this path.
    File(PathBuf),
}

/// Counts of a device since the start of the capture (libpcap's `pcap_stats`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeviceCounts {
    /// Packets received (`ps_recv`).
    pub received: u64,
    /// Packets dropped because they were not read from the kernel in time (`ps_drop`).
    pub dropped: u64,
    /// Packets dropped by the device itself (`ps_ifdrop`).
    pub interface_dropped: u64,
}

/// Whether writing continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteStatus {
    /// Writing continues.
    Continue,
    /// Writing is complete: a stop condition is met. Further packets are ignored.
    Complete,
}

/// A summary of the written files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Path of the last file; `None` is standard output.
    pub last: Option<PathBuf>,
    /// Number of files created.
    pub files: u64,
    /// Number of these files that the ring removed.
    pub removed: u64,
    /// Number of packets in all created files.
    pub packets: u64,
    /// Number of bytes in all created files.
    pub bytes: u64,
}

/// Writes packets to one file after another. After an error nothing more is written.
pub struct Sink {
    target: Target,
    format: Format,
    devices: Vec<Device>,
    plan: RotationPlan,
    /// Start of each file.
    header: Vec<u8>,
    output: OutputFile,
    /// Complete blocks that are buffered.
    buffer: Vec<u8>,
    /// Number of packets that are buffered.
    buffered_packets: u64,
    /// Number of packets of this file, buffered ones included.
    file_packets: u64,
    /// Whether a stop condition is met or a write has failed.
    state: SinkState,
    counts: Vec<DeviceCounts>,
    /// Number of packets of each device in all files, buffered ones included.
    delivered: Vec<u64>,
    start: ClockTime,
    file_start: ClockTime,
    zone: TimeZone,
    /// Files of the ring, the oldest first.
    ring: VecDeque<PathBuf>,
    /// Summary so far; `bytes` excludes the current file.
    summary: Summary,
}

/// Whether a sink writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SinkState {
    /// The sink accepts packets.
    Writing,
    /// A stop condition is met.
    Complete,
    /// A write has failed.
    Failed,
}

/// A point in time by the monotonic clock and by the wall clock.
#[derive(Clone, Copy, Debug)]
struct ClockTime {
    monotonic: Instant,
    wall: Time,
}

impl ClockTime {
    fn new() -> ClockTime {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        ClockTime { monotonic: Instant::now(), wall: Time(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)) }
    }

    fn since(self, earlier: ClockTime) -> Duration {
        self.monotonic.saturating_duration_since(earlier.monotonic)
    }
}

impl Sink {
    /// Opens the first file and writes its header.
    ///
    /// # Errors
    ///
    /// The file cannot be created; the format is pcap and the devices have different link types; multiple files are
    /// requested on standard output, or without a condition that starts the next file.
    pub fn create(
        target: Target,
        format: Format,
        devices: Vec<Device>,
        rotation: Rotation,
        stop: StopConditions,
    ) -> Result<Sink, Error> {
        Sink::create_at(ClockTime::new(), target, format, devices, RotationPlan::new(rotation, stop))
    }

    fn create_at(
        now: ClockTime,
        target: Target,
        format: Format,
        devices: Vec<Device>,
        plan: RotationPlan,
    ) -> Result<Sink, Error> {
        let fail = |cause| Err(Error { file: display_name(target.path()), cause });
        if plan.multiple_files && target == Target::Stdout {
            return fail(WriteErrorCause::MultipleFilesToStdout);
        }
        if plan.multiple_files && !plan.has_file_condition() {
            return fail(WriteErrorCause::NoRotationCondition);
        }
        if let (Format::Pcap, [first, rest @ ..]) = (format, &devices[..])
            && let Some(other) = rest.iter().find(|device| device.link != first.link)
        {
            return fail(WriteErrorCause::LinkTypes(first.link, other.link));
        }
        let header = format.header(&devices);
        // The local time zone is read here: later the files that define it may be inaccessible.
        let zone = TimeZone::system();
        let path = target
            .path()
            .map(|path| if plan.multiple_files { rotated_path(path, 1, now.wall, &zone) } else { path.into() });
        let output = OutputFile::create(path.as_deref(), &header)?;
        Ok(Sink {
            buffer: Vec::with_capacity(MIN_WRITE_SIZE * 2),
            buffered_packets: 0,
            file_packets: 0,
            state: SinkState::Writing,
            counts: Vec::new(),
            delivered: vec![0; devices.len()],
            start: now,
            file_start: now,
            zone,
            ring: path.iter().cloned().collect(),
            summary: Summary { last: path, files: 1, removed: 0, packets: 0, bytes: 0 },
            target,
            format,
            devices,
            plan,
            header,
            output,
        })
    }

    /// Buffers a packet. It is written when the buffer is full or [`Sink::flush_and_rotate`] returns.
    ///
    /// # Errors
    ///
    /// The buffer cannot be written, or the next file cannot be created.
    #[inline]
    pub fn write(&mut self, packet: &CapturedPacket<'_>) -> Result<WriteStatus, Error> {
        let Some(delivered) = self.delivered.get_mut(packet.device as usize) else { return Ok(self.status()) };
        if self.state != SinkState::Writing {
            return Ok(WriteStatus::Complete);
        }
        *delivered += 1;
        self.format.push_packet(&mut self.buffer, &self.devices, packet);
        self.buffered_packets += 1;
        self.file_packets += 1;
        if self.plan.stop.packets.is_some_and(|limit| self.summary.packets + self.buffered_packets >= limit.get()) {
            return self.complete();
        }
        if self.plan.is_full(self.output.bytes + self.buffer.len() as u64, self.file_packets) {
            return self.rotate(ClockTime::new());
        }
        // This also checks the conditions that depend on the clock.
        if self.buffer.len() >= MIN_WRITE_SIZE { self.flush_and_rotate() } else { Ok(WriteStatus::Continue) }
    }

    /// Writes the buffer and checks the conditions that depend on the clock: starts the next file or ends writing if the
    /// file or the capture has reached its duration. Called about ten times a second, also without packets.
    ///
    /// # Errors
    ///
    /// The errors of [`Sink::write`].
    pub fn flush_and_rotate(&mut self) -> Result<WriteStatus, Error> {
        self.flush_and_rotate_at(ClockTime::new())
    }

    fn flush_and_rotate_at(&mut self, now: ClockTime) -> Result<WriteStatus, Error> {
        if self.state != SinkState::Writing {
            return Ok(WriteStatus::Complete);
        }
        if self.plan.stop.duration.is_some_and(|limit| now.since(self.start) >= limit) {
            return self.complete();
        }
        let Rotation { duration, interval, .. } = self.plan.rotation;
        let duration_reached = duration.is_some_and(|limit| now.since(self.file_start) >= limit);
        let interval_reached = interval.is_some_and(|seconds| {
            let nth = |time: ClockTime| time.wall.secs() / i64::try_from(seconds.get()).unwrap_or(i64::MAX);
            nth(now) > nth(self.file_start)
        });
        if duration_reached || interval_reached {
            return self.rotate(now);
        }
        self.flush()?;
        Ok(WriteStatus::Continue)
    }

    /// Sets the current counts, one per device. The end of a file contains the last known counts.
    pub fn set_counts(&mut self, counts: &[DeviceCounts]) {
        self.counts.clear();
        self.counts.extend_from_slice(counts);
    }

    /// Writes the buffer and the statistics, and closes the file. After an error of `write` or `flush_and_rotate` it
    /// writes nothing and only returns the summary.
    ///
    /// # Errors
    ///
    /// The buffer cannot be written.
    pub fn finish(mut self, counts: &[DeviceCounts]) -> Result<Summary, Error> {
        if self.state != SinkState::Failed {
            self.set_counts(counts);
            self.end(ClockTime::new())?;
        }
        self.summary.bytes += self.output.bytes;
        Ok(self.summary)
    }

    fn status(&self) -> WriteStatus {
        if self.state == SinkState::Writing { WriteStatus::Continue } else { WriteStatus::Complete }
    }

    /// Ends writing because a stop condition is met. The statistics follow in [`Sink::finish`].
    fn complete(&mut self) -> Result<WriteStatus, Error> {
        self.flush()?;
        self.state = SinkState::Complete;
        Ok(WriteStatus::Complete)
    }

    /// Starts the next file because this one is full, or ends writing.
    fn rotate(&mut self, now: ClockTime) -> Result<WriteStatus, Error> {
        if !self.plan.multiple_files
            || self.plan.stop.files.is_some_and(|limit| self.summary.files >= u64::from(limit.get()))
        {
            return self.complete();
        }
        self.end(now)?;
        if let Err(error) = self.open_next_file(now) {
            self.state = SinkState::Failed;
            return Err(error);
        }
        Ok(WriteStatus::Continue)
    }

    /// Writes the rest of this file: the buffer and the statistics.
    fn end(&mut self, now: ClockTime) -> Result<(), Error> {
        for (device, &delivered) in self.delivered.iter().enumerate() {
            let statistics = InterfaceStatistics {
                device: device as u32,
                start: self.start.wall,
                end: now.wall,
                counts: self.counts.get(device).copied(),
                delivered,
            };
            self.format.statistics(&mut self.buffer, &self.devices, &statistics);
        }
        self.flush()
    }

    /// Creates the next file, after removing the oldest of a full ring.
    fn open_next_file(&mut self, now: ClockTime) -> Result<(), Error> {
        let Target::File(path) = &self.target else { return Ok(()) };
        if let Some(limit) = self.plan.rotation.files {
            while self.ring.len() >= limit.get() as usize {
                let Some(oldest) = self.ring.pop_front() else { break };
                match fs::remove_file(&oldest) {
                    // Another process may have removed it.
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(Error { file: display_name(Some(&oldest)), cause: WriteErrorCause::Remove(error) });
                    }
                    _ => self.summary.removed += 1,
                }
            }
        }
        let path = rotated_path(path, self.summary.files + 1, now.wall, &self.zone);
        let output = OutputFile::create(Some(&path), &self.header)?;
        self.summary.bytes += std::mem::replace(&mut self.output, output).bytes;
        self.summary.files += 1;
        self.summary.last = Some(path.clone());
        if self.plan.rotation.files.is_some() {
            self.ring.push_back(path);
        }
        (self.file_packets, self.file_start) = (0, now);
        Ok(())
    }

    /// Writes the buffer.
    fn flush(&mut self) -> Result<(), Error> {
        let result = self.output.write_blocks(&self.buffer, self.format);
        self.buffer.clear();
        let packets = std::mem::take(&mut self.buffered_packets);
        // Statistics come after the packets, so the first blocks written are packets.
        self.summary.packets += result.as_ref().map_or_else(|(_, blocks)| packets.min(*blocks), |()| packets);
        result.map_err(|(error, _)| {
            self.state = SinkState::Failed;
            error
        })
    }
}

#[cfg(test)]
mod tests;
