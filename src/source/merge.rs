//! Several files read at once, as one capture in the order of time.

use super::error::LocatedCause;
use super::format::build_frame;
use super::frame::{Frame, Metadata, Record};
use super::open_file::OpenFile;
use super::time::Time;

/// Files that are read at once.
#[derive(Default)]
pub(super) struct Merge {
    /// Files with their next frames, in the order in which they were named.
    heads: Vec<Head>,
    /// Files whose next frame is not read yet: all at the beginning, then that whose frame was returned last.
    unread: Vec<UnreadFile>,
    /// Highest index of the files whose frames were returned.
    last_file: usize,
    /// Whether a frame was returned after one of a later file.
    pub(super) is_interleaved: bool,
}

/// A file before its next frame is read.
struct UnreadFile {
    /// Index of the file in the capture.
    file: usize,
    open: OpenFile,
    /// Time of its last frame.
    time: Time,
}

/// A file and its next frame.
struct Head {
    file: usize,
    open: OpenFile,
    record: Record,
    /// Time by which it is ordered: that of the frame, or else of the frame before it in its file.
    time: Time,
}

/// Error of a file, with its index in the capture and its open state.
pub(super) struct MergeError {
    pub(super) file: usize,
    pub(super) open: OpenFile,
    pub(super) cause: Box<LocatedCause>,
}

impl Merge {
    /// Adds an open file.
    pub(super) fn add(&mut self, file: usize, open: OpenFile) {
        self.unread.push(UnreadFile { file, open, time: Time(i64::MIN) });
    }

    /// Reads the next frame of each file that has none. A file that has ended is closed. After an error, the other files are read
    /// on.
    pub(super) fn advance(&mut self, metadata: &mut Metadata) -> Result<(), Box<MergeError>> {
        while let Some(UnreadFile { file, mut open, time }) = self.unread.pop() {
            match open.next_record(metadata) {
                Ok(Some(record)) => {
                    let time = if record.has_time { record.time } else { time };
                    let at = self.heads.partition_point(|head| head.file < file);
                    self.heads.insert(at, Head { file, open, record, time });
                }
                Ok(None) => {}
                Err(cause) => return Err(Box::new(MergeError { file, open, cause })),
            }
        }
        Ok(())
    }

    /// Returns the earliest of the next frames; of frames at the same time, that of the file named first.
    pub(super) fn next(&mut self, number: u32) -> Option<Frame<'_>> {
        let (at, _) = self.heads.iter().enumerate().min_by_key(|(_, head)| head.time)?;
        let Head { file, open, record, time } = self.heads.remove(at);
        self.is_interleaved |= file < self.last_file;
        self.last_file = self.last_file.max(file);
        self.unread.push(UnreadFile { file, open, time });
        let open = &self.unread.last()?.open;
        let frame = build_frame(&open.window, &open.format, number, &record);
        // Interfaces of different files are different, whatever their numbers.
        let section = if frame.section == 0 { 0 } else { (file as u32) << 16 | frame.section & 0xffff };
        Some(Frame { section, file: file as u32, ..frame })
    }
}
