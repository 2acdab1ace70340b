//! Exchanges: a request, its response, and the times between.

use crate::field::{Field, FieldKind};
use crate::identity::{ExchangeId, Side, Stamp};
use alloc::string::{String, ToString};
use compact_str::{CompactString, format_compact};
use core::fmt::Write;

/// Bytes kept of a target, an authority or a media type.
pub(crate) const MAX_TEXT: usize = 16_384;

/// A request and its response, of any protocol.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    /// Its name in the capture.
    pub id: ExchangeId,
    /// The exchange that carried it: the request of a tunnel or of an upgrade.
    pub parent: Option<ExchangeId>,
    /// Time at which `parent` began, in nanoseconds since 1970; none if it is not known.
    pub parent_start: Option<i64>,
    /// What follows it is read by another session, whose exchanges have it as `parent`.
    pub opens_session: bool,
    /// The protocol's filter name, such as `http`.
    pub protocol: &'static str,
    /// The filter name of the protocol in its messages that names its status, such as `grpc`; empty if there is none. The
    /// field `status` of that protocol has it.
    pub content_protocol: &'static str,
    /// The side that sent the request; none if only a response was seen.
    pub requester: Option<Side>,
    /// The operation, such as `GET`, `A` or `SELECT`; empty if unknown.
    pub method: CompactString,
    /// The authority: the value of `Host`, the resolver, the database; empty if unknown.
    pub authority: CompactString,
    /// The target of the operation: the request target, the name, the statement; empty if unknown.
    pub target: CompactString,
    /// The status as text, such as `200`, `NXDOMAIN` or `42P01`; empty without a response.
    pub status: CompactString,
    /// The status as a number, if the protocol has one.
    pub code: Option<u16>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why it ended before it was complete, such as `CANCEL by client (RST_STREAM)`; empty if no message states it.
    pub end_reason: CompactString,
    /// The response's media type, as sent; empty if there is none.
    pub content_type: CompactString,
    /// When and how large the request was.
    pub request: Option<Transfer>,
    /// When and how large the response was.
    pub response: Option<Transfer>,
    /// It was carried by an encrypted connection.
    pub is_encrypted: bool,
    /// It is reported only if no session has read what it carries. The exchanges of that session are reported instead.
    pub yields_to_content: bool,
    /// It stands for a connection whose content is not read: its halves are the handshake, and all that follows.
    pub is_connection: bool,
    /// A message that has no response: the request is all of it, and its requester is the sender.
    pub is_one_way: bool,
    /// The protocol that an extended CONNECT opens (RFC 8441 4, RFC 9220), such as `websocket`; empty otherwise.
    pub connect_protocol: CompactString,
    /// The server has promised the request, to push its response (RFC 9113 8.4, RFC 9114 4.6).
    pub is_pushed: bool,
    /// No message names the authority: it is the server, as that of a query.
    pub is_of_server: bool,
    /// The beginning of its response was not captured: when it began is not known.
    pub lacks_response_start: bool,
    /// Its request was not seen and may have been captured: bytes of its sender were not decrypted.
    pub has_unknown_request: bool,
}

/// What became of an exchange, whatever its protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// The response may still come.
    #[default]
    Pending,
    /// The response reports no error.
    Success,
    /// The response reports an error of the client.
    ClientError,
    /// The response reports an error of the server.
    ServerError,
    /// A half began and did not end.
    Aborted,
    /// No response was seen.
    Unanswered,
    /// What became of it is not known: its state was dropped at a limit, or a part of it was not decrypted.
    Unknown,
}

/// How one message crossed the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transfer {
    /// Where its first byte arrived.
    pub first: Stamp,
    /// Where its last byte arrived; the last that was seen, if it is not complete.
    pub last: Stamp,
    /// The frame that has its nodes: in which its last byte could be read, or which showed that there is none.
    pub completed_in: u32,
    /// Bytes of its body, after chunks are joined and before content codings are undone.
    pub body: u64,
    /// Whether all of it was seen.
    pub complete: bool,
}

impl Outcome {
    /// Its name in the outputs for other programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Pending => "pending",
            Outcome::Success => "success",
            Outcome::ClientError => "client error",
            Outcome::ServerError => "server error",
            Outcome::Aborted => "aborted",
            Outcome::Unanswered => "unanswered",
            Outcome::Unknown => "unknown",
        }
    }
}

impl Exchange {
    /// The field of the status as text, if the protocol of its content names it.
    #[must_use]
    pub fn status_field(&self) -> Option<&'static Field> {
        content_statuses().find(|field| field.name.strip_suffix(".status") == Some(self.content_protocol))
    }

    /// Filter name of the protocol that names its status: that of its content, if there is one.
    #[must_use]
    pub fn named_protocol(&self) -> &'static str {
        if self.content_protocol.is_empty() { self.protocol } else { self.content_protocol }
    }

    /// Time at which it began: that of the first byte of its request, or else of its response.
    #[must_use]
    pub fn start(&self) -> Option<i64> {
        self.request.or(self.response).map(|transfer| transfer.first.time)
    }

    /// Why it ended before it was complete, without the message that states it: `CANCEL by client`. A message that states no error is
    /// the reason itself: `GOAWAY by server`.
    #[must_use]
    pub fn short_end_reason(&self) -> CompactString {
        let (reason, message) = self.end_reason.split_once(" (").unwrap_or((&self.end_reason, ""));
        let kind = message.split([',', ')']).next().unwrap_or_default();
        match reason.split_once(" by ") {
            Some((name, sender)) if name.ends_with("NO_ERROR") => format_compact!("{kind} by {sender}"),
            _ => reason.into(),
        }
    }

    /// Notes that what was not seen of it may have been captured.
    pub fn set_unknown(&mut self) {
        if matches!(self.outcome, Outcome::Pending | Outcome::Aborted | Outcome::Unanswered) {
            self.outcome = Outcome::Unknown;
        }
    }

    /// Notes that bytes of these sides were not decrypted: what was not seen of its messages may be among them.
    pub fn set_undecrypted(&mut self, sides: [bool; 2]) {
        let requester = self.requester.unwrap_or(Side::Client);
        let lacks = |transfer: Option<Transfer>| !transfer.is_some_and(|transfer| transfer.complete);
        let (of_request, of_response) = (*requester.of(&sides), *requester.other().of(&sides));
        self.has_unknown_request |= of_request && self.request.is_none();
        if of_request && lacks(self.request) || of_response && lacks(self.response) {
            self.set_unknown();
        }
    }

    /// Whether its response was not seen and may have been captured.
    #[must_use]
    pub fn has_unknown_response(&self) -> bool {
        self.outcome == Outcome::Unknown && self.lacks_response()
    }

    /// Whether a response belongs to it and was not captured.
    #[must_use]
    pub fn lacks_response(&self) -> bool {
        self.response.is_none() && !self.is_one_way
    }

    /// Returns where the request goes: the authority followed by the target. The absolute form and the authority form
    /// (CONNECT) name the authority themselves (RFC 9112 3.2.2, 3.2.3); a target that is no path, as a statement, is set
    /// apart.
    #[must_use]
    pub fn destination(&self) -> String {
        let (authority, target) = (&*self.authority, &*self.target);
        if authority.is_empty() || absolute_form(target.as_bytes()).is_some() || self.has_authority_form() {
            return target.to_string();
        }
        let is_apart = !target.is_empty() && !target.starts_with(['/', '*']);
        alloc::format!("{authority}{}{target}", if is_apart { " " } else { "" })
    }

    /// Whether its target is an authority: that of a CONNECT (RFC 9112 3.2.3), but for an extended one, which has a path (RFC 8441 4).
    fn has_authority_form(&self) -> bool {
        self.method == "CONNECT" && !self.target.starts_with('/')
    }

    /// The message whose body is the size of the exchange: the response, or a message that has none.
    #[must_use]
    pub fn content(&self) -> Option<Transfer> {
        if self.is_one_way { self.request } else { self.response }
    }

    /// Bytes of the body that is its size; none if nothing of it was captured, and its beginning was not.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        let size = self.content()?.body;
        Some(size).filter(|&size| size > 0 || !self.lacks_response_start)
    }

    /// Nanoseconds from the request's last byte to the response's first; none if the response was first, or its first byte is
    /// not known.
    #[must_use]
    pub fn time_to_first_byte(&self) -> Option<i64> {
        self.wait().filter(|&nanos| nanos >= 0)
    }

    /// Nanoseconds by which the response began before the request ended, if it did.
    #[must_use]
    pub fn early_by(&self) -> Option<i64> {
        self.wait().filter(|&nanos| nanos < 0).map(i64::saturating_neg)
    }

    fn wait(&self) -> Option<i64> {
        if self.is_connection || self.lacks_response_start {
            // When its requests and responses were sent is not known.
            return None;
        }
        Some(self.response?.first.time.saturating_sub(self.request?.last.time))
    }

    /// Nanoseconds from the response's first byte to its last.
    #[must_use]
    pub fn download(&self) -> Option<i64> {
        let response = self.response.filter(|_| !self.is_connection && !self.lacks_response_start)?;
        Some(response.last.time.saturating_sub(response.first.time))
    }

    /// Nanoseconds from the request's first byte to the response's last, or to its own without a response; none if the
    /// response ended first.
    #[must_use]
    pub fn total(&self) -> Option<i64> {
        let nanos = self.content()?.last.time.saturating_sub(self.request?.first.time);
        Some(nanos).filter(|&nanos| nanos >= 0)
    }
}

/// Returns the fields that have the status of an exchange as text, of the protocols of content that name it.
pub fn content_statuses() -> impl Iterator<Item = &'static Field> {
    let is_status = |field: &&&'static Field| field.name.ends_with(".status") && field.kind == FieldKind::Text;
    let content = crate::PROTOCOLS.iter().filter(|protocol| protocol.content().is_some());
    content.flat_map(move |protocol| protocol.fields.iter().filter(is_status)).copied()
}

/// Returns the length of the scheme and of `://` if a target has the absolute form (RFC 9112 3.2.2, RFC 3986 3.1).
pub(crate) fn absolute_form(target: &[u8]) -> Option<usize> {
    let is_of_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let scheme = target.iter().take_while(|byte| is_of_scheme(byte)).count();
    let begins = target.first().is_some_and(u8::is_ascii_alphabetic);
    (begins && target.get(scheme..)?.starts_with(b"://")).then_some(scheme + 3)
}

/// Text of a header: UTF-8, other bytes as `\xe9`.
pub(crate) fn text(bytes: &[u8]) -> CompactString {
    let bytes = bytes.get(..MAX_TEXT).unwrap_or(bytes);
    core::str::from_utf8(bytes).map_or_else(|_| escaped_text(bytes), CompactString::new)
}

#[cold]
fn escaped_text(bytes: &[u8]) -> CompactString {
    let mut text = CompactString::default();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
        if text.len() >= MAX_TEXT {
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_utf_8_are_escaped_and_others_stay() {
        assert_eq!(text(b"/caf\xe9?x=\xc3\xa9"), r"/caf\xe9?x=é");
        assert!(text(&[0xff; 2 * MAX_TEXT]).len() <= 4 * MAX_TEXT);
    }

    #[test]
    fn only_a_target_that_begins_with_a_scheme_has_the_absolute_form() {
        let rows = [
            ("http://other.test/a?to=http://x", "http://other.test/a?to=http://x"),
            ("HTTP://other.test/a", "HTTP://other.test/a"),
            ("coap+tcp://other.test", "coap+tcp://other.test"),
            ("/redirect?to=http://x/y", "www.example.test/redirect?to=http://x/y"),
            ("/a://b", "www.example.test/a://b"),
            ("//other.test/a", "www.example.test//other.test/a"),
            ("1a://b", "www.example.test 1a://b"),
            ("://b", "www.example.test ://b"),
            ("SELECT 'http://x'", "www.example.test SELECT 'http://x'"),
        ];
        for (target, expected) in rows {
            let exchange =
                Exchange { authority: "www.example.test".into(), target: target.into(), ..Exchange::default() };
            assert_eq!(exchange.destination(), expected);
        }
    }
}
