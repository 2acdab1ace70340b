//! Headings before the data of a side: who sent them, with the name of its address, frame and time.

use super::color::{AnsiStyle, Color};
use super::selection::frame_texts;
use super::{DissectedFrame, TimeFormatter, value};
use crate::analysis::NameFlags;
use dissectors::session::{ConversationId, Side};
use dissectors::{Value, Wants, tcp, udp};
use std::fmt::Write;

/// Writer of headings. Names of the sides are those of the source addresses of their first frames.
pub(super) struct SideHeadings {
    stream: ConversationId,
    color: Color,
    shows_names: bool,
    names: [Option<String>; 2],
    /// Last frame of the stream, and its source.
    last: (u32, String),
    clock: TimeFormatter,
}

impl SideHeadings {
    pub(super) fn new(stream: ConversationId, color: Color) -> SideHeadings {
        let (names, last) = Default::default();
        SideHeadings { stream, color, shows_names: false, names, last, clock: TimeFormatter::local() }
    }

    /// The same with names of network addresses, if these are resolved.
    pub(super) fn with_names(self, names: NameFlags) -> SideHeadings {
        SideHeadings { shows_names: names.network, ..self }
    }

    /// Adds the fields that must be recorded for names.
    pub(super) fn add_wants(names: NameFlags, wants: &mut Wants) {
        wants.columns |= names.network;
        [&tcp::STREAM, &udp::STREAM].into_iter().filter(|_| names.network).for_each(|field| wants.add(field));
    }

    /// Returns whether a frame is of the stream, as far as that is recorded.
    pub(super) fn is_of_stream(&self, dissected: &DissectedFrame<'_>) -> bool {
        let field = if self.stream.tcp().is_some() { &tcp::STREAM } else { &udp::STREAM };
        dissected.tree.first(field) == Some(Value::Uint(self.stream.number().into()))
    }

    /// Notes the source of a frame.
    pub(super) fn add_frame(&mut self, dissected: &DissectedFrame<'_>) {
        if self.shows_names && self.is_of_stream(dissected) {
            let [source, ..] = frame_texts(dissected, &mut self.clock);
            self.last = (dissected.frame.number, source);
        }
    }

    /// Appends the heading of data of a side, perhaps in one of the streams of the conversation.
    pub(super) fn write(&mut self, out: &mut String, side: Side, channel: Option<u32>, frame: u32, relative: i64) {
        let (last, source) = &self.last;
        let is_of_other = self.names[side.other() as usize].as_ref() == Some(source);
        let name = &mut self.names[side as usize];
        // A frame of the other side can complete data, too.
        if name.is_none() && *last == frame && !source.is_empty() && !is_of_other {
            *name = Some(source.clone());
        }
        self.color.start(AnsiStyle::Dim, out);
        let _ = write!(out, "--- {}", side.name());
        if let Some(name) = name {
            let _ = write!(out, " {name}");
        }
        if let Some(channel) = channel {
            let _ = write!(out, ", stream {channel}");
        }
        let _ = write!(out, ", frame {frame}, ");
        value::seconds(out, relative, value::Decimals::Six);
        out.push_str(" s ---");
        self.color.stop(AnsiStyle::Dim, out);
        out.push('\n');
    }
}

pub(super) fn side_style(side: Side) -> AnsiStyle {
    match side {
        Side::Client => AnsiStyle::Red,
        Side::Server => AnsiStyle::Blue,
    }
}
