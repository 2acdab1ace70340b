//! What the packets of a connection let an observer measure: round-trip times (RFC 9000 17.4, RFC 9002 5) and lost packets.

use super::frames::Acknowledgment;
use super::levels::SPACES;
use super::number_ranges::NumberRanges;
use crate::session::Side;
use alloc::collections::VecDeque;
use core::ops::Range;

/// Packets of a side whose acknowledgment is awaited. Receivers acknowledge every second packet, or more often.
const MAX_AWAITED: usize = 16;
/// Packets by which one that was sent later is acknowledged before it is lost (RFC 9002 6.1.1).
const PACKET_THRESHOLD: u64 = 3;

/// Measurements of one connection. Sides are those of its handshake.
#[derive(Clone, Debug, Default)]
pub(super) struct Measurement {
    sides: [SideMeasurement; 2],
    spin: SpinBit,
}

/// Measurements of the packets of one side.
#[derive(Clone, Debug, Default)]
struct SideMeasurement {
    packets: u64,
    /// Numbers of the packets that were captured and decrypted, and of those that the other side acknowledges, by space.
    captured: [NumberRanges; SPACES],
    acknowledged: [NumberRanges; SPACES],
    /// Space, number and time of packets whose acknowledgment is awaited.
    awaited: VecDeque<(usize, u64, i64)>,
    /// Minimum time from a packet to its acknowledgment, as far as from the observer to the receiver and back.
    rtt: Option<i64>,
}

/// The spin bit of packets with short headers.
#[derive(Clone, Debug, Default)]
struct SpinBit {
    /// Last value of each side.
    values: [Option<bool>; 2],
    /// Whether the server has changed its value since the client has.
    is_reflected: bool,
    /// Time of the last change by the client.
    changed: Option<i64>,
    rtt: Option<i64>,
    /// A side changes its value at other times: it does not take part (RFC 9000 17.4).
    is_disabled: bool,
}

impl Measurement {
    /// Notes packets of a side.
    pub(super) fn count(&mut self, side: Side, packets: u64) {
        side.of_mut(&mut self.sides).packets += packets;
    }

    /// Notes a packet of a side that was decrypted.
    pub(super) fn captured(&mut self, side: Side, space: usize, number: u64, time: i64) {
        let own = side.of_mut(&mut self.sides);
        let Some(captured) = own.captured.get_mut(space) else { return };
        if captured.contains(number) {
            return;
        }
        captured.insert(number, number);
        if own.awaited.len() == MAX_AWAITED {
            own.awaited.pop_front();
        }
        own.awaited.push_back((space, number, time));
    }

    /// Whether all packets of a side up to a number were captured and decrypted, since the first one.
    pub(super) fn has_all(&self, side: Side, space: usize, until: u64) -> bool {
        side.of(&self.sides).captured.get(space).is_some_and(|captured| captured.is_whole(until))
    }

    /// The largest number of the packets of a side that were captured and decrypted.
    pub(super) fn largest(&self, side: Side, space: usize) -> Option<u64> {
        side.of(&self.sides).captured.get(space).and_then(NumberRanges::largest)
    }

    /// Whether packets of a side with these numbers were not captured or not decrypted, and all of them were received.
    pub(super) fn lacks_received_only(&self, side: Side, space: usize, numbers: Range<u64>) -> bool {
        let Some(last) = numbers.end.checked_sub(1) else { return false };
        let sets = side.of(&self.sides).of_space(space);
        sets.is_some_and(|(captured, acknowledged)| captured.misses_only(acknowledged, numbers.start, last))
    }

    /// Whether a packet of a side with at least this number was received, and not captured or not decrypted.
    pub(super) fn lacks_any(&self, side: Side, space: usize, first: u64) -> bool {
        let sets = side.of(&self.sides).of_space(space);
        sets.is_some_and(|(captured, acknowledged)| captured.misses_any(acknowledged, first))
    }

    /// Notes an acknowledgment by a side.
    pub(super) fn acknowledged(&mut self, side: Side, space: usize, acknowledgment: Acknowledgment<'_>, time: i64) {
        let other = side.other().of_mut(&mut self.sides);
        let Some(acknowledged) = other.acknowledged.get_mut(space) else { return };
        for (first, last) in acknowledgment.ranges() {
            acknowledged.insert(first, last);
        }
        // RFC 9002 5.1: the largest number that is acknowledged first gives a sample.
        let Some(largest) = acknowledgment.largest() else { return };
        let sample = other.awaited.iter().find(|&&(of, number, _)| of == space && number == largest);
        if let Some(sample) = sample.map(|&(_, _, sent)| time.saturating_sub(sent)).filter(|&sample| sample >= 0) {
            other.rtt = Some(other.rtt.map_or(sample, |rtt| rtt.min(sample)));
        }
        other.awaited.retain(|&(of, number, _)| of != space || number > largest);
    }

    /// Notes the spin bit of a packet of a side.
    pub(super) fn spin(&mut self, side: Side, value: bool, time: i64) {
        let spin = &mut self.spin;
        let before = side.of_mut(&mut spin.values).replace(value);
        if spin.is_disabled || before.is_none_or(|before| before == value) {
            return;
        }
        match side {
            // The server sends the value that it has received last.
            Side::Server => spin.is_reflected = *Side::Client.of(&spin.values) == Some(value),
            // The client sends the opposite of the value that it has received last.
            Side::Client => {
                if let Some(changed) = spin.changed {
                    spin.is_disabled = !spin.is_reflected;
                    let sample = time.saturating_sub(changed);
                    spin.rtt = Some(spin.rtt.map_or(sample, |rtt| rtt.min(sample)));
                }
                spin.changed = Some(time);
                spin.is_reflected = false;
            }
        }
    }

    /// Packets of each side.
    pub(super) fn packets(&self) -> [u64; 2] {
        self.sides.each_ref().map(|side| side.packets)
    }

    /// Minimum times from a packet of each side to its acknowledgment.
    pub(super) fn rtts(&self) -> [Option<i64>; 2] {
        self.sides.each_ref().map(|side| side.rtt)
    }

    /// Minimum round-trip time by the spin bit.
    pub(super) fn spin_rtt(&self) -> Option<i64> {
        self.spin.rtt.filter(|_| !self.spin.is_disabled)
    }

    /// Packets of each side that were captured, and are lost as far as acknowledgments show it; none if there are no
    /// acknowledgments.
    pub(super) fn lost(&self) -> [Option<u64>; 2] {
        self.sides.each_ref().map(|side| {
            side.of_spaces(|captured, acknowledged| {
                let until = acknowledged.largest()?.checked_sub(PACKET_THRESHOLD);
                Some(until.map_or(0, |until| captured.count_missing_in(acknowledged, until)))
            })
        })
    }

    /// Packets of each side that were received, and not captured or not decrypted.
    pub(super) fn missing(&self) -> [Option<u64>; 2] {
        self.sides.each_ref().map(|side| {
            side.of_spaces(|captured, acknowledged| {
                acknowledged.largest().map(|until| acknowledged.count_missing_in(captured, until))
            })
        })
    }
}

impl SideMeasurement {
    /// The packets of a space that were captured, and those that were acknowledged.
    fn of_space(&self, space: usize) -> Option<(&NumberRanges, &NumberRanges)> {
        self.captured.get(space).zip(self.acknowledged.get(space))
    }

    /// Returns the sum of the spaces that have a count.
    fn of_spaces(&self, count: impl Fn(&NumberRanges, &NumberRanges) -> Option<u64>) -> Option<u64> {
        let spaces = self.captured.iter().zip(&self.acknowledged);
        spaces.filter_map(|(captured, acknowledged)| count(captured, acknowledged)).reduce(u64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9000 19.3: the largest number, a delay, the number of further ranges, the first range; then gaps and ranges.
    fn acknowledge(measurement: &mut Measurement, side: Side, bytes: &[u8], time: i64) {
        measurement.acknowledged(side, 2, Acknowledgment { bytes }, time);
    }

    #[test]
    fn a_packet_that_three_later_ones_are_acknowledged_without_is_lost() {
        let mut measurement = Measurement::default();
        for (number, time) in [(0, 0), (1, 10), (2, 20), (4, 40), (5, 50), (6, 60)] {
            measurement.captured(Side::Client, 2, number, time);
        }
        assert_eq!(measurement.lost(), [None; 2]);
        // 4 to 6, not 3 and 2, 0 and 1.
        acknowledge(&mut measurement, Side::Server, &[6, 0, 1, 2, 1, 1], 75);
        assert_eq!((measurement.lost(), measurement.missing()), ([Some(1), None], [Some(0), None]));
        assert_eq!(measurement.rtts(), [Some(15), None]);
        // 2 is received after all, and 3, which was not captured.
        acknowledge(&mut measurement, Side::Server, &[6, 0, 0, 4], 80);
        assert_eq!((measurement.lost(), measurement.missing()), ([Some(0), None], [Some(1), None]));
        assert_eq!(measurement.rtts(), [Some(15), None]);
    }

    #[test]
    fn the_spin_bit_gives_round_trips_if_both_sides_take_part() {
        let spin = |packets: &[(Side, bool, i64)]| {
            let mut measurement = Measurement::default();
            packets.iter().for_each(|&(side, value, time)| measurement.spin(side, value, time));
            measurement.spin_rtt()
        };
        use Side::{Client, Server};
        let packets = [
            (Client, false, 0),
            (Server, false, 10),
            (Client, true, 20),
            (Client, true, 25),
            (Server, true, 50),
            (Client, false, 60),
            (Server, false, 95),
            (Client, true, 110),
        ];
        assert_eq!(spin(&packets), Some(40));
        assert_eq!(spin(&packets[..3]), None);
        // The client changes it although the server does not.
        assert_eq!(spin(&[(Client, false, 0), (Client, true, 1), (Server, false, 2), (Client, false, 3)]), None);
    }
}
