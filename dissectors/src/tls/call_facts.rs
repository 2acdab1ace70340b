//! Facts of TLS about calls: the handshake that establishes keys.

use super::{
    ALERT_DESCRIPTION, ALERT_LEVEL, ALPN_STR, CERTIFICATE_BEGIN, CERTIFICATE_END, CERTIFICATE_HOST,
    CERTIFICATE_SUBJECT, CHANGE_CIPHER_SPEC, CIPHERSUITE, EXTENSION_TYPE, HANDSHAKE_TYPE, RESUMED, SERVER_NAME,
    SUPPORTED_VERSION, VERSION,
};
use crate::call_facts::{CallFacts, CallPart, ExplainedStep, FactRole};
use crate::hello::{EARLY_DATA, PRE_SHARED_KEY};

pub(super) static FACTS: CallFacts = CallFacts {
    fields: &[
        (FactRole::HandshakeMessage, &HANDSHAKE_TYPE),
        (FactRole::CipherChange, &CHANGE_CIPHER_SPEC),
        (FactRole::Version, &SUPPORTED_VERSION),
        (FactRole::Version, &VERSION),
        (FactRole::Cipher, &CIPHERSUITE),
        (FactRole::ServerName, &SERVER_NAME),
        (FactRole::ApplicationProtocol, &ALPN_STR),
        (FactRole::Resumed, &RESUMED),
        (FactRole::CertificateSubject, &CERTIFICATE_SUBJECT),
        (FactRole::CertificateHost, &CERTIFICATE_HOST),
        (FactRole::CertificateBegin, &CERTIFICATE_BEGIN),
        (FactRole::CertificateEnd, &CERTIFICATE_END),
        (FactRole::AlertLevel, &ALERT_LEVEL),
        (FactRole::AlertReason, &ALERT_DESCRIPTION),
    ],
    values: &[
        (FactRole::EarlyData, &EXTENSION_TYPE, EARLY_DATA as u64),
        // RFC 8446 4.2.11: the server selects one of the keys that the client offers.
        (FactRole::Resumed, &EXTENSION_TYPE, PRE_SHARED_KEY as u64),
    ],
    headers: &[],
    statuses: &[],
    errors: &[],
    responds_in_order: false,
    span_attributes: &[(CallPart::Authority, "tls.client.server_name")],
    explanations: &[(
        ExplainedStep::Handshake,
        "Both sides agree on a version and a cipher, exchange keys, and the server proves with its certificate that it is the \
         host that the client named (SNI). ALPN names the protocol that follows, so that it costs no round trip of its own \
         (RFC 8446, RFC 7301).",
    )],
    statements: None,
};
