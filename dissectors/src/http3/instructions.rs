//! Instructions of encoders (RFC 9204 4.3), which change the dynamic table.

use super::fields::*;
use super::qpack::QpackError;
use super::{Http3, Step, View, describe};
use crate::session::Context;
use crate::tree::{Slice, Value};

impl Http3 {
    /// Reads the instructions that are complete.
    pub(super) fn instructions(&mut self, view: &mut View<'_>, at: usize, cx: &mut Context<'_>) -> Step {
        let bytes = view.chunk.bytes.get(at..).unwrap_or_default();
        let decoder = self.decoder(view.lane.side);
        let before = decoder.inserted();
        let mut read = 0;
        let mut error = None;
        let mut node = None;
        while read < bytes.len() {
            match decoder.instruction(bytes.get(read..).unwrap_or_default()) {
                Ok((len, instruction)) => {
                    let payload = view.open(cx);
                    if view.is_recorded {
                        if node.is_none() {
                            let span = payload.from(at).all();
                            node = Some(cx.tree.open(&ENCODER, span, Value::Bytes(span)));
                        }
                        describe::instruction(instruction, payload.span(at + read, len), cx.tree);
                    }
                    read += len;
                }
                Err(QpackError::Incomplete) => break,
                Err(QpackError::Malformed) => {
                    error = Some(QpackError::Malformed);
                    break;
                }
            }
        }
        let inserted = decoder.inserted();
        if let Some(node) = node {
            let span = view.open(cx).span(at, read);
            cx.tree.set(node, span, Value::Bytes(span));
            let count = inserted - before;
            let (opcodes, s) = (count, if count == 1 { "" } else { "s" });
            cx.tree.label(node, format_args!("QPACK encoder stream; {opcodes} opcode{s} ({inserted} total)"));
            cx.tree.put(&ENCODER_INCREMENT, Slice::default(), Value::Uint(count));
            cx.tree.put(&ENCODER_COUNT, Slice::default(), Value::Uint(inserted));
            cx.tree.close();
        }
        if error.is_some() {
            let payload = view.open(cx);
            if view.is_recorded {
                cx.tree.note(&BAD_BLOCK, payload.from(at + read).all(), format_args!("{}", BAD_BLOCK.title));
            }
            self.decoder(view.lane.side).lose();
            self.state(view.lane).is_lost = true;
            return Step::Read(bytes.len());
        }
        if read == 0 { Step::Wait } else { Step::Read(read) }
    }
}
