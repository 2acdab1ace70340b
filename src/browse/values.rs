//! What the messages of frames say that is most often asked for, kept so that filters need not read them again.

use super::pile::Pile;
use dissectors::tree::Node;
use dissectors::{Field, Tree, Value, http};
use std::collections::HashMap;

/// The fields that are kept; all that a frame says of them.
pub(super) static KEPT: [&Field; 8] = [
    &http::REQUEST,
    &http::RESPONSE,
    &http::REQUEST_METHOD,
    &http::REQUEST_URI,
    &http::REQUEST_URI_PATH,
    &http::REQUEST_URI_QUERY,
    &http::HOST,
    &http::RESPONSE_CODE,
];

/// Bits of a cell for its value; above them stands which field it is of.
const VALUE: u32 = 28;

/// Texts that are looked for among those that are kept already: methods, hosts, and the target that a response repeats.
const RECENT: usize = 4096;

/// Values by frame.
#[derive(Default)]
pub(super) struct Values {
    /// Frames with values, and where those begin.
    frames: Pile<(u32, u32)>,
    /// A field, and a number or the place of a text.
    cells: Pile<u32>,
    /// Where each text ends.
    ends: Pile<u32>,
    texts: Vec<u8>,
    recent: HashMap<Box<[u8]>, u32>,
    /// There was more than can be kept.
    pub(super) is_short: bool,
}

/// The values of some frames, on their way to all others.
#[derive(Default)]
pub(super) struct Batch {
    cells: Vec<(u32, u32, Content)>,
    texts: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Content {
    Number(u32),
    /// So many bytes of text.
    Text(usize),
}

/// Which of the fields a field is.
pub(super) fn place(field: &Field) -> Option<u32> {
    // Most fields of a tree are of other protocols.
    if field.protocol != http::HTTP.id {
        return None;
    }
    KEPT.iter().position(|kept| kept.id == field.id).map(|place| place as u32)
}

impl Batch {
    /// Takes in a node of a frame, if it is one that is kept.
    pub(super) fn take(&mut self, frame: u32, node: &Node, tree: &Tree) {
        let Some(place) = place(node.field) else { return };
        let content = match node.value {
            Value::Uint(number) => Content::Number(number.try_into().unwrap_or(u32::MAX)),
            Value::Bool(yes) => Content::Number(yes.into()),
            Value::Text(slice) => {
                let text = tree.bytes(slice);
                self.texts.extend_from_slice(text);
                Content::Text(text.len())
            }
            _ => Content::Number(0),
        };
        self.cells.push((frame, place, content));
    }
}

impl Values {
    /// Takes in the values of the next frames.
    pub(super) fn extend(&mut self, batch: &mut Batch) {
        let mut texts = batch.texts.as_slice();
        for (frame, place, content) in batch.cells.drain(..) {
            let number = match content {
                Content::Number(number) => number,
                Content::Text(len) => {
                    let (text, rest) = texts.split_at(len.min(texts.len()));
                    texts = rest;
                    self.text(text)
                }
            };
            if number >> VALUE != 0 || self.cells.len() >= u32::MAX as usize {
                self.is_short = true;
                continue;
            }
            if self.frames.last().is_none_or(|&(last, _)| last != frame) {
                self.frames.push((frame, self.cells.len() as u32));
            }
            self.cells.push(place << VALUE | number);
        }
        batch.texts.clear();
    }

    /// Keeps a text, once if it was among the last; returns its place.
    fn text(&mut self, text: &[u8]) -> u32 {
        if let Some(&place) = self.recent.get(text) {
            return place;
        }
        let Ok(end) = u32::try_from(self.texts.len() + text.len()) else { return u32::MAX };
        let place = self.ends.len() as u32;
        self.texts.extend_from_slice(text);
        self.ends.push(end);
        if self.recent.len() >= RECENT {
            self.recent.clear();
        }
        self.recent.insert(text.into(), place);
        place
    }

    /// The frame whose values are the next ones.
    pub(super) fn frame(&self, at: usize) -> Option<u32> {
        self.frames.get(at).map(|&(frame, _)| frame)
    }

    /// Records the values of a frame.
    pub(super) fn put(&self, at: usize, tree: &mut Tree) {
        let Some(&(_, first)) = self.frames.get(at) else { return };
        let end = self.frames.get(at + 1).map_or(self.cells.len(), |&(_, next)| next as usize);
        for &cell in (first as usize..end).filter_map(|at| self.cells.get(at)) {
            let Some(&field) = KEPT.get((cell >> VALUE) as usize) else { continue };
            if !tree.wants(field) {
                continue;
            }
            let number = cell & ((1 << VALUE) - 1);
            let value = match field.kind {
                dissectors::Kind::Text => {
                    let start = number.checked_sub(1).and_then(|before| self.ends.get(before as usize)).copied();
                    let range = start.unwrap_or_default() as usize
                        ..self.ends.get(number as usize).map_or(0, |&end| end as usize);
                    Value::Text(tree.keep(self.texts.get(range).unwrap_or_default()))
                }
                dissectors::Kind::Bool => Value::Bool(number != 0),
                _ => Value::Uint(number.into()),
            };
            tree.put(field, Default::default(), value);
        }
    }
}
