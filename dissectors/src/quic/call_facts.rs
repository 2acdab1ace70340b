//! Facts of QUIC about calls: its packets, the handshake, and the end of the connection.

use super::fields::*;
use crate::call_facts::{CallFacts, CallPart, ExplainedStep, FactRole};

pub(super) static FACTS: CallFacts = CallFacts {
    fields: &[
        (FactRole::PacketKind, &PACKET_TYPE),
        (FactRole::PacketKind, &PACKET_TYPE_V2),
        (FactRole::FrameKind, &FRAME_TYPE),
        (FactRole::TransportVersion, &VERSION),
        (FactRole::OfferedVersion, &SUPPORTED_VERSION),
        (FactRole::AddressCheck, &RETRY_TOKEN),
        (FactRole::ResetChannel, &RESET_STREAM_ID),
        (FactRole::ResetChannel, &STOP_STREAM_ID),
        (FactRole::ResetReason, &RESET_ERROR),
        (FactRole::ResetReason, &STOP_ERROR),
        (FactRole::AlertReason, &CLOSE_ALERT),
        (FactRole::CloseReason, &CLOSE_ERROR),
        (FactRole::CloseReason, &CLOSE_APP_ERROR),
        (FactRole::CloseText, &CLOSE_REASON),
        (FactRole::StateLost, &RESET_TOKEN),
        (FactRole::ConnectionNumber, &CONNECTION_NUMBER),
        (FactRole::PacketNumber, &PACKET_NUMBER),
        (FactRole::DataChannel, &STREAM_ID),
        (FactRole::DataOffset, &STREAM_OFFSET),
        (FactRole::DataLength, &STREAM_LENGTH),
        (FactRole::BlockedChannel, &STREAM_BLOCKED_ID),
        (FactRole::BlockedLimit, &DATA_BLOCKED),
        (FactRole::RaisedChannel, &MAX_STREAM_DATA_ID),
        (FactRole::RaisedConnection, &MAX_DATA),
    ],
    values: &[],
    headers: &[],
    statuses: &[],
    errors: &[],
    responds_in_order: false,
    span_attributes: &[(CallPart::Authority, "tls.client.server_name")],
    explanations: &[
        (
            ExplainedStep::Handshake,
            "QUIC opens the connection and agrees on keys at the same time: the CRYPTO frames of its Initial and Handshake packets \
             carry the handshake of TLS 1.3, so that the first request follows after one round trip. A Retry packet costs \
             one more: it verifies that the client receives at its address (RFC 9000 7 and 8.1.2, RFC 9001 4).",
        ),
        (
            ExplainedStep::Close,
            "A side ends the connection with a CONNECTION_CLOSE frame that has the reason; nothing acknowledges it, and all streams \
             end. Without it, a connection ends silently, if nothing was received for the idle timeout (RFC 9000 10).",
        ),
    ],
    statements: None,
};
