//! Read-ahead: a thread reads, and decompresses if needed, the next bytes of a file while the last ones are parsed.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// Number of buffers: one is parsed, one is filled, one waits.
const BUFFERS: usize = 3;

/// A thread that fills buffers.
pub(super) struct ReadAhead {
    filled: Receiver<io::Result<FilledBuffer>>,
    recycled: Sender<Vec<u8>>,
    /// Size of each buffer in bytes.
    size: usize,
}

/// A buffer filled by the thread.
pub(super) struct FilledBuffer {
    /// The whole buffer.
    pub(super) buffer: Vec<u8>,
    /// End of the bytes read, which begin after the requested room.
    pub(super) end: usize,
}

impl ReadAhead {
    /// Starts reading into buffers with `room` free bytes before `size` bytes of input. Returns the reader if no thread
    /// can be started.
    pub(super) fn new(
        reader: Box<dyn Read + Send>,
        room: usize,
        size: usize,
    ) -> Result<ReadAhead, Box<dyn Read + Send>> {
        let (reader_sender, reader_receiver) = channel::<Box<dyn Read + Send>>();
        let (recycled, free) = channel::<Vec<u8>>();
        let (sender, filled) = channel();
        let work = move || {
            let Ok(mut reader) = reader_receiver.recv() else { return };
            for mut buffer in free {
                let (end, result) = fill(&mut *reader, &mut buffer, room);
                let is_last = end == room || result.is_err();
                if end > room && sender.send(Ok(FilledBuffer { buffer, end })).is_err() {
                    return;
                }
                // At the end only an error is sent; without one the channel closes.
                if let Err(error) = result {
                    let _ = sender.send(Err(error));
                }
                if is_last {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("read".into()).spawn(work);
        if thread.is_err() {
            return Err(reader);
        }
        reader_sender.send(reader).map_err(|unsent| unsent.0)?;
        let read_ahead = ReadAhead { filled, recycled, size: room + size };
        (0..BUFFERS).for_each(|_| read_ahead.recycle(Vec::new()));
        Ok(read_ahead)
    }

    /// Returns the next filled buffer; `None` after the last.
    pub(super) fn next(&self) -> io::Result<Option<FilledBuffer>> {
        self.filled.recv().map_or(Ok(None), |block| block.map(Some))
    }

    /// Returns a buffer to the thread to be filled again. A buffer of another size is replaced.
    pub(super) fn recycle(&self, buffer: Vec<u8>) {
        let buffer = if buffer.len() == self.size { buffer } else { vec![0; self.size] };
        // A thread that has ended needs no more buffers.
        let _ = self.recycled.send(buffer);
    }
}

/// Reads until the buffer is full or the input ends; returns the end of the bytes read, and the error that ended it.
fn fill(reader: &mut dyn Read, buffer: &mut [u8], room: usize) -> (usize, io::Result<()>) {
    let mut end = room;
    while end < buffer.len() {
        match reader.read(buffer.get_mut(end..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(read) => end += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (end, Err(error)),
        }
    }
    (end, Ok(()))
}
