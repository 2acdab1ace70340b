//! Image formats and dimensions, by the first bytes.

use crate::report::size;

/// Describes an image by its first bytes: format, dimensions, size.
pub(super) fn image_description(bytes: &[u8]) -> Option<String> {
    let (name, dimensions) = match bytes {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, rest @ ..] => ("PNG", png(rest)),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', a, b, c, d, ..] => {
            ("GIF", Some((u16::from_le_bytes([*a, *b]).into(), u16::from_le_bytes([*c, *d]).into())))
        }
        [0xff, 0xd8, 0xff, rest @ ..] => ("JPEG", jpeg(rest)),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', rest @ ..] => ("WebP", webp(rest)),
        _ => return None,
    };
    let mut text = format!("{name} image");
    if let Some((width, height)) = dimensions {
        text.push_str(&format!(", {width} × {height}"));
    }
    text.push_str(", ");
    size(&mut text, bytes.len() as u64);
    Some(text)
}

/// IHDR: length, type, width, height (PNG, third edition, 11.2.1).
fn png(rest: &[u8]) -> Option<(u32, u32)> {
    let [_, _, _, _, b'I', b'H', b'D', b'R', w0, w1, w2, w3, h0, h1, h2, h3, ..] = *rest else { return None };
    Some((u32::from_be_bytes([w0, w1, w2, w3]), u32::from_be_bytes([h0, h1, h2, h3])))
}

/// The frame header among the segments (ITU-T T.81 B.2.2): marker, length, precision, height, width.
fn jpeg(rest: &[u8]) -> Option<(u32, u32)> {
    // The 0xff of the first marker is already consumed.
    let mut rest = rest;
    let mut marker = *rest.first()?;
    loop {
        rest = rest.get(1..)?;
        let is_frame = (0xc0..=0xcf).contains(&marker) && !matches!(marker, 0xc4 | 0xc8 | 0xcc);
        if let (true, [_, _, _, h0, h1, w0, w1, ..]) = (is_frame, rest) {
            return Some((u16::from_be_bytes([*w0, *w1]).into(), u16::from_be_bytes([*h0, *h1]).into()));
        }
        let length = usize::from(u16::from_be_bytes(*rest.first_chunk()?));
        rest = rest.get(length..)?;
        let fill = rest.iter().take_while(|&&byte| byte == 0xff).count();
        if fill == 0 {
            return None;
        }
        rest = rest.get(fill..)?;
        marker = *rest.first()?;
    }
}

/// The first chunk (RFC 9649 2.5 to 2.7): lossy, lossless or extended.
fn webp(rest: &[u8]) -> Option<(u32, u32)> {
    let (name, rest) = rest.split_first_chunk::<4>()?;
    let data = rest.get(4..)?;
    let wide = |a: u8, b: u8, c: u8| u32::from_le_bytes([a, b, c, 0]) + 1;
    match (name, data) {
        (b"VP8 ", [_, _, _, 0x9d, 0x01, 0x2a, a, b, c, d, ..]) => {
            let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
            Some((side(*a, *b), side(*c, *d)))
        }
        (b"VP8L", [0x2f, a, b, c, d, ..]) => {
            let bits = u32::from_le_bytes([*a, *b, *c, *d]);
            Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
        }
        (b"VP8X", [_, _, _, _, a, b, c, d, e, f, ..]) => Some((wide(*a, *b, *c), wide(*d, *e, *f))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_recognized_by_their_first_bytes() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08";
        assert_eq!(image_description(png).as_deref(), Some("PNG image, 640 × 480, 25 B"));
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xc4\0\x03c\xff\xff\xc2\0\x11\x08\0\x10\0\x20\x03";
        assert_eq!(image_description(jpeg).as_deref(), Some("JPEG image, 32 × 16, 24 B"));
        assert_eq!(image_description(b"GIF89a\x01\0\x02\0").as_deref(), Some("GIF image, 1 × 2, 10 B"));
        let webp = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x0f\0\0\x1f\0\0";
        assert_eq!(image_description(webp).as_deref(), Some("WebP image, 16 × 32, 30 B"));
        for cut in 0..jpeg.len() {
            let _ = image_description(&jpeg[..cut]);
        }
    }
}
