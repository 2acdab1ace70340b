//! Types of content, found from its first bytes.

/// First bytes, the offset of these, and the media type with the extension of its files.
type Magic = (usize, &'static [u8], &'static str, &'static str);

#[rustfmt::skip]
const MAGICS: [Magic; 30] = [
    (0, b"\x89PNG\r\n\x1a\n",     "image/png",                "png"),
    (0, b"\xff\xd8\xff",          "image/jpeg",               "jpg"),
    (0, b"GIF87a",                "image/gif",                "gif"),
    (0, b"GIF89a",                "image/gif",                "gif"),
    (8, b"WEBP",                  "image/webp",               "webp"),
    (8, b"WAVE",                  "audio/wav",                "wav"),
    (0, b"BM",                    "image/bmp",                "bmp"),
    (0, b"\x00\x00\x01\x00",      "image/x-icon",             "ico"),
    (0, b"%PDF-",                 "application/pdf",          "pdf"),
    (0, b"PK\x03\x04",            "application/zip",          "zip"),
    (0, b"\x1f\x8b\x08",          "application/gzip",         "gz"),
    (0, b"BZh",                   "application/x-bzip2",      "bz2"),
    (0, b"\xfd7zXZ\0",            "application/x-xz",         "xz"),
    (0, b"\x28\xb5\x2f\xfd",      "application/zstd",         "zst"),
    (0, b"7z\xbc\xaf\x27\x1c",    "application/x-7z-compressed", "7z"),
    (0, b"Rar!\x1a\x07",          "application/vnd.rar",      "rar"),
    (257, b"ustar",               "application/x-tar",        "tar"),
    (0, b"\x7fELF",               "application/x-executable", "elf"),
    (0, b"MZ",                    "application/vnd.microsoft.portable-executable", "exe"),
    (0, b"\xcf\xfa\xed\xfe",      "application/x-mach-binary", "macho"),
    (0, b"\0asm",                 "application/wasm",         "wasm"),
    (0, b"wOFF",                  "font/woff",                "woff"),
    (0, b"wOF2",                  "font/woff2",               "woff2"),
    (0, b"OggS",                  "application/ogg",          "ogg"),
    (0, b"ID3",                   "audio/mpeg",               "mp3"),
    (4, b"ftyp",                  "video/mp4",                "mp4"),
    (0, b"\x1aE\xdf\xa3",         "video/webm",               "webm"),
    (0, b"SQLite format 3\0",     "application/vnd.sqlite3",  "sqlite"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage", "ole"),
    (0, b"<?xml",                 "application/xml",          "xml"),
];

/// Media types of text with the extension of their files.
const TEXTS: [(&str, &str); 7] = [
    ("text/html", "html"),
    ("text/css", "css"),
    ("text/csv", "csv"),
    ("application/javascript", "js"),
    ("text/javascript", "js"),
    ("application/json", "json"),
    ("image/svg+xml", "svg"),
];

/// Returns the media type that the bytes show; none if they show none.
pub(super) fn found(bytes: &[u8]) -> Option<&'static str> {
    let is_it = |(at, magic, ..): &&Magic| bytes.get(*at..).is_some_and(|rest| rest.starts_with(magic));
    if let Some((_, _, media_type, _)) = MAGICS.iter().find(is_it) {
        return Some(media_type);
    }
    let text = bytes.trim_ascii_start();
    let head = text.get(..text.len().min(14)).unwrap_or_default().to_ascii_lowercase();
    if [&b"<!doctype html"[..], b"<html"].iter().any(|begin| head.starts_with(begin)) {
        return Some("text/html");
    }
    let may_be_json = text.starts_with(b"{") || text.starts_with(b"[");
    if may_be_json && serde_json::from_slice::<serde_json::Value>(bytes).is_ok() {
        return Some("application/json");
    }
    let is_text = std::str::from_utf8(bytes).is_ok_and(|text| !text.contains('\0'));
    (is_text && !bytes.is_empty()).then_some("text/plain")
}

/// Returns the extension of files of a media type.
pub(super) fn extension(media_type: &str) -> Option<&'static str> {
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let magics = MAGICS.iter().map(|&(_, _, own, extension)| (own, extension));
    let all = TEXTS.into_iter().chain(magics).chain([("text/plain", "txt")]);
    all.into_iter().find(|(own, _)| *own == media_type).map(|(_, extension)| extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_found_in_the_bytes() {
        #[rustfmt::skip]
        let rows: [(&[u8], Option<&str>); 9] = [
            (b"\x89PNG\r\n\x1a\n....", Some("image/png")), (b"RIFF....WEBPVP8 ", Some("image/webp")),
            (b"{\"a\": 1}", Some("application/json")), (b"{a", Some("text/plain")), (b"  <!DOCTYPE HTML>", Some("text/html")),
            (b"MZ\x90", Some("application/vnd.microsoft.portable-executable")), (b"", None), (b"\xff\x00", None),
            (b"hello", Some("text/plain")),
        ];
        for (bytes, expected) in rows {
            assert_eq!(found(bytes), expected, "{}", bytes.escape_ascii());
        }
        assert_eq!(
            (extension("Text/HTML; charset=x"), extension("image/png"), extension("x/y")),
            (Some("html"), Some("png"), None)
        );
    }
}
