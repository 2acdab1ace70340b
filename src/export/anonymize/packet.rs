//! The bytes of a frame without what identifies: only fields that are known to be harmless are copied, all else is zero.

use super::addresses::AddressMap;
use super::checksum::{internet_checksum, pseudo_header};

/// Maximum number of headers that are copied of a frame.
const MAX_HEADERS: u8 = 16;

/// Protocols of IP (IANA).
const ICMP: u8 = 1;
const IPV4_IN_IP: u8 = 4;
const TCP: u8 = 6;
const UDP: u8 = 17;
const IPV6_IN_IP: u8 = 41;
const ICMPV6: u8 = 58;

/// Options of TCP that are copied: end, no operation, maximum segment size, window scale, SACK permitted, SACK, timestamps.
const TCP_OPTIONS: [u8; 7] = [0, 1, 2, 3, 4, 5, 8];

/// A copy of a frame in the making.
pub(super) struct PacketCopy<'a> {
    addresses: &'a mut AddressMap,
    input: &'a [u8],
    /// Bytes of the copy: as many as were captured.
    out: Vec<u8>,
    /// Headers that may follow.
    left: u8,
}

/// Addresses of an IP packet as replaced, and what its transport needs to compute a checksum.
struct IpContext {
    source: Vec<u8>,
    destination: Vec<u8>,
    /// Bytes of the payload on the wire; `None` for fragments, of which no checksum can be computed.
    length: Option<usize>,
}

impl<'a> PacketCopy<'a> {
    /// Returns the bytes of a frame of a link type, anonymized.
    pub(super) fn of(addresses: &'a mut AddressMap, link: u16, input: &'a [u8]) -> Vec<u8> {
        let out = vec![0; input.len()];
        let mut copy = PacketCopy { addresses, input, out, left: MAX_HEADERS };
        match link {
            1 => copy.ethernet(0),
            113 => copy.cooked(),
            276 => copy.cooked_v2(),
            0 | 108 => {
                copy.copy(0, 4);
                copy.by_version(4);
            }
            12 | 14 | 101 => copy.by_version(0),
            228 => copy.ipv4(0),
            229 => copy.ipv6(0),
            _ => {}
        }
        copy.out
    }

    fn get<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.input.get(at..)?.first_chunk().copied()
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.input.get(at).copied()
    }

    fn u16(&self, at: usize) -> Option<u16> {
        self.get(at).map(u16::from_be_bytes)
    }

    /// Copies bytes as they are.
    fn copy(&mut self, at: usize, len: usize) {
        let end = at.saturating_add(len).min(self.input.len());
        if let (Some(from), Some(to)) = (self.input.get(at..end), self.out.get_mut(at..end)) {
            to.copy_from_slice(from);
        }
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        let end = at.saturating_add(bytes.len()).min(self.out.len());
        if let Some(to) = self.out.get_mut(at..end) {
            to.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        }
    }

    /// Replaces an Ethernet address.
    fn ether(&mut self, at: usize) {
        if let Some(address) = self.get(at) {
            let own = self.addresses.ether(address);
            self.put(at, &own);
        }
    }

    /// Replaces an IPv4 address; returns it.
    fn address4(&mut self, at: usize) -> Vec<u8> {
        let own = self.get(at).map(|address| self.addresses.ipv4(address)).unwrap_or_default();
        self.put(at, &own);
        own.to_vec()
    }

    /// Replaces an IPv6 address; returns it.
    fn address6(&mut self, at: usize) -> Vec<u8> {
        let own = self.get(at).map(|address| self.addresses.ipv6(address)).unwrap_or_default();
        self.put(at, &own);
        own.to_vec()
    }

    fn ethernet(&mut self, at: usize) {
        self.ether(at);
        self.ether(at + 6);
        self.ethertype(at + 12);
    }

    /// Linux cooked capture (LINKTYPE_LINUX_SLL): packet type, ARPHRD, address length, address 8, protocol.
    fn cooked(&mut self) {
        self.copy(0, 6);
        self.ether(6);
        self.ethertype(14);
    }

    /// Version 2 (LINKTYPE_LINUX_SLL2): protocol, reserved 2, interface 4, ARPHRD 2, packet type, address length, address 8.
    fn cooked_v2(&mut self) {
        self.copy(0, 12);
        self.ether(12);
        if let Some(kind) = self.u16(0) {
            self.network(kind, 20);
        }
    }

    /// Copies a type and the packet after it.
    fn ethertype(&mut self, at: usize) {
        let Some(kind) = self.u16(at) else { return };
        self.copy(at, 2);
        self.network(kind, at + 2);
    }

    fn network(&mut self, kind: u16, at: usize) {
        let Some(left) = self.left.checked_sub(1) else { return };
        self.left = left;
        match kind {
            0x0800 => self.ipv4(at),
            0x86dd => self.ipv6(at),
            0x0806 => self.arp(at),
            // VLAN: priority and number, then the type.
            0x8100 | 0x88a8 => {
                self.copy(at, 2);
                self.ethertype(at + 2);
            }
            // PPPoE session: version, code, session, length, then the protocol of PPP.
            0x8864 => {
                self.copy(at, 8);
                match self.u16(at + 6) {
                    Some(0x0021) => self.ipv4(at + 8),
                    Some(0x0057) => self.ipv6(at + 8),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn by_version(&mut self, at: usize) {
        match self.byte(at).map(|byte| byte >> 4) {
            Some(4) => self.ipv4(at),
            Some(6) => self.ipv6(at),
            _ => {}
        }
    }

    fn arp(&mut self, at: usize) {
        self.copy(at, 8);
        if self.get(at + 4) == Some([6, 4]) {
            self.ether(at + 8);
            self.address4(at + 14);
            self.ether(at + 18);
            self.address4(at + 24);
        }
    }

    /// IPv4 (RFC 791 3.1). Options become zeros, which end the list.
    fn ipv4(&mut self, at: usize) {
        let (Some(first), Some(total), Some(fragment), Some(protocol)) =
            (self.byte(at), self.u16(at + 2), self.u16(at + 6), self.byte(at + 9))
        else {
            return;
        };
        let header = usize::from(first & 15) * 4;
        if first >> 4 != 4 || header < 20 {
            return;
        }
        self.copy(at, 10);
        let (source, destination) = (self.address4(at + 12), self.address4(at + 16));
        let sum = internet_checksum(&[self.out.get(at..at + header).unwrap_or_default()]);
        self.put(at + 10, &sum.to_be_bytes());
        // A length of zero is that of a packet which the interface has still to cut.
        let rest = self.input.len().saturating_sub(at + header);
        let length = if total == 0 { rest } else { usize::from(total).saturating_sub(header) };
        let is_fragment = fragment & 0x3fff != 0;
        // Only the first fragment begins with the header of the transport.
        if fragment & 0x1fff == 0 {
            let context = IpContext { source, destination, length: (!is_fragment).then_some(length) };
            self.transport(protocol, at + header, &context);
        }
    }

    /// IPv6 (RFC 8200 3). Options of extension headers become zeros, which are padding.
    fn ipv6(&mut self, at: usize) {
        let (Some(first), Some(payload), Some(mut next)) = (self.byte(at), self.u16(at + 4), self.byte(at + 6)) else {
            return;
        };
        if first >> 4 != 6 {
            return;
        }
        self.copy(at, 1);
        // The flow label may identify a flow elsewhere: it is zero. The traffic class is in the first two bytes.
        self.put(at + 1, &[self.byte(at + 1).unwrap_or(0) & 0xf0]);
        self.copy(at + 4, 4);
        let (source, destination) = (self.address6(at + 8), self.address6(at + 24));
        let (mut position, mut is_fragment) = (at + 40, false);
        for _ in 0..MAX_HEADERS {
            let (Some(after), Some(length)) = (self.byte(position), self.byte(position + 1)) else { break };
            let size = match next {
                0 | 43 | 60 => 8 * (usize::from(length) + 1),
                44 => 8,
                _ => break,
            };
            self.copy(position, 2);
            if next == 44 {
                self.copy(position, 8);
                let offset = self.u16(position + 2).unwrap_or(0);
                is_fragment |= offset & !6 != 0;
                if offset & 0xfff8 != 0 {
                    return;
                }
            }
            (next, position) = (after, position + size);
        }
        let headers = position.saturating_sub(at + 40);
        let length = usize::from(payload).checked_sub(headers).filter(|_| !is_fragment && payload > 0);
        self.transport(next, position, &IpContext { source, destination, length });
    }

    fn transport(&mut self, protocol: u8, at: usize, ip: &IpContext) {
        let Some(left) = self.left.checked_sub(1) else { return };
        self.left = left;
        match protocol {
            TCP => self.tcp(at, ip),
            UDP => self.udp(at, ip),
            ICMP => self.icmp(at, ip),
            ICMPV6 => self.icmpv6(at, ip),
            IPV4_IN_IP => self.ipv4(at),
            IPV6_IN_IP => self.ipv6(at),
            _ => {}
        }
    }

    /// Writes the checksum of a transport whose payload is zero, over its header and what follows it in the copy.
    fn put_checksum(&mut self, protocol: u8, at: usize, field: usize, ip: &IpContext) {
        let Some(length) = ip.length else { return };
        let pseudo = pseudo_header(&ip.source, &ip.destination, length, protocol);
        let end = at.saturating_add(length).min(self.out.len());
        let sum = internet_checksum(&[&pseudo, self.out.get(at..end).unwrap_or_default()]);
        // RFC 768: a checksum of zero means none.
        let sum = if protocol == UDP && sum == 0 { u16::MAX } else { sum };
        self.put(at + field, &sum.to_be_bytes());
    }

    fn tcp(&mut self, at: usize, ip: &IpContext) {
        let Some(offset) = self.byte(at + 12) else { return };
        let header = usize::from(offset >> 4) * 4;
        self.copy(at, 16);
        self.copy(at + 18, 2);
        let mut position = at + 20;
        while position < at + header {
            let Some(kind) = self.byte(position) else { break };
            let length = if kind < 2 { 1 } else { usize::from(self.byte(position + 1).unwrap_or(0)) };
            if length == 0 || kind >= 2 && length < 2 || position + length > at + header {
                break;
            }
            match TCP_OPTIONS.contains(&kind) {
                true => self.copy(position, length),
                // No operations take the place of an option that is not copied.
                false => self.put(position, &vec![1; length]),
            }
            position += length;
        }
        self.put_checksum(TCP, at, 16, ip);
    }

    fn udp(&mut self, at: usize, ip: &IpContext) {
        self.copy(at, 6);
        if self.u16(at + 6) != Some(0) {
            self.put_checksum(UDP, at, 6, ip);
        }
    }

    /// ICMP (RFC 792). Errors quote a packet, which is anonymized as well.
    fn icmp(&mut self, at: usize, ip: &IpContext) {
        let Some(kind) = self.byte(at) else { return };
        self.copy(at, 2);
        match kind {
            // Redirect: the address of a gateway.
            5 => drop(self.address4(at + 4)),
            _ => self.copy(at + 4, 4),
        }
        if matches!(kind, 3 | 4 | 5 | 11 | 12) {
            self.ipv4(at + 8);
        }
        let Some(length) = ip.length else { return };
        let end = at.saturating_add(length).min(self.out.len());
        let sum = internet_checksum(&[self.out.get(at..end).unwrap_or_default()]);
        self.put(at + 2, &sum.to_be_bytes());
    }

    /// ICMPv6 (RFC 4443, RFC 4861).
    fn icmpv6(&mut self, at: usize, ip: &IpContext) {
        let Some(kind) = self.byte(at) else { return };
        self.copy(at, 2);
        self.copy(at + 4, 4);
        let end = ip.length.map_or(self.input.len(), |length| at.saturating_add(length)).min(self.input.len());
        match kind {
            1..=4 => self.ipv6(at + 8),
            133 => self.neighbor_options(at + 8, end),
            // Router advertisement: two timers.
            134 => {
                self.copy(at + 8, 8);
                self.neighbor_options(at + 16, end);
            }
            135 | 136 => {
                self.address6(at + 8);
                self.neighbor_options(at + 24, end);
            }
            137 => {
                self.address6(at + 8);
                self.address6(at + 24);
                self.neighbor_options(at + 40, end);
            }
            _ => {}
        }
        self.put_checksum(ICMPV6, at, 2, ip);
    }

    /// Options of neighbor discovery (RFC 4861 4.6): link-layer addresses are replaced, others are zero after their length.
    fn neighbor_options(&mut self, mut at: usize, end: usize) {
        while at + 8 <= end {
            let Some([kind, units]) = self.get(at) else { return };
            if units == 0 {
                return;
            }
            self.copy(at, 2);
            if matches!(kind, 1 | 2) && units == 1 {
                self.ether(at + 2);
            }
            at += 8 * usize::from(units);
        }
    }
}
