//! Protocol hierarchy of the frames.

use crate::analysis::{FrameResults, Task};
use crate::report::DissectedFrame;
use crate::report::records::{Cell, RecordColumn, RecordFormat, number_column, text_column};
use crate::statistics::protocol_tree::ProtocolTree;
use crate::statistics::stacks::{StackNames, StackTable};
use crate::statistics::table::{StatisticsTable, write_rows};
use crate::statistics::traffic::TrafficCount;
use dissectors::frame;
use std::cmp::Reverse;
use std::io::{self, Write};

static COLUMNS: [RecordColumn; 7] = [
    RecordColumn::machine_only("protocol"),
    RecordColumn::machine_only("depth"),
    RecordColumn::new("name", text_column("PROTOCOL", 24, 60, 0)),
    RecordColumn::new("frames", number_column("FRAMES", 8, 0)),
    RecordColumn::new("bytes", number_column("BYTES", 8, 0)),
    RecordColumn::new("innermost_frames", number_column("INNERMOST", 9, 1)),
    RecordColumn::new("innermost_bytes", number_column("BYTES", 8, 2)),
];

/// Counts frames by their protocols.
#[derive(Default)]
pub(crate) struct ProtocolsTable {
    stacks: StackTable,
    names: Vec<StackNames>,
    counts: Vec<TrafficCount>,
}

impl ProtocolsTable {
    /// Returns the hierarchy of the frames so far.
    pub(crate) fn tree(&self) -> ProtocolTree {
        let mut tree = ProtocolTree::default();
        for (names, count) in self.names.iter().zip(&self.counts) {
            let innermost = tree.innermost(names);
            tree.add(innermost, *count);
        }
        tree
    }
}

impl StatisticsTable for ProtocolsTable {
    fn extend_task(&self, task: &mut Task) {
        task.wants.add(&frame::PROTOCOLS);
    }

    fn frame(&mut self, shown: &DissectedFrame<'_>, results: &FrameResults<'_>) {
        let stack = usize::from(self.stacks.id(results.path, &mut self.names).0);
        if self.counts.len() <= stack {
            self.counts.resize(stack + 1, TrafficCount::default());
        }
        if let Some(count) = self.counts.get_mut(stack) {
            count.add_frame(shown.frame.length);
        }
    }

    fn write(&mut self, format: RecordFormat, out: &mut dyn Write) -> io::Result<()> {
        let tree = self.tree();
        let key = |at: u32| (Reverse(tree.counts(at).containing.frames), tree.label(at));
        let nodes = tree.sorted_nodes(|left, right| key(left).cmp(&key(right)));
        let is_text = matches!(format, RecordFormat::Text(_) | RecordFormat::Html);
        let indented = |at: u32| if is_text { "  ".repeat(tree.depth(at).into()) } else { String::new() };
        let labels: Vec<String> = nodes.iter().map(|&at| indented(at) + tree.label(at)).collect();
        let rows = nodes.iter().zip(&labels).map(|(&at, label)| {
            let counts = tree.counts(at);
            [
                Cell::Word(tree.name(at).unwrap_or("")),
                Cell::Number(tree.depth(at).into()),
                Cell::Text(label),
                Cell::Number(counts.containing.frames),
                Cell::Size(counts.containing.bytes),
                Cell::Number(counts.innermost.frames),
                Cell::Size(counts.innermost.bytes),
            ]
        });
        write_rows(&COLUMNS, format, rows, out)
    }
}
