//! What is recorded of messages, by the fields that are wanted.

use super::fields::*;
use super::well_known::KnownHeaders;
use crate::body_limit::BodyDetail;
use crate::wants::Wants;

/// Whether fields of other protocols are recorded that read the value of a header.
fn header_values(wants: &Wants) -> bool {
    crate::header_dissectors().any(|header| {
        let [first, last] = header.fields;
        wants.any_between(first, last)
    })
}

/// Amount of a head that is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum HeadDetail {
    /// The first line.
    FirstLine,
    /// The header lines, too.
    Headers,
    /// All anomalies of the header lines, too.
    Anomalies,
}

/// What is recorded of messages.
#[derive(Clone, Copy, Debug)]
pub(super) struct MessageWants {
    /// Amount of each body that is kept; none if nothing of a message is recorded.
    pub keep: Option<BodyDetail>,
    pub head: HeadDetail,
    /// Headers that are recorded as fields of their own.
    pub known: KnownHeaders,
    /// Whether fields of other protocols are recorded that read the value of a header.
    pub values: bool,
}

impl MessageWants {
    /// Returns what is recorded for `wants`.
    pub(super) fn new(wants: &Wants) -> MessageWants {
        let none = MessageWants { keep: None, head: HeadDetail::FirstLine, known: KnownHeaders::NONE, values: false };
        // A list of calls: the rest takes as long as a request.
        if wants.is_empty() {
            return none;
        }
        let values = header_values(wants);
        let keep = body_detail(wants).or(values.then_some(BodyDetail::Nothing));
        let head = head_detail(wants, keep, values);
        let known = if head == HeadDetail::FirstLine { none.known } else { KnownHeaders::wanted(wants, values) };
        MessageWants { keep, head, known, values }
    }
}

/// Amount of a head that must be read for `wants`, and for bodies in this detail.
fn head_detail(wants: &Wants, body_detail: Option<BodyDetail>, wants_values: bool) -> HeadDetail {
    // Anomalies of the head decide how a body is read.
    if body_detail.is_some_and(BodyDetail::is_full) || wants.any_between(&TE_AND_LENGTH, &OPEN_LIMIT) {
        return HeadDetail::Anomalies;
    }
    let of_headers = [&HTTP, &NOTIFICATION, &REQUEST_LINE, &RESPONSE_LINE];
    let wants_headers = wants_values
        || of_headers.into_iter().any(|field| wants.field(field))
        || wants.any_between(&PROXY_CONNECT_HOST, &FILE_DATA);
    if wants_headers { HeadDetail::Headers } else { HeadDetail::FirstLine }
}

/// Amount of a body that must be kept for `wants`; none if not even heads are wanted.
fn body_detail(wants: &Wants) -> Option<BodyDetail> {
    let of_body = [
        &FILE_DATA,
        &CHUNKED,
        &CHUNK,
        &CHUNK_SIZE,
        &CHUNK_DATA,
        &CHUNK_BOUNDARY,
        &CHUNKED_TRAILER_PART,
        &DECOMPRESSION_FAILED,
        &BODY_LIMIT,
        &BODY_DROPPED,
        &LENIENT,
        &CONTENT_CHECKSUM,
        &crate::frame::PROTOCOLS,
    ];
    let wants_body = of_body.into_iter().any(|field| wants.field(field))
        || wants.field(&HTTP) && !wants.without_bodies
        || crate::content::is_wanted(wants);
    match wants_body {
        true => Some(BodyDetail::Full(wants.body_limit)),
        false if wants.columns => Some(BodyDetail::Preview),
        false => wants.protocol(&HTTP).then_some(BodyDetail::Nothing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::FieldKind;

    #[test]
    fn headers_are_read_for_all_but_the_first_line_and_derived_fields() {
        #[rustfmt::skip]
        let others = [
            &START_LINE, &REQUEST, &RESPONSE, &REQUEST_METHOD, &REQUEST_URI, &REQUEST_URI_PATH, &REQUEST_URI_QUERY,
            &REQUEST_URI_QUERY_PARAMETER, &REQUEST_VERSION, &REQUEST_FULL_URI, &RESPONSE_VERSION, &RESPONSE_CODE,
            &RESPONSE_CODE_DESC, &RESPONSE_PHRASE, &REQUEST_IN, &RESPONSE_IN, &TIME, &TIME_TO_FIRST_BYTE, &DOWNLOAD_TIME,
            &LENIENT, &CONTENT_CHECKSUM,
        ];
        for field in FIELDS {
            let mut wants = Wants::default();
            wants.add(field);
            let detail = head_detail(&wants, None, false);
            let is_of_headers = others.iter().all(|other| other.id != field.id);
            assert_eq!(detail >= HeadDetail::Headers, is_of_headers, "{}", field.name);
            let is_note = matches!(field.kind, FieldKind::Note(_));
            assert_eq!(detail == HeadDetail::Anomalies, is_note && is_of_headers, "{}", field.name);
        }
    }
}
