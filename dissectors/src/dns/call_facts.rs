//! Facts of DNS about calls: the lookup of the server's name.

use super::{A, AAAA, CNAME, FLAGS_RCODE, QRY_NAME, QRY_TYPE, RESP_TTL};
use crate::call_facts::{CallFacts, CallPart, ExplainedStep, FactRole, StatusMeaning};

pub(super) static FACTS: CallFacts = CallFacts {
    fields: &[
        (FactRole::QueriedName, &QRY_NAME),
        (FactRole::QueriedType, &QRY_TYPE),
        (FactRole::LookupStatus, &FLAGS_RCODE),
        (FactRole::ResolvedAddress, &A),
        (FactRole::ResolvedAddress, &AAAA),
        (FactRole::CacheSeconds, &RESP_TTL),
        (FactRole::Alias, &CNAME),
    ],
    values: &[],
    headers: &[],
    // A lookup in a message of another protocol has the name of the code in Wireshark.
    statuses: &[("NXDOMAIN", StatusMeaning::NoSuchName), ("No such name", StatusMeaning::NoSuchName)],
    errors: &[],
    responds_in_order: false,
    span_attributes: &[(CallPart::Target, "dns.question.name")],
    explanations: &[
        (
            ExplainedStep::Lookup,
            "Packets are sent to addresses, not to names, so the client first queries a resolver for the address of the host. \
             The time to live (TTL) states for how many seconds the client may use the response again without a query \
             (RFC 1034, RFC 1035).",
        ),
        (
            ExplainedStep::Request,
            "The query names a host and a type of record: A is an IPv4 address, AAAA an IPv6 address. Its identifier, 16 \
             bits, comes back in the response, so that the client can pair them (RFC 1035 4.1).",
        ),
        (
            ExplainedStep::Response,
            "The response has the records of the name, each with its time to live. Its code states whether the name exists: \
             NXDOMAIN means that it does not (RFC 1035 4.1.1).",
        ),
    ],
    statements: None,
};
