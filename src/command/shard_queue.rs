//! Queues of what the shards of a capture find, and their merging in the order of places.

use overhear::analysis::Place;
use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};

/// Number of items and of frames after which a chunk is sent.
const CHUNK_ITEMS: usize = 4096;
const CHUNK_FRAMES: u32 = 4096;
/// Maximum number of chunks in the queue of a shard. If it is full, the shard waits.
const MAX_PENDING: usize = 3;

/// Items in the order in which they were added, to be taken in this order.
pub(super) trait ItemStore: Default + Send + 'static {
    /// Number of bytes after which a chunk is sent: few enough for the cache of a core.
    const CHUNK_BYTES: usize = 64 << 10;

    /// Returns the number of items that were added since the store was cleared.
    fn added(&self) -> usize;

    /// Returns the bytes of all items, about.
    fn size(&self) -> usize;

    /// Removes all items, and keeps the memory.
    fn clear(&mut self);
}

/// Items that are owned, one by one.
pub(super) struct Items<T> {
    items: VecDeque<T>,
    /// Number of items that were read and stay.
    read: usize,
    added: usize,
    size: usize,
}

impl<T> Default for Items<T> {
    fn default() -> Items<T> {
        Items { items: VecDeque::new(), read: 0, added: 0, size: 0 }
    }
}

impl<T> Items<T> {
    /// Adds an item that takes a number of bytes beside its own.
    pub(super) fn push(&mut self, item: T, bytes: usize) {
        self.items.push_back(item);
        self.added += 1;
        self.size += size_of::<T>() + bytes;
    }

    /// Takes the next item.
    pub(super) fn take(&mut self) -> Option<T> {
        self.items.pop_front()
    }

    /// Returns the next item, which stays until the store is cleared.
    pub(super) fn next_item(&mut self) -> Option<&mut T> {
        self.read += 1;
        self.items.get_mut(self.read - 1)
    }
}

impl<T: Send + 'static> ItemStore for Items<T> {
    /// Messages have some kilobytes, and a thread that writes them waits for each chunk.
    const CHUNK_BYTES: usize = 256 << 10;

    fn added(&self) -> usize {
        self.added
    }

    fn size(&self) -> usize {
        self.size
    }

    fn clear(&mut self) {
        self.items.clear();
        (self.read, self.added, self.size) = (0, 0, 0);
    }
}

/// Items of some frames of one shard.
#[derive(Default)]
struct Chunk<S> {
    /// The place of each item.
    places: Vec<Place>,
    store: S,
    /// No later item has a place before this one.
    reached: Place,
    /// The frame at which the capture cannot be divided. Nothing follows.
    undivided: Option<u32>,
}

/// Where full chunks go. Returns an empty one.
type Delivery<'d, S> = Box<dyn FnMut(Chunk<S>) -> io::Result<Chunk<S>> + Send + 'd>;

/// Items of one shard that are not delivered yet.
pub(super) struct ChunkWriter<'d, S> {
    chunk: Chunk<S>,
    place: Place,
    /// The first frame of the chunk.
    first_frame: u32,
    deliver: Delivery<'d, S>,
}

impl<'d, S: ItemStore> ChunkWriter<'d, S> {
    fn new(deliver: Delivery<'d, S>) -> ChunkWriter<'d, S> {
        ChunkWriter { chunk: Chunk::default(), place: Place::default(), first_frame: 0, deliver }
    }

    /// Returns a writer whose items are consumed on its own thread.
    pub(super) fn direct(mut consume: impl FnMut(Place, &mut S) -> io::Result<()> + Send + 'd) -> ChunkWriter<'d, S> {
        ChunkWriter::new(Box::new(move |mut chunk| {
            for &place in &chunk.places {
                consume(place, &mut chunk.store)?;
            }
            Ok(chunk.emptied())
        }))
    }

    /// Returns a writer, and the items that a merger receives of it.
    pub(super) fn queue() -> (ChunkWriter<'d, S>, ShardItems<S>) {
        let (chunks, received) = sync_channel::<Chunk<S>>(MAX_PENDING);
        let (returned, emptied) = channel();
        let writer = ChunkWriter::new(Box::new(move |chunk| {
            // The receiver is dropped: the consumer has ended.
            chunks.send(chunk).map_err(|_| io::ErrorKind::BrokenPipe)?;
            // What is left in it is dropped by the thread that created it.
            Ok(emptied.try_recv().map(Chunk::emptied).unwrap_or_default())
        }));
        (writer, ShardItems { received, returned, chunk: Chunk::default(), next: 0, undivided: None, is_closed: false })
    }

    /// Sets the place of the items that are added next. Delivers the chunk if it is full.
    pub(super) fn set_place(&mut self, place: Place) -> io::Result<()> {
        self.place = place;
        let frames = place.frame.saturating_sub(self.first_frame);
        let Chunk { places, store, .. } = &self.chunk;
        let is_full = store.size() >= S::CHUNK_BYTES || places.len() >= CHUNK_ITEMS || frames >= CHUNK_FRAMES;
        if is_full { self.deliver() } else { Ok(()) }
    }

    /// Returns the present place.
    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// Returns the place of the last item of the chunk.
    pub(super) fn last_place(&self) -> Option<Place> {
        self.chunk.places.last().copied()
    }

    /// Adds items at the present place, and returns what adding them returns.
    pub(super) fn add<R>(&mut self, add: impl FnOnce(&mut S) -> R) -> R {
        let result = add(&mut self.chunk.store);
        self.chunk.places.resize(self.chunk.store.added(), self.place);
        result
    }

    /// Removes the items that are not delivered.
    pub(super) fn clear(&mut self) {
        self.chunk.places.clear();
        self.chunk.store.clear();
    }

    fn deliver(&mut self) -> io::Result<()> {
        self.first_frame = self.place.frame;
        self.chunk.reached = self.place;
        self.chunk = (self.deliver)(std::mem::take(&mut self.chunk))?;
        Ok(())
    }

    /// Ends before a frame at which the capture cannot be divided. Returns an error that ends the pass.
    pub(super) fn end_undivided(&mut self, frame: u32) -> io::Result<()> {
        self.chunk.undivided = Some(frame);
        self.deliver()?;
        Err(io::Error::other("the capture cannot be divided"))
    }

    /// Delivers the last items.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.deliver()
    }
}

impl<S: ItemStore> Chunk<S> {
    /// Returns an empty chunk with the memory of this one.
    fn emptied(self) -> Chunk<S> {
        let Chunk { mut places, mut store, .. } = self;
        places.clear();
        store.clear();
        Chunk { places, store, ..Chunk::default() }
    }
}

/// Items of a shard that are received, in the order of their places.
pub(super) struct ShardItems<S> {
    received: Receiver<Chunk<S>>,
    /// Chunks that are consumed, to be filled again.
    returned: Sender<Chunk<S>>,
    /// The present chunk, and the index of its next item.
    chunk: Chunk<S>,
    next: usize,
    undivided: Option<u32>,
    /// The shard sends nothing more. Until then, it must be able to.
    is_closed: bool,
}

impl<S: ItemStore> ShardItems<S> {
    /// The place of the next item, and whether it is received. If it is not, there is none before that place.
    fn next_place(&self) -> (Place, bool) {
        self.chunk.places.get(self.next).map_or((self.chunk.reached, false), |&place| (place, true))
    }

    /// Whether all items are taken.
    fn has_ended(&self) -> bool {
        self.is_closed && self.next >= self.chunk.places.len()
    }

    /// Returns the present chunk, whose items are taken, and waits for the next one.
    fn receive(&mut self) {
        let Ok(chunk) = self.received.recv() else {
            (self.chunk.reached, self.is_closed) = (Place::LAST, true);
            return;
        };
        let consumed = std::mem::replace(&mut self.chunk, chunk);
        self.next = 0;
        // A shard that has ended needs none.
        self.returned.send(consumed).ok();
        self.undivided = self.undivided.or(self.chunk.undivided);
    }
}

/// Passes the items of all shards to a consumer in the order of their places: it takes as many from the store at each call as there
/// are places. Returns the frame at which the capture cannot be divided: the items before it are consumed.
pub(super) fn merge<S: ItemStore>(
    mut shards: Vec<ShardItems<S>>,
    mut consume: impl FnMut(&[Place], &mut S) -> io::Result<()>,
) -> io::Result<Option<u32>> {
    loop {
        let mut open = shards.iter_mut().filter(|shard| !shard.has_ended());
        let Some(mut first) = open.next() else { break };
        let mut limit = (Place::LAST, true);
        for shard in open {
            // A shard whose next item is not received goes before another at the same place.
            let (place, other) = (first.next_place(), shard.next_place());
            limit = limit.min(place.max(other));
            if other < place {
                first = shard;
            }
        }
        if let (_, false) = first.next_place() {
            first.receive();
            continue;
        }
        // All items before the next one of another shard.
        let Chunk { places, store, .. } = &mut first.chunk;
        let rest = places.get(first.next..).unwrap_or_default();
        let count = rest.iter().take_while(|&&place| (place, true) < limit).count().max(1);
        first.next += count;
        consume(rest.get(..count).unwrap_or_default(), store)?;
    }
    Ok(shards.iter().find_map(|shard| shard.undivided))
}
