//! What is recorded of messages, by the fields that are wanted.

use super::fields::*;
use crate::body_limit::BodyDetail;
use crate::wants::Wants;

/// Whether fields of other protocols are recorded that read the value of a header.
pub(super) fn header_values(wants: &Wants) -> bool {
    crate::header_dissectors().any(|header| {
        let [first, last] = header.fields;
        wants.any_between(first, last)
    })
}

/// Whether more of a head than its first line is recorded: headers, or notes about them.
pub(super) fn headers(wants: &Wants) -> bool {
    [&HTTP, &NOTIFICATION, &REQUEST_LINE, &RESPONSE_LINE].into_iter().any(|field| wants.field(field))
        || wants.any_between(&PROXY_CONNECT_HOST, &FILE_DATA)
        || wants.any_between(&TE_AND_LENGTH, &OPEN_LIMIT)
}

/// Amount of a body that must be kept for `wants`; none if not even heads are wanted.
pub(super) fn body_detail(wants: &Wants) -> Option<BodyDetail> {
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
        &HTTP,
        &crate::frame::PROTOCOLS,
    ];
    let wants_body = of_body.into_iter().any(|field| wants.field(field)) || crate::content::is_wanted(wants);
    match wants_body {
        true => Some(BodyDetail::Full(wants.body_limit)),
        false if wants.columns => Some(BodyDetail::Preview),
        false => wants.protocol(&HTTP).then_some(BodyDetail::Nothing),
    }
}
