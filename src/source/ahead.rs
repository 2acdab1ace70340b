//! Reading ahead: the next bytes of a file are read, and unpacked if need be, while the last are looked at.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// Buffers on their way: one is looked at, one is filled, one waits.
const BUFFERS: usize = 3;

/// A thread that fills buffers.
pub(super) struct Ahead {
    filled: Receiver<io::Result<Block>>,
    spent: Sender<Vec<u8>>,
    /// What each buffer has.
    size: usize,
}

/// A buffer with what was read; nothing at the end of the file.
pub(super) struct Block {
    /// All of the buffer.
    pub(super) buffer: Vec<u8>,
    /// Where what was read ends; it begins after the room that was asked for.
    pub(super) end: usize,
}

impl Ahead {
    /// Begins to read: into buffers that have so much `room` before `size` bytes. Gives the reader back if there is no
    /// thread to be had.
    pub(super) fn new(reader: Box<dyn Read + Send>, room: usize, size: usize) -> Result<Ahead, Box<dyn Read + Send>> {
        let (hand, given) = channel::<Box<dyn Read + Send>>();
        let (spent, free) = channel::<Vec<u8>>();
        let (filled, blocks) = channel();
        let work = move || {
            let Ok(mut reader) = given.recv() else { return };
            for mut buffer in free {
                let (end, ended) = fill(&mut *reader, &mut buffer, room);
                let over = end == room || ended.is_err();
                if end > room && filled.send(Ok(Block { buffer, end })).is_err() {
                    return;
                }
                // At the end all that is left to say is an error; without one the channel closes.
                if let Err(error) = ended {
                    let _ = filled.send(Err(error));
                }
                if over {
                    return;
                }
            }
        };
        let begun = thread::Builder::new().name("read".into()).spawn(work);
        if begun.is_err() {
            return Err(reader);
        }
        hand.send(reader).map_err(|back| back.0)?;
        let ahead = Ahead { filled: blocks, spent, size: room + size };
        (0..BUFFERS).for_each(|_| ahead.give_back(Vec::new()));
        Ok(ahead)
    }

    /// What comes next; none after the last.
    pub(super) fn next(&self) -> io::Result<Option<Block>> {
        self.filled.recv().map_or(Ok(None), |block| block.map(Some))
    }

    /// Lets a buffer be filled again; one of another size is replaced.
    pub(super) fn give_back(&self, buffer: Vec<u8>) {
        let buffer = if buffer.len() == self.size { buffer } else { vec![0; self.size] };
        // Who reads no more needs none.
        let _ = self.spent.send(buffer);
    }
}

/// Reads until the buffer is full or there is no more; says up to where it is filled, and what ended it early.
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
