//! Tricks: deviations that a strict recipient rejects and a lenient one reads past, as a bit set, with the text of each.

/// Set of tricks: a union of the constants of this module.
pub(in crate::http) type Tricks = u32;

macro_rules! tricks {
    ($($name:ident $text:literal;)+) => {
        #[allow(clippy::upper_case_acronyms, non_camel_case_types)]
        enum Bit { $($name),+ }
        $(pub(in crate::http) const $name: Tricks = 1 << Bit::$name as u32;)+
        /// Each trick with the text of its note.
        pub(in crate::http) static TEXTS: &[(Tricks, &str)] = &[$(($name, $text)),+];
    };
}

// To add a trick: add a line here, and set its bit where the deviation is read past.
tricks! {
    CHUNK_PREFIX "bytes before a chunk size";
    CHUNK_SUFFIX "bytes after a chunk size";
    CHUNK_LINE_END "unusual line ends of chunks";
    CHUNK_HEX_PREFIX "chunk size begins with 0x";
    CHUNK_WRAP "chunk size exceeds 64 bits and wraps around";
    CHUNK_WRAP_32 "chunk size exceeds 32 bits and wraps around";
    NOT_CHUNKED "declared as chunked, sent without chunks";
    CHUNKED_MISNAMED "chunked under another name";
    CHUNKED_AS_CONTENT "chunked as a content coding";
    CHUNKED_TWICE "chunked applied twice";
    HIDDEN_HEADER "malformed header line that determines the coding";
    CHUNKED_NOT_LAST "chunked is not the last transfer coding";
    HEAD_CONTINUES "head continues after an empty line";
    HEAD_END "unusual end of the head";
    HEAD_MALFORMED "malformed start line";
    BODY_BYTES "body without a head, or where none is allowed";
    LENGTH_SHORT "content longer than its Content-Length";
    CODING_MISNAMED "content coding under another name";
    CODING_DIFFERS "content coding differs from the one declared";
    CODING_NOT_APPLIED "content coding declared, not applied";
    CODING_LZMA "content coding lzma";
    CODING_BROKEN "compressed content with a broken header or trailer";
    CODING_PREFIX "bytes before the compressed content";
}
