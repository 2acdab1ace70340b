//! Capture files made by hand, field by field, in either byte order.

/// Byte order of integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Little,
    Big,
}
pub(crate) use Order::{Big, Little};

impl Order {
    pub(crate) fn u16(self, value: u16) -> [u8; 2] {
        if self == Little { value.to_le_bytes() } else { value.to_be_bytes() }
    }

    pub(crate) fn u32(self, value: u32) -> [u8; 4] {
        if self == Little { value.to_le_bytes() } else { value.to_be_bytes() }
    }

    pub(crate) fn u64(self, value: u64) -> [u8; 8] {
        if self == Little { value.to_le_bytes() } else { value.to_be_bytes() }
    }

    /// Encodes 32-bit integers.
    pub(crate) fn words(self, values: &[u32]) -> Vec<u8> {
        values.iter().flat_map(|&value| self.u32(value)).collect()
    }
}

/// Joins the parts of a file.
pub(crate) fn join<const N: usize>(parts: [Vec<u8>; N]) -> Vec<u8> {
    parts.concat()
}

pub(crate) const MICRO: u32 = 0xa1b2c3d4;
pub(crate) const NANO: u32 = 0xa1b23c4d;
pub(crate) const MODIFIED: u32 = 0xa1b2cd34;

/// A pcap file header of any version and link type.
pub(crate) fn pcap_version(order: Order, magic: u32, version: (u16, u16), snaplen: u32, link: u32) -> Vec<u8> {
    let mut header = order.u32(magic).to_vec();
    header.extend(order.u16(version.0));
    header.extend(order.u16(version.1));
    header.extend(order.words(&[0, 0, snaplen, link]));
    header
}

/// A pcap 2.4 file header with Ethernet.
pub(crate) fn pcap(order: Order, magic: u32) -> Vec<u8> {
    pcap_version(order, magic, (2, 4), 65535, 1)
}

/// A pcap record: seconds, fraction, the two lengths in the file's order, the frame.
pub(crate) fn record(order: Order, fields: [u32; 4], frame: &[u8]) -> Vec<u8> {
    [order.words(&fields), frame.to_vec()].concat()
}

/// A record of the modified format: interface 3, protocol 0x800, packet type 4 follow the lengths.
pub(crate) fn modified_record(order: Order, fields: [u32; 4], frame: &[u8]) -> Vec<u8> {
    let mut record = order.words(&fields);
    record.extend(order.u32(3));
    record.extend(order.u16(0x800));
    record.extend([4, 0]);
    record.extend(frame);
    record
}

fn padding(length: usize) -> &'static [u8] {
    &[0; 3][..length.next_multiple_of(4) - length]
}

/// A pcapng block with its body, padded, and both lengths.
pub(crate) fn block(order: Order, kind: u32, body: &[u8]) -> Vec<u8> {
    let length = body.len().next_multiple_of(4) as u32 + 12;
    block_with_lengths(order, kind, body, length, length)
}

/// A pcapng block with any two lengths.
pub(crate) fn block_with_lengths(order: Order, kind: u32, body: &[u8], first: u32, last: u32) -> Vec<u8> {
    [&order.words(&[kind, first]), body, padding(body.len()), &order.u32(last)].concat()
}

/// An option of a block, padded.
pub(crate) fn option(order: Order, code: u16, value: &[u8]) -> Vec<u8> {
    [&order.u16(code), &order.u16(value.len() as u16), value, padding(value.len())].concat()
}

/// opt_endofopt.
pub(crate) fn end() -> Vec<u8> {
    vec![0; 4]
}

/// A Section Header Block of any version.
pub(crate) fn section_version(order: Order, major: u16, minor: u16, length: i64, options: &[u8]) -> Vec<u8> {
    let mut body = order.u32(0x1a2b3c4d).to_vec();
    body.extend(order.u16(major));
    body.extend(order.u16(minor));
    body.extend(order.u64(length as u64));
    body.extend(options);
    block(order, 0x0a0d0d0a, &body)
}

/// A Section Header Block of unknown length.
pub(crate) fn section(order: Order) -> Vec<u8> {
    section_version(order, 1, 0, -1, &[])
}

/// An Interface Description Block.
pub(crate) fn interface(order: Order, link: u16, snaplen: u32, options: &[u8]) -> Vec<u8> {
    let mut body = order.u16(link).to_vec();
    body.extend([0, 0]);
    body.extend(order.u32(snaplen));
    body.extend(options);
    block(order, 1, &body)
}

/// An Enhanced Packet Block: interface, counter, the two lengths, the frame, options.
pub(crate) fn enhanced(
    order: Order,
    id: u32,
    counter: u64,
    lengths: [u32; 2],
    frame: &[u8],
    options: &[u8],
) -> Vec<u8> {
    let mut body = order.words(&[id, (counter >> 32) as u32, counter as u32, lengths[0], lengths[1]]);
    body.extend(frame);
    body.extend(padding(frame.len()));
    body.extend(options);
    block(order, 6, &body)
}

/// A Simple Packet Block.
pub(crate) fn simple(order: Order, length: u32, frame: &[u8]) -> Vec<u8> {
    block(order, 3, &[&order.u32(length), frame].concat())
}

/// An obsolete Packet Block.
pub(crate) fn obsolete(order: Order, id: u16, drops: u16, counter: u64, frame: &[u8], options: &[u8]) -> Vec<u8> {
    let mut body = order.u16(id).to_vec();
    body.extend(order.u16(drops));
    let length = frame.len() as u32;
    body.extend(order.words(&[(counter >> 32) as u32, counter as u32, length, length]));
    body.extend(frame);
    body.extend(padding(frame.len()));
    body.extend(options);
    block(order, 2, &body)
}
