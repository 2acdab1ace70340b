//! Captured packets into capture files: pcapng or pcap, one file or many, valid after every write.
//!
//! Packets are gathered as whole blocks and written in one piece, when 256 KiB are there or when [`Sink::settle`] is
//! called, so that a file is whole whenever its writer ends, however it ends. Only who is killed within a write may
//! leave a last block that is cut; readers take what precedes it.
//!
//! Files are made as dumpcap makes them: a file that is there is written over, a new one can be read and written by its
//! owner only, and names of several files have a number and the local time.

mod error;
mod extract;
mod format;
mod output;
mod rotation;

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use jiff::tz::TimeZone;

use crate::source::Time;

pub use error::{Cause, Error};
pub use extract::{Extract, Over as Overwrite};
pub use format::Format;
pub use rotation::{Autostop, Rotate, Rotation, Stop};

use format::Statistics;
use output::{Output, numbered, shown};
use rotation::Plan;

/// As much as is gathered before it is written, in bytes; a packet more may be there.
const BATCH: usize = 256 * 1024;

/// Where packets are captured.
#[derive(Clone, Debug)]
pub struct Device {
    /// As the system calls it, like `eth0`.
    pub name: String,
    /// In words.
    pub description: Option<String>,
    /// LINKTYPE_ of its packets.
    pub link: u16,
    /// Most bytes kept of a packet; 0 if there is no limit.
    pub snaplen: u32,
    /// The capture filter in words, as libpcap takes it.
    pub filter: Option<String>,
    /// Whether its times are written as nanoseconds, else as microseconds.
    pub nanos: bool,
}

/// One captured packet.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// When it was captured.
    pub time: Time,
    /// On which of the devices, 0 the first. A packet of no device is not written.
    pub device: u32,
    /// Bytes on the wire.
    pub length: u32,
    /// The bytes as captured.
    pub bytes: &'a [u8],
}

/// What is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Standard output.
    Stdout,
    /// A file. If there are several, they have names made of this.
    File(PathBuf),
}

/// What a device counted since the capture began (libpcap's `pcap_stats`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Packets that came (`ps_recv`).
    pub received: u64,
    /// Packets lost because nobody took them from the kernel in time (`ps_drop`).
    pub dropped: u64,
    /// Packets lost by the device itself (`ps_ifdrop`).
    pub interface_dropped: u64,
}

/// Whether there is more to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Go {
    /// There is.
    On,
    /// What was to be written is written: an autostop is reached. More packets are not taken.
    Enough,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The last file; `None` is standard output.
    pub last: Option<PathBuf>,
    /// Files that were made.
    pub files: u64,
    /// Of them, files that a ring removed again.
    pub removed: u64,
    /// Packets in all files that were made.
    pub packets: u64,
    /// Bytes of all files that were made.
    pub bytes: u64,
}

/// Writes packets to one file after the other. When an error was returned, nothing more is written.
pub struct Sink {
    target: Target,
    format: Format,
    devices: Vec<Device>,
    plan: Plan,
    /// What each file begins with.
    header: Vec<u8>,
    output: Output,
    /// Whole blocks that wait to be written, and how many of them are packets.
    gathered: Vec<u8>,
    waiting: u64,
    /// Packets of this file, with those that wait.
    in_file: u64,
    /// Whether an autostop was reached or writing failed.
    over: Over,
    counts: Vec<Counts>,
    /// Packets of each device, of all files, with those that wait.
    delivered: Vec<u64>,
    began: Now,
    file_began: Now,
    zone: TimeZone,
    /// The files of a ring, the oldest first.
    ring: VecDeque<PathBuf>,
    /// `bytes` without those of this file.
    summary: Summary,
}

/// Why nothing more is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    No,
    Enough,
    Failed,
}

/// A moment by two clocks: one that never jumps, and the calendar's.
#[derive(Clone, Copy, Debug)]
struct Now {
    /// Since some moment before the capture.
    steady: Instant,
    wall: Time,
}

impl Now {
    fn new() -> Now {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Now { steady: Instant::now(), wall: Time(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)) }
    }

    fn since(self, earlier: Now) -> Duration {
        self.steady.saturating_duration_since(earlier.steady)
    }
}

impl Sink {
    /// Opens the first file and writes what it begins with.
    ///
    /// # Errors
    ///
    /// The file cannot be made; pcap is asked for and the devices have different link types; several files are asked
    /// for on standard output, or without anything that says when the next begins.
    pub fn create(
        target: Target,
        format: Format,
        devices: Vec<Device>,
        rotation: Rotation,
        stop: Stop,
    ) -> Result<Sink, Error> {
        Sink::create_at(Now::new(), target, format, devices, Plan::new(rotation, stop))
    }

    fn create_at(now: Now, target: Target, format: Format, devices: Vec<Device>, plan: Plan) -> Result<Sink, Error> {
        let wrong = |cause| Err(Error { file: shown(target.path()), cause });
        if plan.several && target == Target::Stdout {
            return wrong(Cause::OneOutput);
        }
        if plan.several && !plan.goes_on() {
            return wrong(Cause::NeverNext);
        }
        if let (Format::Pcap, [first, rest @ ..]) = (format, &devices[..])
            && let Some(other) = rest.iter().find(|device| device.link != first.link)
        {
            return wrong(Cause::LinkTypes(first.link, other.link));
        }
        let header = format.header(&devices);
        // Local time is asked for here: later the files that tell it may be out of reach.
        let zone = TimeZone::system();
        let path =
            target.path().map(|path| if plan.several { numbered(path, 1, now.wall, &zone) } else { path.into() });
        let output = Output::create(path.as_deref(), &header)?;
        Ok(Sink {
            gathered: Vec::with_capacity(BATCH * 2),
            waiting: 0,
            in_file: 0,
            over: Over::No,
            counts: Vec::new(),
            delivered: vec![0; devices.len()],
            began: now,
            file_began: now,
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

    /// Takes a packet. It is in the file when more have gathered, or when [`Sink::settle`] returns.
    ///
    /// # Errors
    ///
    /// What was gathered cannot be written, or the next file cannot be made.
    #[inline]
    pub fn write(&mut self, packet: &Packet<'_>) -> Result<Go, Error> {
        let Some(delivered) = self.delivered.get_mut(packet.device as usize) else { return Ok(self.go()) };
        if self.over != Over::No {
            return Ok(Go::Enough);
        }
        *delivered += 1;
        self.format.packet(&mut self.gathered, &self.devices, packet);
        self.waiting += 1;
        self.in_file += 1;
        if self.plan.stop.packets.is_some_and(|limit| self.summary.packets + self.waiting >= limit.get()) {
            return self.enough();
        }
        if self.plan.is_full(self.output.bytes + self.gathered.len() as u64, self.in_file) {
            return self.full(Now::new());
        }
        // On the way the clock is looked at.
        if self.gathered.len() >= BATCH { self.settle() } else { Ok(Go::On) }
    }

    /// Writes what was gathered, and looks at the clock: when a file or the capture has lasted as long as it may, the
    /// next begins or it is enough. To be called some ten times a second, packets or none.
    ///
    /// # Errors
    ///
    /// Those of [`Sink::write`].
    pub fn settle(&mut self) -> Result<Go, Error> {
        self.settle_at(Now::new())
    }

    fn settle_at(&mut self, now: Now) -> Result<Go, Error> {
        if self.over != Over::No {
            return Ok(Go::Enough);
        }
        if self.plan.stop.duration.is_some_and(|limit| now.since(self.began) >= limit) {
            return self.enough();
        }
        let Rotation { duration, interval, .. } = self.plan.rotation;
        let lasted = duration.is_some_and(|limit| now.since(self.file_began) >= limit);
        let turn = interval.is_some_and(|seconds| {
            let nth = |moment: Now| moment.wall.secs() / i64::try_from(seconds.get()).unwrap_or(i64::MAX);
            nth(now) > nth(self.file_began)
        });
        if lasted || turn {
            return self.full(now);
        }
        self.flush()?;
        Ok(Go::On)
    }

    /// Says what the devices have counted until now, one of `counts` a device: a file that ends tells the last known.
    pub fn count(&mut self, counts: &[Counts]) {
        self.counts.clear();
        self.counts.extend_from_slice(counts);
    }

    /// Writes what is left and what was counted, and ends. After an error of `write` or `settle` it writes nothing and
    /// tells what stands in the files.
    ///
    /// # Errors
    ///
    /// What was left cannot be written.
    pub fn finish(mut self, counts: &[Counts]) -> Result<Summary, Error> {
        if self.over != Over::Failed {
            self.count(counts);
            self.end(Now::new())?;
        }
        self.summary.bytes += self.output.bytes;
        Ok(self.summary)
    }

    fn go(&self) -> Go {
        if self.over == Over::No { Go::On } else { Go::Enough }
    }

    /// An autostop is reached. The file ends when the last counts are told.
    fn enough(&mut self) -> Result<Go, Error> {
        self.flush()?;
        self.over = Over::Enough;
        Ok(Go::Enough)
    }

    /// This file is full: the next one begins, or it is enough.
    fn full(&mut self, now: Now) -> Result<Go, Error> {
        if !self.plan.several || self.plan.stop.files.is_some_and(|limit| self.summary.files >= u64::from(limit.get()))
        {
            return self.enough();
        }
        self.end(now)?;
        if let Err(error) = self.begin(now) {
            self.over = Over::Failed;
            return Err(error);
        }
        Ok(Go::On)
    }

    /// Writes what is left of this file.
    fn end(&mut self, now: Now) -> Result<(), Error> {
        for (device, &delivered) in self.delivered.iter().enumerate() {
            let told = Statistics {
                device: device as u32,
                start: self.began.wall,
                end: now.wall,
                counts: self.counts.get(device).copied(),
                delivered,
            };
            self.format.statistics(&mut self.gathered, &self.devices, &told);
        }
        self.flush()
    }

    /// Makes the next file; before that, a ring loses its oldest.
    fn begin(&mut self, now: Now) -> Result<(), Error> {
        let Target::File(path) = &self.target else { return Ok(()) };
        if let Some(most) = self.plan.rotation.files {
            while self.ring.len() >= most.get() as usize {
                let Some(oldest) = self.ring.pop_front() else { break };
                match fs::remove_file(&oldest) {
                    // Somebody else may have taken it away.
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(Error { file: shown(Some(&oldest)), cause: Cause::Remove(error) });
                    }
                    _ => self.summary.removed += 1,
                }
            }
        }
        let path = numbered(path, self.summary.files + 1, now.wall, &self.zone);
        let output = Output::create(Some(&path), &self.header)?;
        self.summary.bytes += std::mem::replace(&mut self.output, output).bytes;
        self.summary.files += 1;
        self.summary.last = Some(path.clone());
        if self.plan.rotation.files.is_some() {
            self.ring.push_back(path);
        }
        (self.in_file, self.file_began) = (0, now);
        Ok(())
    }

    /// Writes what was gathered.
    fn flush(&mut self) -> Result<(), Error> {
        let done = self.output.put(&self.gathered, self.format);
        self.gathered.clear();
        let waited = std::mem::take(&mut self.waiting);
        // Statistics come after the packets, so that what stands in the file is packets first.
        self.summary.packets += done.as_ref().map_or_else(|(_, blocks)| waited.min(*blocks), |()| waited);
        done.map_err(|(error, _)| {
            self.over = Over::Failed;
            error
        })
    }
}

#[cfg(test)]
mod tests;
