//! Lenient reading: each response of a recorded capture, with its content and the notes that name its trick.

use super::host::*;
use overhear_dissectors::{Wants, http::decode};
use std::collections::BTreeMap;

static CAPTURE: &[u8] = include_bytes!("../../../fixtures/http/lenient.pcap");
/// Every fourth of the combinations of the deviations.
static VARIANTS: &[u8] = include_bytes!("../../../fixtures/http/lenient-variants.pcap.gz");

/// Notes, and the names of the responses that have them. Those of the first row are read without, or have others.
const TRICKS: &[(&[&str], &str)] = &[
    (
        &[],
        "size-space size-tab size-cr size-ff space-size tab-size cr-size ff-size chunk-lf final-lf final-cr \
         final-none final-bare final-junk space-before-chunks cr-before-chunks chunked-semicolon \
         chunked-parameter chunked-comma comma-chunked folded chunked-folded-empty cr-chunked cr-space-chunked \
         chunked-twice space-colon tab-colon cr-colon lf-only-header empty-name no-colon del-line 8-bit-name \
         cr-line junk-then-chunked HTTP-1.0 HTTP-0.9 HTTP-1.01 HTTP-1.10 HTTP-1.2 HTTP-2.0 http-1.1 http-1.0 \
         HTTP-01.1 HTTP-11.1 x-gzip gzip-not-applied deflate-not-applied br-not-applied zstd-not-applied \
         unknown-not-applied deflate-zlib deflate-raw deflate-comma deflate-folded-comma two-lines \
         two-lines-gzip three-codings identity-gzip te-gzip te-and-ce-gzip ce-cr-gzip \
         gzip-extra gzip-checksum deflate-two-streams head-lfcr no-phrase no-code code-2xx \
         code-2 code-2000 code-two-spaces tabs cr-after-version space-before-version",
    ),
    (&["unusual line ends of chunks"], "size-lf chunk-cr chunk-lfcr"),
    (&["bytes after a chunk size"], "size-x size-comma size-nul size-vt size-space-x final-0x"),
    (
        &["bytes before a chunk size"],
        "lf-size crlf-size crlf-crlf-size crlf-x-crlf-size x-size comma-size semicolon-size nul-size vt-size \
         x-space-size lf-before-chunks crlf-before-chunks",
    ),
    (&["chunk size begins with 0x"], "0x-size"),
    (&["chunk size exceeds 64 bits and wraps around"], "wrap-64-size"),
    (&["chunk size exceeds 32 bits and wraps around"], "wrap-32-size"),
    (&["bytes before a chunk size", "unusual line ends of chunks"], "chunk-crcr chunk-lflf"),
    (
        &["chunked under another name"],
        "chu xchunked chunkedx chunked-x x-chunked quoted folded-x chunked-folded-x nul-chunked chunked-nul \
         nbsp-chunked bom-chunked del-chunked vt-chunked encoded-word",
    ),
    (&["chunked is not the last transfer coding"], "chunked-identity chunked-then-junk"),
    (
        &["malformed header line that determines the coding"],
        "colon-colon nul-colon space-header nbsp-header bom-header del-header cr-only-header cr-x-header \
         space-header-first ce-space-colon ce-colon-colon ce-cr-only ce-cr-x header-after-cr",
    ),
    (&["chunked as a content coding"], "as-content-coding"),
    (&["head continues after an empty line"], "lf-line lf-cr-line"),
    (&["chunked applied twice"], "two-headers-twice-chunked"),
    (
        &["declared as chunked, sent without chunks"],
        "HTTP-1.0-unchunked HTTP-0.9-unchunked HTTP-1.01-unchunked HTTP-1.10-unchunked HTTP-1.2-unchunked \
         HTTP-2.0-unchunked http-1.1-unchunked http-1.0-unchunked HTTP-01.1-unchunked HTTP-11.1-unchunked \
         not-chunked not-chunked-gzip",
    ),
    (
        &["content coding differs from the one declared"],
        "gzip-named-deflate zlib-named-gzip raw-named-gzip list-wrong-order",
    ),
    (&["content coding lzma"], "lzma"),
    (&["content coding under another name"], "gzip_x gzip-x xgzip x-deflate encoded-word-deflate"),
    (&["content coding declared, not applied"], "two-lines-once"),
    (&["content coding differs from the one declared", "content coding declared, not applied"], "list-once"),
    (
        &["compressed content with a broken header or trailer"],
        "gzip-magic gzip-method gzip-crc-flag gzip-header-crc gzip-reserved-flag gzip-no-length gzip-no-trailer gzip-zlib",
    ),
    (&["bytes before the compressed content"], "gzip-lf-before"),
    (&["unusual end of the head"], "head-lfcrcrlf head-lfsplf head-cr-only head-crcr"),
    (&["malformed start line"], "ftp"),
    (&["body without a head, or where none is allowed"], "no-head body-100 body-101 body-102 body-204 body-304"),
];

/// Bytes of both sides, by the port of the client. Each segment is recorded once and in order.
fn conversations(capture: &[u8]) -> Vec<[Vec<u8>; 2]> {
    let mut all = BTreeMap::<u16, [Vec<u8>; 2]>::new();
    let mut rest = &capture[24..];
    while let Some((header, after)) = rest.split_first_chunk::<16>() {
        let len = u32::from_le_bytes(header[8..12].try_into().unwrap()) as usize;
        let (frame, next) = after.split_at(len);
        rest = next;
        // Ethernet, IPv4 without options, TCP with options.
        let segment = &frame[34..14 + usize::from(u16::from_be_bytes([frame[16], frame[17]]))];
        let ports = [u16::from_be_bytes([segment[0], segment[1]]), u16::from_be_bytes([segment[2], segment[3]])];
        let payload = &segment[usize::from(segment[12] >> 4) * 4..];
        let is_server = ports[0] == 8080;
        all.entry(ports[usize::from(is_server)]).or_default()[usize::from(is_server)].extend_from_slice(payload);
    }
    all.into_values().collect()
}

/// Content of the fields, and the texts of the notes by which it was read.
fn reading(output: &SessionOutput) -> (String, Vec<String>) {
    let digits: Vec<u8> = output.values("http.file_data").concat().bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    let content: Vec<u8> = digits.chunks(2).map(byte).collect();
    let notes =
        output.values("_ws.expert.message").into_iter().filter_map(|note| note.strip_prefix("Lenient reading: "));
    (String::from_utf8_lossy(&content).into_owned(), notes.map(str::to_owned).collect())
}

/// Name of a response, and what is read of it, whole and byte by byte alike.
fn named_reading([request, response]: &[Vec<u8>; 2]) -> (String, (String, Vec<String>)) {
    let target = request.split(|byte| *byte == b' ').nth(1).unwrap();
    let name = String::from_utf8_lossy(&target[1..]).into_owned();
    let steps: Vec<_> = [c(request), s(response)].into_iter().chain(closed()).collect();
    let whole = reading(&run(&steps));
    let single_bytes = reading(&run_cut(&steps, &Wants::everything(), &|_| true));
    assert_eq!(whole, single_bytes, "{name}");
    (name, whole)
}

#[test]
fn each_trick_is_read_past_and_named_however_it_is_segmented() {
    let conversations = conversations(CAPTURE);
    let found: BTreeMap<String, _> = conversations.iter().map(named_reading).collect();
    let rows = TRICKS.iter().flat_map(|(notes, names)| names.split_whitespace().map(move |name| (name, notes)));
    for (name, notes) in rows.clone() {
        let (content, found) = &found[name];
        let expected = format!("the hidden content of {name}, in several chunks");
        assert_eq!(content.trim_start(), expected, "{name}");
        assert_eq!(found, notes, "{name}");
    }
    assert_eq!(rows.count(), conversations.len());
}

#[test]
fn the_content_of_all_combinations_is_found() {
    let conversations = conversations(&decode(b"gzip", VARIANTS).unwrap().bytes);
    let missed: Vec<_> = conversations
        .iter()
        .map(named_reading)
        .filter(|(name, (content, _))| !content.contains(&format!("hidden in {name}")))
        .collect();
    assert_eq!((missed, conversations.len()), (vec![], 760));
}

#[test]
fn deviations_of_a_public_suite_that_no_recording_has_are_read_past() {
    let head = "HTTP/1.1 200 OK\r\nX: y\r\n";
    let rows: &[(&str, &[&str])] = &[
        // The last chunk has one byte, as its line end has after LF.
        ("Transfer-Encoding: chunked\r\n\r\n5\n\r\nhidde\r\n1\n\r\nn\r\n0\r\n\r\n", &["unusual line ends of chunks"]),
        // The lines after an empty one name no coding.
        (
            "Transfer-Encoding: chunked\r\n\n\r\nX: z\r\n\r\n6\r\nhidden\r\n0\r\n\r\n",
            &["declared as chunked, sent without chunks", "head continues after an empty line"],
        ),
        ("Content-Length: 6\r\rhidden", &["unusual end of the head"]),
    ];
    for &(rest, notes) in rows {
        let sides = [b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n".to_vec(), [head, rest].concat().into_bytes()];
        let (_, (content, found)) = named_reading(&sides);
        assert_eq!(
            (content.as_str(), found),
            ("hidden", notes.iter().map(|&note| note.to_owned()).collect()),
            "{rest}"
        );
    }
}
