//! Quirks: deviations of a message from the RFCs, as a bit set, and the expert note of each.

use crate::field::Field;

/// Set of quirks: a union of the constants of this module.
pub(super) type Quirks = u64;

macro_rules! quirks {
    ($($name:ident $field:ident;)+) => {
        #[allow(clippy::upper_case_acronyms, non_camel_case_types)]
        enum Bit { $($name),+ }
        $(pub(super) const $name: Quirks = 1 << Bit::$name as u32;)+
        /// Each quirk with its expert note.
        pub(super) static NOTES: &[(Quirks, &Field)] = &[$(($name, &super::fields::$field)),+];
    };
}

quirks! {
    TE_AND_LENGTH TE_AND_LENGTH;
    TE_UNKNOWN TE_UNKNOWN;
    LEADING_CRLF LEADING_CRLF;
    BAD_HEADER_NAME BAD_HEADER_NAME;
    SMUGGLING SMUGGLING;
    CONFLICTING_LENGTHS CONFLICTING_LENGTHS;
    REPEATED_LENGTH REPEATED_LENGTH;
    BAD_LENGTH BAD_LENGTH;
    TE_IN_1_0 TE_IN_1_0;
    TE_NOT_CHUNKED TE_NOT_CHUNKED;
    BAD_CHUNK BAD_CHUNK;
    ODD_CHUNK ODD_CHUNK;
    HEAD_TOO_LONG HEAD_TOO_LONG;
    TOO_MANY_HEADERS TOO_MANY_HEADERS;
    BARE_LF BARE_LF;
    BARE_CR BARE_CR;
    NUL_BYTE NUL_BYTE;
    FOLDED_HEADER FOLDED_HEADER;
    NO_COLON NO_COLON;
    OBS_TEXT OBS_TEXT;
    BAD_START_LINE BAD_START_LINE;
    SIMPLE_REQUEST SIMPLE_REQUEST;
    BAD_STATUS BAD_STATUS;
    NO_HOST NO_HOST;
    SEVERAL_HOSTS SEVERAL_HOSTS;
    TRUNCATED TRUNCATED;
    GAP GAP;
    NO_REQUEST NO_REQUEST;
    BODY_LIMIT BODY_LIMIT;
    OPEN_LIMIT OPEN_LIMIT;
}
