//! Random access to frames: each is dissected after the earlier frames of its conversations.

use super::frame_table::{ConversationKey, FrameTable, SharedFrameTable};
use crate::analysis::{Analyzer, Event, FrameConnection, Task};
use crate::report::DissectedFrame;
use crate::source::{Frame, RecordReader};
use dissectors::Wants;
use dissectors::session::{ConversationId, FirstPass};
use hashbrown::HashMap;

/// Maximum number of frames in a first pass over all requested conversations. With more frames, data that depends on
/// later frames is omitted.
const MAX_FIRST_PASS: usize = 50_000;

/// Number of fragments, before and after a fragment, that may complete its packet.
const EARLIER_FRAGMENTS: usize = 20_000;
const LATER_FRAGMENTS: usize = 4_096;

/// An item read again.
pub(super) enum FrameOrEvent<'a> {
    /// Requested frame, with the connections that it belongs to.
    Frame(DissectedFrame<'a>, &'a [FrameConnection]),
    /// Event of the analyzer.
    Event(Event),
}

/// An analyzer that moves forward through some conversations of a capture, from their first frames on.
pub(super) struct ForwardCursor {
    analyzer: Analyzer,
    /// Last frame fed, by conversation.
    last_fed: HashMap<ConversationKey, u32>,
    /// Last fragment fed.
    last_fragment: u32,
    /// Whether the relative times of UDP conversations are needed.
    udp_conversations: bool,
    /// Whether frames are dissected without their conversations.
    is_shallow: bool,
}

impl ForwardCursor {
    pub(super) fn new(analyzer: Analyzer, udp_conversations: bool) -> ForwardCursor {
        ForwardCursor { analyzer, last_fed: HashMap::new(), last_fragment: 0, udp_conversations, is_shallow: false }
    }

    /// Creates a cursor for fields that the capture file alone determines.
    pub(super) fn shallow(analyzer: Analyzer) -> ForwardCursor {
        ForwardCursor { is_shallow: true, ..ForwardCursor::new(analyzer, false) }
    }

    /// Returns a copy, to read on from here later.
    pub(super) fn fork(&self) -> ForwardCursor {
        ForwardCursor { analyzer: self.analyzer.fork(), last_fed: self.last_fed.clone(), ..*self }
    }

    /// Returns the last frame of a conversation that it has read.
    pub(super) fn read_upto(&self, conversation: ConversationKey) -> u32 {
        self.last_fed.get(&conversation).copied().unwrap_or_default()
    }

    /// Whether frames are dissected without their conversations.
    pub(super) fn is_shallow(&self) -> bool {
        self.is_shallow
    }

    /// Returns the bytes that it buffers.
    pub(super) fn buffered(&self) -> usize {
        self.analyzer.buffered()
    }

    /// Sets the first-pass data for the frames that follow.
    pub(super) fn set_first_pass(&mut self, first_pass: FirstPass) {
        self.analyzer.set_first_pass(first_pass);
    }

    /// Returns the first-pass data collected.
    pub(super) fn into_first_pass(mut self) -> FirstPass {
        self.analyzer.finish();
        self.analyzer.into_first_pass()
    }
}

/// Error message, in one line.
pub(super) type ErrorText = String;

/// Reader of frames in any order.
pub(super) struct RandomAccess {
    pub(super) table: SharedFrameTable,
    reader: RecordReader,
}

impl RandomAccess {
    pub(super) fn new(table: SharedFrameTable) -> RandomAccess {
        let reader = table.store.reader();
        RandomAccess { table, reader }
    }

    /// Dissects these frames in ascending order and passes each to `each`, with its connections.
    pub(super) fn dissect(
        &mut self,
        wanted: &[u32],
        wants: &Wants,
        mut each: impl FnMut(&DissectedFrame<'_>, &[FrameConnection]),
    ) -> Result<(), ErrorText> {
        let table = self.table.read();
        let mut wanted: Vec<u32> = wanted.iter().copied().filter(|&frame| table.entry(frame).is_some()).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let frames = with_prerequisites(&table, &wanted);
        let later = first_pass_frames(&table, &wanted);
        drop(table);
        let mut analyzer = Analyzer::with_first_pass(
            Task { wants: wants.clone(), halves: true, udp_conversations: true, ..self.table.task() },
            self.collect_first_pass(&later)?,
        );
        self.feed(&frames, &wanted, &mut analyzer, &mut |item| {
            if let FrameOrEvent::Frame(shown, connections) = item {
                each(&shown, connections);
            }
            true
        })
    }

    /// Dissects these frames, which ascend, and moves the cursor past them. No frame may precede those of the last
    /// call. Stops when `each` returns false.
    pub(super) fn dissect_forward(
        &mut self,
        cursor: &mut ForwardCursor,
        wanted: &[u32],
        each: &mut dyn FnMut(FrameOrEvent<'_>) -> bool,
    ) -> Result<(), ErrorText> {
        if cursor.is_shallow {
            return self.feed(wanted, wanted, &mut cursor.analyzer, each);
        }
        let table = self.table.read();
        let mut frames = wanted.to_vec();
        if cursor.udp_conversations {
            frames.extend(wanted.iter().flat_map(|&frame| table.timing_frames(frame)));
        }
        for (conversation, last) in last_frames_by_conversation(&table, wanted) {
            let fed = cursor.last_fed.insert(conversation, last).unwrap_or_default();
            let earlier = table.conversation_frames(conversation, Some(last));
            frames.extend(earlier.take_while(|&frame| frame > fed));
        }
        frames.sort_unstable();
        let fragments = table.fragments_of(&frames, EARLIER_FRAGMENTS, 0);
        let fed = cursor.last_fragment;
        cursor.last_fragment = fragments.last().map_or(fed, |&last| last.max(fed));
        frames.extend(fragments.into_iter().filter(|&frame| frame > fed));
        drop(table);
        frames.sort_unstable();
        frames.dedup();
        self.feed(&frames, wanted, &mut cursor.analyzer, each)
    }

    /// Returns these frames and the frames that must be read before them.
    pub(super) fn with_prerequisites(&self, wanted: &[u32]) -> Vec<u32> {
        with_prerequisites(&self.table.read(), wanted)
    }

    /// Returns the frames of some conversations, ascending.
    pub(super) fn frames_of(&self, conversations: impl IntoIterator<Item = ConversationId>) -> Vec<u32> {
        let table = self.table.read();
        let keys = conversations.into_iter().map(ConversationKey::of);
        let mut frames: Vec<u32> = keys.flat_map(|key| table.conversation_frames(key, None)).collect();
        frames.sort_unstable();
        frames.dedup();
        frames
    }

    /// Reads frames of conversations again, and passes all of them and all events to `each`.
    pub(super) fn collect(
        &mut self,
        frames: &[u32],
        task: Task,
        each: &mut dyn FnMut(FrameOrEvent<'_>),
    ) -> Result<(), ErrorText> {
        let read = self.with_prerequisites(frames);
        let decode = self.table.task().decode;
        let mut analyzer = Analyzer::new(Task { udp_conversations: true, decode, ..task });
        self.feed(&read, frames, &mut analyzer, &mut |item| {
            each(item);
            true
        })?;
        analyzer.finish();
        analyzer.events().for_each(|event| each(FrameOrEvent::Event(event)));
        Ok(())
    }

    /// Collects the first-pass data for some frames.
    pub(super) fn first_pass_for(&mut self, wanted: &[u32]) -> Result<FirstPass, ErrorText> {
        let later = first_pass_frames(&self.table.read(), wanted);
        self.collect_first_pass(&later)
    }

    /// Runs a first pass over these frames.
    pub(super) fn collect_first_pass(&mut self, frames: &[u32]) -> Result<FirstPass, ErrorText> {
        if frames.is_empty() || frames.len() > MAX_FIRST_PASS {
            return Ok(FirstPass::default());
        }
        let mut analyzer = Analyzer::new(Task { collect: true, udp_conversations: true, ..self.table.task() });
        self.feed(frames, &[], &mut analyzer, &mut |_| true)?;
        analyzer.finish();
        Ok(analyzer.into_first_pass())
    }

    /// Feeds frames to an analyzer. Passes the wanted frames and all events to `each`, and stops when `each` returns
    /// false.
    pub(super) fn feed(
        &mut self,
        frames: &[u32],
        wanted: &[u32],
        analyzer: &mut Analyzer,
        each: &mut dyn FnMut(FrameOrEvent<'_>) -> bool,
    ) -> Result<(), ErrorText> {
        self.table.store.check_unchanged().map_err(|error| error.to_string())?;
        analyzer.set_names(self.table.names());
        let mut wanted = wanted.iter().copied().peekable();
        let mut last = (0, None);
        for &number in frames {
            let is_wanted = wanted.next_if_eq(&number).is_some();
            let previous = match last {
                (before, time) if before + 1 == number => time,
                _ if is_wanted => self.frame_time(number.saturating_sub(1))?,
                _ => None,
            };
            let table = self.table.read();
            let Some(entry) = table.entry(number) else { continue };
            let context = table.seek_context(number, previous);
            drop(table);
            let first = context.first;
            analyzer.seek(context);
            let frame = self.reader.read(entry.location(), number).map_err(|error| error.to_string())?;
            last = (number, frame.has_time.then_some(frame.time.0));
            let mut continues = true;
            if is_wanted {
                analyzer.dissect(&frame);
                let relative = frame.time.0.saturating_sub(first);
                let shown = DissectedFrame { frame: &frame, relative, tree: analyzer.tree() };
                continues = each(FrameOrEvent::Frame(shown, analyzer.connections()));
            } else {
                analyzer.feed_unrecorded(&frame);
            }
            for event in analyzer.events() {
                continues &= each(FrameOrEvent::Event(event));
            }
            if !continues {
                break;
            }
        }
        Ok(())
    }

    /// Returns the time of a frame, if the frame exists and has one.
    fn frame_time(&mut self, number: u32) -> Result<Option<i64>, ErrorText> {
        Ok(self.read_record(number, |frame| frame.has_time.then_some(frame.time.0))?.flatten())
    }

    /// Calls `read` with the record of a frame, if the frame exists.
    pub(super) fn read_record<R>(
        &mut self,
        number: u32,
        read: impl FnOnce(&Frame<'_>) -> R,
    ) -> Result<Option<R>, ErrorText> {
        let Some(entry) = self.table.read().entry(number) else { return Ok(None) };
        let frame = self.reader.read(entry.location(), number).map_err(|error| error.to_string())?;
        Ok(Some(read(&frame)))
    }
}

/// Returns these frames and the frames that must be read before them, in ascending order.
fn with_prerequisites(table: &FrameTable, wanted: &[u32]) -> Vec<u32> {
    let mut frames = wanted.to_vec();
    frames.extend(wanted.iter().flat_map(|&frame| table.timing_frames(frame)));
    for (conversation, last) in last_frames_by_conversation(table, wanted) {
        frames.extend(table.conversation_frames(conversation, Some(last)));
    }
    frames.sort_unstable();
    frames.extend(table.fragments_of(&frames, EARLIER_FRAGMENTS, 0));
    frames.sort_unstable();
    frames.dedup();
    frames
}

/// Returns the frames, earlier and later, of a first pass for these frames, in ascending order. The list is cut off if
/// it is too long for one.
pub(super) fn first_pass_frames(table: &FrameTable, wanted: &[u32]) -> Vec<u32> {
    let mut frames = Vec::new();
    for (conversation, _) in last_frames_by_conversation(table, wanted) {
        let room = MAX_FIRST_PASS + 1 - frames.len();
        frames.extend(table.conversation_frames(conversation, None).take(room));
    }
    frames.extend_from_slice(wanted);
    frames.sort_unstable();
    let fragments = table.fragments_of(&frames, EARLIER_FRAGMENTS, LATER_FRAGMENTS);
    frames.retain(|frame| table.session_conversations(*frame).next().is_some());
    frames.extend(fragments);
    frames.sort_unstable();
    frames.dedup();
    frames
}

/// Returns the conversations of frames whose earlier frames must be read before them, each with its last frame among
/// these, which ascend.
pub(super) fn last_frames_by_conversation(table: &FrameTable, frames: &[u32]) -> Vec<(ConversationKey, u32)> {
    let of = |&frame: &u32| table.session_conversations(frame).map(move |conversation| (conversation, frame));
    let mut conversations: Vec<(ConversationKey, u32)> = frames.iter().flat_map(of).collect();
    conversations.sort_unstable_by_key(|&(conversation, frame)| (conversation, std::cmp::Reverse(frame)));
    conversations.dedup_by_key(|&mut (conversation, _)| conversation);
    conversations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browse::load::load;
    use crate::browse::load_source::LoadSource;
    use dissectors::session::{
        Chunk, Consumed, Context, Handover, Hint, Input, Lane, Missing, Probe, Session, SideEnd,
    };
    use dissectors::{Dissector, Field, PROTOCOLS, Protocol, SessionKind, Value, field};
    use std::io::Write;

    /// The field of the count: any that takes a number.
    fn count_field() -> &'static Field {
        field("udp.length").expect("a field of UDP")
    }

    /// A session that counts its datagrams.
    #[derive(Clone)]
    struct Counter(u64);

    impl Session for Counter {
        fn read(&mut self, _: Lane, chunk: Chunk<'_>, cx: &mut Context<'_>) -> Consumed {
            self.0 += 1;
            cx.tree.put(count_field(), Default::default(), Value::Uint(self.0));
            Consumed::bytes(chunk.bytes.len())
        }

        fn gap(&mut self, _: Lane, _: Chunk<'_>, _: Missing, _: &mut Context<'_>) {}

        fn end(&mut self, _: Lane, _: Chunk<'_>, _: SideEnd, _: &mut Context<'_>) {}

        fn fork(&self) -> Box<dyn Session> {
            Box::new(self.clone())
        }
    }

    fn open(_: &Wants, _: &mut Handover) -> Box<dyn Session> {
        Box::new(Counter(1000))
    }

    static COUNTER: Protocol = Protocol {
        short: "COUNTER",
        // Those of any protocol: the count is the value of a field of UDP.
        fields: PROTOCOLS[0].fields,
        claims: &[],
        aliases: &[],
        dissectors: &[Dissector::Session(SessionKind {
            input: Input::Datagrams,
            probe: |_: &Hint<'_>| Probe::Yes,
            open,
            derived_title: "",
            reassembly: None,
            messages: None,
        })],
    };

    /// A capture of datagrams from these ports (RFC 768), in IPv4 packets without a link layer (`LINKTYPE_IPV4`).
    fn datagrams(ports: &[u16]) -> tempfile::NamedTempFile {
        let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0];
        file.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 228, 0, 0, 0]);
        for port in ports {
            file.extend([[0; 4], [0; 4], [30, 0, 0, 0], [30, 0, 0, 0]].concat());
            file.extend([0x45, 0, 0, 30, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
            file.extend([port.to_be_bytes(), [0, 53], [0, 10], [0, 0], *b"ab"].concat());
        }
        let mut written = tempfile::NamedTempFile::new().expect("room");
        written.write_all(&file).expect("room");
        written
    }

    #[test]
    fn a_datagram_of_a_session_is_read_after_all_earlier_ones() {
        let file = datagrams(&[7, 8, 7, 7, 8, 7]);
        let table = SharedFrameTable::default();
        load(&table, LoadSource { paths: vec![file.path().to_owned()], ..LoadSource::default() }, drop);
        let earlier = |frame| with_prerequisites(&table.read(), &[frame]);
        assert_eq!((earlier(6), earlier(5)), (vec![1, 4, 6], vec![2, 5]));
        assert!(first_pass_frames(&table.read(), &[4]).is_empty());
        table.write().add_udp_session(0);
        assert_eq!((earlier(6), earlier(4), earlier(5)), (vec![1, 3, 4, 6], vec![1, 3, 4], vec![2, 5]));
        assert_eq!(first_pass_frames(&table.read(), &[4]), [1, 3, 4, 6]);
        let protocols: Vec<&'static Protocol> = PROTOCOLS.iter().copied().chain([&COUNTER]).collect();
        let task = Task { wants: Wants::everything(), ..Task::default() };
        let mut cursor = ForwardCursor::new(Analyzer::with_protocols(task, FirstPass::default(), &protocols), true);
        let mut reader = RandomAccess::new(table);
        let mut counts = Vec::new();
        let mut count = |reader: &mut RandomAccess, cursor: &mut ForwardCursor, frame| {
            let read = reader.dissect_forward(cursor, &[frame], &mut |item| {
                if let FrameOrEvent::Frame(shown, connections) = item {
                    let nodes = shown.tree.nodes().iter().filter(|node| node.field.id == count_field().id);
                    counts.push((shown.frame.number, nodes.map(|node| node.value).next_back()));
                    assert_eq!(connections.len(), 1);
                }
                true
            });
            read.expect("a capture that is not changed");
        };
        count(&mut reader, &mut cursor, 3);
        let mut fork = cursor.fork();
        count(&mut reader, &mut cursor, 6);
        count(&mut reader, &mut fork, 4);
        let values = [(3, 1002), (6, 1004), (4, 1003)].map(|(frame, count)| (frame, Some(Value::Uint(count))));
        assert_eq!(counts, values);
    }
}
