//! Recording of a message with its exchange.

use super::command::Command;
use super::fields::*;
use super::pairing::Role;
use super::{PROTOCOL, Resp, describe};
use crate::session::{About, Chunk, Context, Half};
use crate::tree::{Slice, Value};

/// Messages of a frame in the Info column.
const MAX_INFOS: u32 = 8;

impl Resp {
    /// Records a message in the tree.
    pub(super) fn record(
        &mut self,
        role: &Role,
        command: Option<&Command<'_>>,
        chunk: Chunk<'_>,
        is_line: bool,
        cx: &mut Context<'_>,
    ) {
        cx.path.push_once(RESP.name);
        if cx.tree.wants_columns() {
            self.set_info(role, command, chunk.bytes, cx);
        }
        if !self.has_fields || !cx.tree.wants_any(&RESP) {
            return;
        }
        let span = chunk.span(0..chunk.bytes.len(), "Reassembled TCP", cx.tree);
        cx.tree.open(&RESP, span, Value::Bytes(span));
        if is_line {
            cx.tree.put_text(&INLINE, span, format_args!("{}", InlineText(command)));
        } else if describe::wants_values(cx.tree) {
            let has_lines = role.half == Half::Response || role.is_push;
            describe::record_values(chunk.bytes, span.start, role.secrets, has_lines, cx.tree);
        }
        describe::record_head(command, chunk.bytes, role.is_push, role.secrets, cx.tree);
        if !self.identity.text.is_empty() {
            cx.tree.put_copy(&DATABASE, Slice::default(), self.identity.text.as_bytes());
        }
        let none = Slice::default();
        if let Some(request) = role.request {
            cx.tree.put(&REQUEST_IN, none, Value::Uint(request.frame.into()));
            cx.tree.put(&TIME, none, Value::Duration(cx.at.time.saturating_sub(request.time)));
        } else if role.half == Half::Request && !role.is_push {
            let about = About::Half(cx.exchange(role.nth), Half::Request);
            if let Some(frame @ 1..) = cx.later_value(&RESPONSE_IN, about) {
                cx.tree.put(&RESPONSE_IN, none, Value::Uint(frame));
            }
        }
        cx.tree.close();
    }

    pub(super) fn set_info(&mut self, role: &Role, command: Option<&Command<'_>>, bytes: &[u8], cx: &mut Context<'_>) {
        cx.tree.columns_mut().protocol = PROTOCOL.short;
        let (frame, count) = self.infos;
        let nth = if frame == cx.at.frame { count } else { 0 };
        self.infos = (cx.at.frame, nth + 1);
        let separator = if nth > 0 { ", " } else { "" };
        match (command, nth) {
            (_, MAX_INFOS..) => return,
            (Some(command), 0) => cx.tree.set_info(format_args!("Request: {} {}", command.name(), command.arguments())),
            (Some(command), _) => {
                cx.tree.append_info(format_args!("{separator}{} {}", command.name(), command.arguments()))
            }
            (None, 0) => cx.tree.set_info(format_args!("Response: {}", describe::preview(bytes, role.secrets))),
            (None, _) => cx.tree.append_info(format_args!("{separator}{}", describe::preview(bytes, role.secrets))),
        }
        cx.tree.fence();
    }
}

/// The text of a command in a line, passwords replaced.
struct InlineText<'a, 'b>(Option<&'a Command<'b>>);

impl core::fmt::Display for InlineText<'_, '_> {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.0 {
            Some(command) => write!(out, "{} {}", command.name(), command.arguments()),
            None => Ok(()),
        }
    }
}
