//! Indexed field values of messages. Filters on these fields do not read frames again.

use super::chunked_vec::ChunkedVec;
use dissectors::tree::Node;
use dissectors::{Field, Tree, Value, http};
use std::collections::HashMap;

/// Indexed fields. All values of a frame are recorded.
pub(super) static INDEXED_FIELDS: [&Field; 8] = [
    &http::REQUEST,
    &http::RESPONSE,
    &http::REQUEST_METHOD,
    &http::REQUEST_URI,
    &http::REQUEST_URI_PATH,
    &http::REQUEST_URI_QUERY,
    &http::HOST,
    &http::RESPONSE_CODE,
];

/// Bits of a cell for its value. The bits above hold the index of the field.
const VALUE_BITS: u32 = 28;

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
    cells: Vec<(u32, u32, CellValue)>,
    texts: Vec<u8>,
}

#[derive(Clone, Copy)]
enum CellValue {
    Number(u32),
    /// Length of the text in bytes.
    Text(usize),
}

/// Returns the index of a field among the indexed ones.
pub(super) fn indexed_field(field: &Field) -> Option<u32> {
    // Most fields of a tree belong to other protocols.
    if field.protocol != http::HTTP.id {
        return None;
    }
    INDEXED_FIELDS.iter().position(|indexed| indexed.id == field.id).map(|index| index as u32)
}

impl ValueBatch {
    /// Records the value of a node, if its field is indexed.
    pub(super) fn record(&mut self, frame: u32, node: &Node, tree: &Tree) {
        let Some(index) = indexed_field(node.field) else { return };
        let value = match node.value {
            Value::Uint(number) => CellValue::Number(number.try_into().unwrap_or(u32::MAX)),
            Value::Bool(yes) => CellValue::Number(yes.into()),
            Value::Text(slice) => {
                let text = tree.bytes(slice);
                self.texts.extend_from_slice(text);
                CellValue::Text(text.len())
            }
            _ => CellValue::Number(0),
        };
        self.cells.push((frame, index, value));
    }
}

impl IndexedValues {
    /// Appends the values of the next frames.
    pub(super) fn extend(&mut self, batch: &mut ValueBatch) {
        let mut texts = batch.texts.as_slice();
        for (frame, index, value) in batch.cells.drain(..) {
            let number = match value {
                CellValue::Number(number) => number,
                CellValue::Text(len) => {
                    let (text, rest) = texts.split_at(len.min(texts.len()));
                    texts = rest;
                    self.intern(text)
                }
            };
            if number >> VALUE_BITS != 0 || self.cells.len() >= u32::MAX as usize {
                self.is_incomplete = true;
                continue;
            }
            if self.frames.last().is_none_or(|&(last, _)| last != frame) {
                self.frames.push((frame, self.cells.len() as u32));
            }
            self.cells.push(index << VALUE_BITS | number);
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
        let end = self.frames.get(at + 1).map_or(self.cells.len(), |&(_, next)| next as usize);
        for &cell in (first as usize..end).filter_map(|at| self.cells.get(at)) {
            let Some(&field) = INDEXED_FIELDS.get((cell >> VALUE_BITS) as usize) else { continue };
            if !tree.wants(field) {
                continue;
            }
            let number = cell & ((1 << VALUE_BITS) - 1);
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
