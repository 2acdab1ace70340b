//! Content that a session reads while it arrives, such as the messages of a call that streams.

use super::header_list::HeaderList;
use super::stream::{DataPart, Stream, StreamHalf};
use super::tunnel;
use crate::content;
use crate::grpc;
use crate::session::{Context, DerivedItem, Half, Handover, Missing, SideEnd, Successor};
use alloc::boxed::Box;
use alloc::vec;

impl StreamHalf {
    /// Returns the media type of the content, if a session reads it.
    fn streamed_type(&self) -> Option<&str> {
        let media_type = self.content_type.split(';').next().unwrap_or_default().trim();
        let is_plain = self.content_encoding.is_empty() || self.content_encoding == "identity";
        Some(media_type).filter(|media_type| is_plain && content::has_session(media_type.as_bytes()))
    }
}

/// Begins the session that reads the content of a message whose final headers ended, if there is one.
pub(crate) fn begin(id: u32, half: Half, stream: &mut Stream, cx: &mut Context<'_>) {
    if stream.tunnel.is_some() {
        return;
    }
    let has_session = stream.has_session;
    let state = stream.half(half);
    let media_type = state.streamed_type().map(Into::into);
    // A response whose media type is not known has that of its request.
    let may_be_streamed = state.has_unknown_headers && state.content_type.is_empty() && has_session;
    state.is_streamed = media_type.is_some() || may_be_streamed;
    let may_be_web = half == Half::Response && state.is_streamed;
    let of = if may_be_streamed { Half::Request } else { half };
    let is_web = may_be_web && grpc::is_web(stream.half(of).content_type.as_bytes());
    stream.half(half).has_status_in_content = is_web;
    let Some(media_type) = media_type.filter(|_| !stream.has_session) else { return };
    stream.has_session = true;
    let target = stream.exchange.target.as_bytes().to_vec();
    let handover = Handover {
        exchange: Some(stream.exchange.id),
        is_content: true,
        facts: vec![("target".into(), target)],
        ..Handover::to(Successor::MediaType(media_type))
    };
    cx.derive(tunnel::lane(id, half), DerivedItem::Begin(Box::new(handover)));
}

/// Derives headers or trailers of a stream whose content a session reads.
pub(crate) fn headers(id: u32, half: Half, stream: &Stream, list: &HeaderList, cx: &mut Context<'_>) {
    if stream.has_session {
        let [request, response] = &stream.halves;
        let is_partial = (if half == Half::Request { request } else { response }).has_unknown_headers;
        let known = list.known().map(|(name, value)| (name.to_vec(), value.to_vec()));
        let headers = known.chain(is_partial.then(Default::default)).collect();
        cx.derive(tunnel::lane(id, half), DerivedItem::Headers(headers));
    }
}

/// Derives content.
pub(crate) fn data(id: u32, half: Half, part: &DataPart<'_>, cx: &mut Context<'_>) {
    if !part.bytes.is_empty() {
        let from = part.is_recorded.then_some(part.span);
        let item =
            DerivedItem::Bytes { offset: None, bytes: part.bytes.to_vec(), first: part.first, arrived: None, from };
        cx.derive(tunnel::lane(id, half), item);
    }
}

/// Derives that content is missing.
pub(crate) fn lose(id: u32, half: Half, stream: &mut Stream, missing: Missing, cx: &mut Context<'_>) {
    if stream.half(half).is_streamed && !stream.is_done(half) {
        cx.derive(tunnel::lane(id, half), DerivedItem::Missing(missing));
    }
}

/// Derives the end of a half.
pub(crate) fn end(id: u32, half: Half, stream: &mut Stream, cx: &mut Context<'_>) {
    if stream.has_session {
        let state = stream.half(half);
        let end = match state.is_truncated {
            true if state.is_canceled => SideEnd::Canceled(None),
            true => SideEnd::Reset(None),
            false => SideEnd::Closed,
        };
        cx.derive(tunnel::lane(id, half), DerivedItem::End(end));
    }
}
