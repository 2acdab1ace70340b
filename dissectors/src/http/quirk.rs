//! Quirks: deviations of a message from the RFCs, as a bit set, and the expert note of each.

use crate::field::Field;

/// Set of quirks: a union of the constants of this module.
pub(super) type Quirks = u64;

macro_rules! quirks {
    ($($name:ident;)+) => {
        #[allow(clippy::upper_case_acronyms, non_camel_case_types)]
        enum Bit { $($name),+ }
        $(pub(super) const $name: Quirks = 1 << Bit::$name as u32;)+
        /// Each quirk with the field of its expert note, which has the same name.
        pub(super) static NOTES: &[(Quirks, &Field)] = &[$(($name, &super::fields::$name)),+];
    };
}

quirks! {
    TE_AND_LENGTH;
    TE_UNKNOWN;
    LEADING_CRLF;
    BAD_HEADER_NAME;
    SMUGGLING;
    CONFLICTING_LENGTHS;
    REPEATED_LENGTH;
    BAD_LENGTH;
    TE_IN_1_0;
    TE_NOT_CHUNKED;
    BAD_CHUNK;
    ODD_CHUNK;
    HEAD_TOO_LONG;
    TOO_MANY_HEADERS;
    BARE_LF;
    BARE_CR;
    NUL_BYTE;
    FOLDED_HEADER;
    NO_COLON;
    OBS_TEXT;
    BAD_START_LINE;
    SIMPLE_REQUEST;
    BAD_STATUS;
    NO_HOST;
    SEVERAL_HOSTS;
    TRUNCATED;
    GAP;
    NO_REQUEST;
    BODY_LIMIT;
    BODY_DROPPED;
    TLS_PORT;
    OPEN_LIMIT;
}
