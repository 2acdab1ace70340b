//! Text of bodies: decoded from the character set that the media type names.

use super::value::readable_text;
use dissectors::content::parameter;
use encoding_rs::{Encoding, REPLACEMENT, UTF_8};
use std::borrow::Cow;

/// Returns a body as text, in UTF-8 except for invalid bytes. Returns `None` for binary data: neither the media type nor
/// the bytes are text.
pub(crate) fn body_text<'b>(bytes: &'b [u8], content_type: &[u8]) -> Option<Cow<'b, [u8]>> {
    let end = memchr::memchr(b';', content_type).unwrap_or(content_type.len());
    let (media_type, parameters) = content_type.split_at_checked(end).unwrap_or_default();
    let is_textual = is_textual(media_type);
    let decoded = decode_text(bytes, parameters).filter(|decoded| is_textual || decoded.is_valid);
    let text = decoded.map_or(Cow::Borrowed(bytes), |decoded| decoded.text);
    (is_textual || readable_text(&text).is_some()).then_some(text)
}

/// Whether a media type is textual, whatever the bytes.
fn is_textual(media_type: &[u8]) -> bool {
    let media_type = media_type.trim_ascii().to_ascii_lowercase();
    let ends = |end: &&str| media_type.ends_with(end.as_bytes());
    media_type.starts_with(b"text/") || ["json", "xml", "javascript", "x-www-form-urlencoded"].iter().any(ends)
}

/// Decodes text to UTF-8 by its byte order mark, or else by the `charset` of its media type. Returns `None` if there is
/// neither.
fn decode_text<'b>(bytes: &'b [u8], parameters: &[u8]) -> Option<DecodedText<'b>> {
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
struct DecodedText<'b> {
    text: Cow<'b, [u8]>,
    is_valid: bool,
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
