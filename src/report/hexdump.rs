//! Hex dump: offset, sixteen bytes, and their printable characters.

use dissectors::Tree;
use std::fmt::Write;

/// Appends the dump of every buffer of a frame in the format of `tshark -x`, and an empty line. With several buffers,
/// each has its title.
pub(super) fn buffers(out: &mut String, tree: &Tree) {
    let several = tree.buffers().len() > 1;
    for buffer in tree.buffers() {
        let bytes = tree.bytes(buffer.bytes);
        if several {
            let _ = writeln!(out, "{} ({} bytes):", buffer.title, bytes.len());
        }
        for (nth, row) in bytes.chunks(16).enumerate() {
            let _ = write!(out, "{:04x}  ", nth * 16);
            digits(out, row, 16);
            out.push_str("  ");
            printable(out, row);
            out.push('\n');
        }
        out.push('\n');
    }
}

/// Appends the digits of up to sixteen bytes, each followed by a space, and spaces for missing bytes. A second space
/// follows the first `group` bytes.
pub(super) fn digits(out: &mut String, row: &[u8], group: usize) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0'));
    for at in 0..16 {
        match row.get(at) {
            Some(byte) => out.extend([digit(byte >> 4), digit(byte & 15), ' ']),
            None => out.push_str("   "),
        }
        if at + 1 == group && group < 16 {
            out.push(' ');
        }
    }
}

/// Appends one character per byte: itself if it is printable ASCII, else a dot.
pub(super) fn printable(out: &mut String, row: &[u8]) {
    out.extend(row.iter().map(|&byte| if (b' '..=b'~').contains(&byte) { char::from(byte) } else { '.' }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use dissectors::Wants;

    #[test]
    fn a_dump_has_the_format_of_tshark() {
        let mut tree = Tree::new(Wants::everything());
        tree.begin(b"GET / HTTP/1.1\r\n\x00\xff");
        let mut out = String::new();
        buffers(&mut out, &tree);
        assert_eq!(
            out,
            "0000  47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a   GET / HTTP/1.1..\n\
             0010  00 ff                                             ..\n\n"
        );
    }

    #[test]
    fn several_buffers_have_titles() {
        let mut tree = Tree::new(Wants::everything());
        tree.begin(b"a");
        tree.add_buffer("Reassembled TCP", b"bc");
        let mut out = String::new();
        buffers(&mut out, &tree);
        assert!(out.starts_with("Frame (1 bytes):\n0000  61 "), "{out}");
        assert!(out.contains("\nReassembled TCP (2 bytes):\n0000  62 63 "), "{out}");
    }
}
