//! Indexed field values of messages. Filters on these fields do not read frames again.

use super::chunked_vec::ChunkedVec;
use dissectors::tree::Node;
use dissectors::{FIELD_COUNT, Field, Tree, Value, message_fields};
use std::collections::HashMap;
use std::sync::LazyLock;

/// Indexed fields of all protocols. All values of a frame are recorded.
pub(super) static INDEXED_FIELDS: LazyLock<IndexedFields> =
    LazyLock::new(|| IndexedFields::new(message_fields().flat_map(|(_, fields)| fields.indexed).copied()));

/// The fields whose values are in the index.
pub(super) struct IndexedFields {
    fields: Vec<&'static Field>,
    /// For each field by its `id`: its position among the indexed ones, plus one; 0 for other fields.
    positions: Vec<u8>,
    /// Bits of a cell for its value. The bits above hold the position of the field.
    value_bits: u32,
}

impl IndexedFields {
    fn new(fields: impl Iterator<Item = &'static Field>) -> IndexedFields {
        let mut all = IndexedFields { fields: Vec::new(), positions: vec![0; FIELD_COUNT.into()], value_bits: 0 };
        for field in fields {
            if let Some(position) = all.positions.get_mut(usize::from(field.id)).filter(|position| **position == 0)
                && let Ok(next) = u8::try_from(all.fields.len() + 1)
            {
                *position = next;
                all.fields.push(field);
            }
        }
        all.value_bits = u32::BITS - all.fields.len().max(2).next_power_of_two().ilog2();
        all
    }

    /// Returns the indexed fields.
    pub(super) fn iter(&self) -> impl Iterator<Item = &'static Field> {
        self.fields.iter().copied()
    }

    /// Returns the position of a field among the indexed ones.
    pub(super) fn position(&self, field: &Field) -> Option<u32> {
        u32::from(self.positions.get(usize::from(field.id)).copied()?).checked_sub(1)
    }
}

/// Maximum number of texts to deduplicate: methods, hosts, and request targets repeated for the response.
const MAX_RECENT_TEXTS: usize = 4096;

/// Field values by frame.
#[derive(Default)]
pub(super) struct IndexedValues {
    /// Frames with values, each with the index of its first cell.
    frames: ChunkedVec<(u32, u32)>,
    /// Cells: a field, and a number or the index of a text.
    cells: ChunkedVec<u32>,
    /// End of each text.
    text_ends: ChunkedVec<u32>,
    texts: Vec<u8>,
    recent_texts: HashMap<Box<[u8]>, u32>,
    /// Whether some values did not fit.
    pub(super) is_incomplete: bool,
}

/// Values of frames that are not in the index yet.
#[derive(Default)]
pub(super) struct ValueBatch {
    /// Frame, position of the field, and value.
    cells: Vec<(u32, u32, CellValue)>,
    texts: Vec<u8>,
}

#[derive(Clone, Copy)]
enum CellValue {
    Number(u32),
    /// Start and length of the text in bytes.
    Text(usize, usize),
}

impl ValueBatch {
    /// Records the value of a node, if its field is indexed.
    pub(super) fn record(&mut self, frame: u32, node: &Node, tree: &Tree) {
        let Some(index) = INDEXED_FIELDS.position(node.field) else { return };
        let value = match node.value {
            Value::Uint(number) => CellValue::Number(number.try_into().unwrap_or(u32::MAX)),
            Value::Bool(yes) => CellValue::Number(yes.into()),
            Value::Text(slice) => {
                let text = tree.bytes(slice);
                let start = self.texts.len();
                self.texts.extend_from_slice(text);
                CellValue::Text(start, text.len())
            }
            _ => CellValue::Number(0),
        };
        self.cells.push((frame, index, value));
    }

    /// Moves the values of another batch to the end of this one.
    pub(super) fn append(&mut self, other: &mut ValueBatch) {
        let moved_by = self.texts.len();
        self.texts.append(&mut other.texts);
        self.cells.extend(other.cells.drain(..).map(|(frame, index, value)| match value {
            CellValue::Text(start, len) => (frame, index, CellValue::Text(start + moved_by, len)),
            CellValue::Number(_) => (frame, index, value),
        }));
    }

    /// Brings the values into the order of their frames.
    pub(super) fn sort(&mut self) {
        self.cells.sort_by_key(|&(frame, ..)| frame);
    }

    /// Keeps the values of some frames.
    pub(super) fn retain(&mut self, mut is_kept: impl FnMut(u32) -> bool) {
        self.cells.retain(|&(frame, ..)| is_kept(frame));
    }
}

impl IndexedValues {
    /// Appends the values of the next frames.
    pub(super) fn extend(&mut self, batch: &mut ValueBatch) {
        let value_bits = INDEXED_FIELDS.value_bits;
        for (frame, index, value) in batch.cells.drain(..) {
            let number = match value {
                CellValue::Number(number) => number,
                CellValue::Text(start, len) => self.intern(batch.texts.get(start..start + len).unwrap_or_default()),
            };
            if number >> value_bits != 0 || self.cells.len() >= u32::MAX as usize {
                self.is_incomplete = true;
                continue;
            }
            if self.frames.last().is_none_or(|&(last, _)| last != frame) {
                self.frames.push((frame, self.cells.len() as u32));
            }
            self.cells.push(index << value_bits | number);
        }
        batch.texts.clear();
    }

    /// Stores a text and returns its index. A recent duplicate is stored once.
    fn intern(&mut self, text: &[u8]) -> u32 {
        if let Some(&index) = self.recent_texts.get(text) {
            return index;
        }
        let Ok(end) = u32::try_from(self.texts.len() + text.len()) else { return u32::MAX };
        let index = self.text_ends.len() as u32;
        self.texts.extend_from_slice(text);
        self.text_ends.push(end);
        if self.recent_texts.len() >= MAX_RECENT_TEXTS {
            self.recent_texts.clear();
        }
        self.recent_texts.insert(text.into(), index);
        index
    }

    /// Returns the frame at a position in the list of frames with values.
    pub(super) fn frame_at(&self, at: usize) -> Option<u32> {
        self.frames.get(at).map(|&(frame, _)| frame)
    }

    /// Adds the values of the frame at a position to a tree.
    pub(super) fn add_to(&self, at: usize, tree: &mut Tree) {
        let Some(&(_, first)) = self.frames.get(at) else { return };
        let IndexedFields { fields, value_bits, .. } = &*INDEXED_FIELDS;
        let end = self.frames.get(at + 1).map_or(self.cells.len(), |&(_, next)| next as usize);
        for &cell in (first as usize..end).filter_map(|at| self.cells.get(at)) {
            let Some(&field) = fields.get((cell >> value_bits) as usize) else { continue };
            if !tree.wants(field) {
                continue;
            }
            let number = cell & ((1 << value_bits) - 1);
            let value = match field.kind {
                dissectors::FieldKind::Text => {
                    let start = number.checked_sub(1).and_then(|before| self.text_ends.get(before as usize)).copied();
                    let range = start.unwrap_or_default() as usize
                        ..self.text_ends.get(number as usize).map_or(0, |&end| end as usize);
                    Value::Text(tree.store_bytes(self.texts.get(range).unwrap_or_default()))
                }
                dissectors::FieldKind::Bool => Value::Bool(number != 0),
                _ => Value::Uint(number.into()),
            };
            tree.put(field, Default::default(), value);
        }
    }
}
