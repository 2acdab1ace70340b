//! Hosts files: lines of an address and its names (hosts(5)).

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::net::IpAddr;
use std::path::Path;

/// Maximum number of bytes read of a hosts file: that of the largest lists of blocked hosts.
const MAX_BYTES: u64 = 64 << 20;

/// Maximum number of lines that are reported as invalid, each.
const MAX_NOTES: usize = 5;

/// Maximum length of a name in bytes (RFC 1035 2.3.4).
const MAX_NAME: usize = 255;

/// A line of a hosts file with an address and its name. Further names of a line are aliases.
#[derive(Debug)]
pub struct HostsLine {
    /// Its number, from 1.
    pub number: u32,
    /// The address.
    pub address: IpAddr,
    /// Its first name.
    pub name: String,
}

/// Reads a hosts file, and passes its lines to `each`. Returns notes about what was not read.
///
/// # Errors
///
/// The file cannot be read.
pub fn read_hosts_file(path: &Path, each: impl FnMut(HostsLine)) -> io::Result<Vec<String>> {
    parse(BufReader::new(File::open(path)?), MAX_BYTES, each)
}

/// Parses at most so many bytes of a hosts file.
fn parse(file: impl BufRead, limit: u64, mut each: impl FnMut(HostsLine)) -> io::Result<Vec<String>> {
    let (mut notes, mut invalid) = (Vec::new(), 0);
    let mut file = file.take(limit);
    let (mut line, mut number) = (Vec::new(), 0);
    while file.read_until(b'\n', &mut line)? > 0 {
        number += 1;
        match parse_line(&line) {
            Ok(host) => host.into_iter().for_each(|(address, name)| each(HostsLine { number, address, name })),
            Err(reason) => {
                invalid += 1;
                if invalid <= MAX_NOTES {
                    notes.push(format!("line {number}: {reason}"));
                }
            }
        }
        line.clear();
    }
    if invalid > MAX_NOTES {
        notes.push(format!("{} further invalid lines", invalid - MAX_NOTES));
    }
    if file.limit() == 0 && !file.into_inner().fill_buf()?.is_empty() {
        notes.push(format!("only the first {} MiB are read", limit >> 20));
    }
    Ok(notes)
}

/// Returns the address and the first name of a line; none if it is empty or a comment.
fn parse_line(line: &[u8]) -> Result<Option<(IpAddr, String)>, &'static str> {
    let line = line.split(|&byte| byte == b'#').next().unwrap_or_default();
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let Some(address) = words.next() else { return Ok(None) };
    // A scope names an interface of the host that has the file; addresses in packets have none.
    let address = address.split(|&byte| byte == b'%').next().unwrap_or_default();
    let address = std::str::from_utf8(address).ok().and_then(|text| text.parse::<IpAddr>().ok());
    let address = address.ok_or("expected an IPv4 or IPv6 address")?;
    let name = words.next().ok_or("expected a name after the address")?;
    let name = std::str::from_utf8(name).map_err(|_| "the name is not UTF-8")?;
    if name.len() > MAX_NAME {
        return Err("the name has more than 255 bytes");
    }
    Ok(Some((address, name.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> (Vec<String>, Vec<String>) {
        let mut lines = Vec::new();
        let add = |line: HostsLine| lines.push(format!("{} {} {}", line.number, line.address, line.name));
        let notes = parse(text, 200, add).expect("memory can be read");
        (lines, notes)
    }

    #[test]
    fn a_line_names_an_address() {
        let text = b"# hosts\n10.0.0.2 a.test alias # comment\n\n\tfe80::1%lo0\tb.test\r\n2001:db8::6 c.test";
        let (names, notes) = read(text);
        assert_eq!(names, ["2 10.0.0.2 a.test", "4 fe80::1 b.test", "5 2001:db8::6 c.test"]);
        assert!(notes.is_empty());
    }

    #[test]
    fn invalid_lines_are_noted_with_their_numbers() {
        let (names, notes) = read(b"bogus line\n10.0.0.300 a\n10.0.0.4\n10.0.0.5 \xff\n10.0.0.6 ok\nx\nx\nx\n");
        assert_eq!(names, ["5 10.0.0.6 ok"]);
        let address = "expected an IPv4 or IPv6 address";
        assert_eq!(
            notes,
            [
                format!("line 1: {address}"),
                format!("line 2: {address}"),
                "line 3: expected a name after the address".into(),
                "line 4: the name is not UTF-8".into(),
                format!("line 6: {address}"),
                "2 further invalid lines".into(),
            ]
        );
    }

    #[test]
    fn a_huge_file_is_read_up_to_a_limit() {
        let (names, notes) = read("10.0.0.1 name.test\n".repeat(20).as_bytes());
        assert_eq!((names.len(), notes.len()), (11, 1), "{notes:?}");
    }
}
