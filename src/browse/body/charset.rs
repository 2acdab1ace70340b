//! Text in the character set that its media type names.

use dissectors::content::parameter;
use encoding_rs::{Encoding, REPLACEMENT, UTF_8};
use std::borrow::Cow;

/// The bytes as UTF-8, as far as they are text of the character set that their media type names, or their byte order mark,
/// which comes before it. None if neither names any.
pub(super) fn decoded<'b>(bytes: &'b [u8], parameters: &[u8]) -> Option<Decoded<'b>> {
    let named = parameter(parameters, "charset").and_then(Encoding::for_label);
    let (encoding, bytes) = match (Encoding::for_bom(bytes), named) {
        (Some((encoding, len)), _) => (encoding, bytes.get(len..)?),
        (None, Some(encoding)) => (encoding, bytes),
        (None, None) => return None,
    };
    // What is wrong with UTF-8 is told byte by byte. Sets that are not to be read any more are not (Encoding Standard 4.2).
    if encoding == UTF_8 || encoding == REPLACEMENT {
        return Some(Decoded { text: Cow::Borrowed(bytes), is_whole: std::str::from_utf8(bytes).is_ok() });
    }
    let (text, is_wrong) = encoding.decode_without_bom_handling(bytes);
    Some(Decoded { text: Cow::Owned(text.into_owned().into_bytes()), is_whole: !is_wrong })
}

/// Text that was decoded, and whether nothing was wrong with it.
pub(super) struct Decoded<'b> {
    pub(super) text: Cow<'b, [u8]>,
    pub(super) is_whole: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8], parameters: &str) -> Option<String> {
        let decoded = decoded(bytes, parameters.as_bytes())?;
        Some(String::from_utf8_lossy(&decoded.text).into_owned())
    }

    #[test]
    fn text_is_read_in_its_character_set() {
        let read = |bytes: &[u8], parameters| text(bytes, parameters).unwrap_or_default();
        assert_eq!(read(b"Gr\xfc\xdfe", "; charset=ISO-8859-1"), "Grüße");
        assert_eq!(read(b"\x93\xfa\x96\x7b", "; charset=\"Shift_JIS\""), "日本");
        assert_eq!(read(b"\xff\xfew\0\xe9\0", "; charset=utf-16"), "wé");
        // The mark says more than the name.
        assert_eq!(read(b"\xfe\xff\0w", "; charset=iso-8859-1"), "w");
        assert_eq!(read(b"\xef\xbb\xbfw", ""), "w");
        assert_eq!(text(b"w", "; charset=klingon"), None);
        assert_eq!(text(b"w", ""), None);
    }
}
