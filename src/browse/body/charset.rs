//! Decoding of text in the character set that its media type names.

use dissectors::content::parameter;
use encoding_rs::{Encoding, REPLACEMENT, UTF_8};
use std::borrow::Cow;

/// Decodes text to UTF-8 by its byte order mark, or else by the `charset` of its media type. Returns `None` if there is
/// neither.
pub(super) fn decode_text<'b>(bytes: &'b [u8], parameters: &[u8]) -> Option<DecodedText<'b>> {
    let named = parameter(parameters, "charset").and_then(Encoding::for_label);
    let (encoding, bytes) = match (Encoding::for_bom(bytes), named) {
        (Some((encoding, len)), _) => (encoding, bytes.get(len..)?),
        (None, Some(encoding)) => (encoding, bytes),
        (None, None) => return None,
    };
    // Invalid UTF-8 is escaped byte by byte later. The replacement encoding decodes nothing (Encoding Standard 4.2).
    if encoding == UTF_8 || encoding == REPLACEMENT {
        return Some(DecodedText { text: Cow::Borrowed(bytes), is_valid: std::str::from_utf8(bytes).is_ok() });
    }
    let (text, has_errors) = encoding.decode_without_bom_handling(bytes);
    Some(DecodedText { text: Cow::Owned(text.into_owned().into_bytes()), is_valid: !has_errors })
}

/// Decoded text, and whether all of it was valid.
pub(super) struct DecodedText<'b> {
    pub(super) text: Cow<'b, [u8]>,
    pub(super) is_valid: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8], parameters: &str) -> Option<String> {
        let decoded = decode_text(bytes, parameters.as_bytes())?;
        Some(String::from_utf8_lossy(&decoded.text).into_owned())
    }

    #[test]
    fn text_is_decoded_by_its_character_set() {
        let decode = |bytes: &[u8], parameters| text(bytes, parameters).unwrap_or_default();
        assert_eq!(decode(b"Gr\xfc\xdfe", "; charset=ISO-8859-1"), "Grüße");
        assert_eq!(decode(b"\x93\xfa\x96\x7b", "; charset=\"Shift_JIS\""), "日本");
        assert_eq!(decode(b"\xff\xfew\0\xe9\0", "; charset=utf-16"), "wé");
        // A byte order mark takes precedence over the parameter.
        assert_eq!(decode(b"\xfe\xff\0w", "; charset=iso-8859-1"), "w");
        assert_eq!(decode(b"\xef\xbb\xbfw", ""), "w");
        assert_eq!(text(b"w", "; charset=klingon"), None);
        assert_eq!(text(b"w", ""), None);
    }
}
