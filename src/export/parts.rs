//! Parts of a multipart body, each with its name and content (RFC 7578, RFC 2046 5.1).

use super::web_text::split_once;
use dissectors::content::{parameter, unescaped};
use dissectors::multipart::part_ranges;
use std::borrow::Cow;

/// Maximum number of header lines of a part.
const MAX_HEADERS: usize = 100;

/// A part of a multipart body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FormPart<'b> {
    /// Name of the field of the form; empty if there is none.
    pub(super) name: Cow<'b, [u8]>,
    pub(super) file_name: Option<Cow<'b, [u8]>>,
    pub(super) media_type: &'b [u8],
    pub(super) content: &'b [u8],
}

/// Returns the parts of a body; none if it is not multipart.
pub(super) fn form_parts<'b>(body: &'b [u8], content_type: &[u8]) -> impl Iterator<Item = FormPart<'b>> + use<'b> {
    let (media_type, parameters) = content_type.split_at(split_once(content_type, b';').0.len());
    let is_multipart = media_type.trim_ascii().to_ascii_lowercase().starts_with(b"multipart/");
    let boundary = parameter(parameters, "boundary").filter(|boundary| is_multipart && !boundary.is_empty());
    let ranges: Vec<_> = boundary.map(|boundary| part_ranges(body, &unescaped(boundary)).collect()).unwrap_or_default();
    ranges.into_iter().filter_map(move |range| Some(part(body.get(range)?)))
}

fn part(bytes: &[u8]) -> FormPart<'_> {
    let mut part = FormPart { name: Cow::Borrowed(&[]), file_name: None, media_type: &[], content: &[] };
    let mut rest = bytes;
    for _ in 0..MAX_HEADERS {
        let len = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let (line, after) = rest.split_at(len);
        rest = after;
        let line = line.trim_ascii_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = split_once(line, b':');
        let value = value.trim_ascii();
        if name.eq_ignore_ascii_case(b"content-type") {
            part.media_type = value;
        } else if name.eq_ignore_ascii_case(b"content-disposition") {
            part.name = parameter(value, "name").map(unescaped).unwrap_or_default();
            part.file_name = parameter(value, "filename").map(unescaped);
        }
    }
    part.content = rest;
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_their_names_and_contents() {
        let body = b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n\
                     --x\r\nContent-Disposition: form-data; name=b; filename=\"c \\\"d\\\".txt\"\r\n\
                     Content-Type: text/plain\r\n\r\nline\r\nline\r\n--x--\r\n";
        let parts: Vec<_> = form_parts(body, b"multipart/form-data; boundary=x").collect();
        assert_eq!(parts.len(), 2);
        assert_eq!((&*parts[0].name, &parts[0].file_name, parts[0].content), (&b"a"[..], &None, &b"1"[..]));
        assert_eq!(parts[1].file_name.as_deref(), Some(&b"c \"d\".txt"[..]));
        assert_eq!((parts[1].media_type, parts[1].content), (&b"text/plain"[..], &b"line\r\nline"[..]));
        assert_eq!(form_parts(body, b"text/plain; boundary=x").count(), 0);
    }
}
