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
    /// Times and lost packets are not measured: the connection is not reported.
    is_unreported: bool,
}

/// Measurements of the packets of one side.
#[derive(Clone, Debug, Default)]
struct SideMeasurement {
    packets: u64,
    /// Packets that were decrypted, with those that were captured twice.
    decrypted: u64,
    /// The last packet was not decrypted.
    is_last_unread: bool,
    /// Numbers of the packets that were captured and decrypted, and of those that the other side acknowledges, by space.
    captured: [NumberRanges; SPACES],
    acknowledged: [NumberRanges; SPACES],
    /// Numbers between those that one frame of the other side acknowledges, if they are lost by the packet threshold.
    skipped: [NumberRanges; SPACES],
    /// Numbers of packets that elicit no acknowledgment. They are never lost (RFC 9002 2), and some peers do not acknowledge them.
    silent: [NumberRanges; SPACES],
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
        let own = side.of_mut(&mut self.sides);
        own.packets += packets;
        own.is_last_unread |= packets > 0;
    }

    /// Notes a packet of a side that was decrypted.
    pub(super) fn captured(&mut self, side: Side, space: usize, number: u64, time: i64) {
        let own = side.of_mut(&mut self.sides);
        own.decrypted += 1;
        own.is_last_unread = false;
        let Some(captured) = own.captured.get_mut(space) else { return };
        if captured.contains(number) {
            return;
        }
        captured.insert(number, number);
        if self.is_unreported {
            return;
        }
        if own.awaited.len() == MAX_AWAITED {
            own.awaited.pop_front();
        }
        own.awaited.push_back((space, number, time));
    }

    /// Notes that a packet of a side elicits no acknowledgment.
    pub(super) fn elicits_nothing(&mut self, side: Side, space: usize, number: u64) {
        let silent = side.of_mut(&mut self.sides).silent.get_mut(space).filter(|_| !self.is_unreported);
        silent.into_iter().for_each(|silent| silent.insert(number, number));
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

    /// Measures nothing that only the report of the connection has.
    pub(super) fn omit_report(&mut self) {
        self.is_unreported = true;
    }

    /// Notes an acknowledgment by a side.
    pub(super) fn acknowledged(&mut self, side: Side, space: usize, acknowledgment: Acknowledgment<'_>, time: i64) {
        let other = side.other().of_mut(&mut self.sides);
        let Some(acknowledged) = other.acknowledged.get_mut(space) else { return };
        // RFC 9002 5.1: the largest number that is acknowledged first gives a sample.
        let Some(largest) = acknowledgment.largest() else { return };
        let mut after = None;
        for (first, last) in acknowledgment.ranges() {
            acknowledged.insert(first, last);
            if self.is_unreported {
                continue;
            }
            if let (Some(skipped), Some(after), Some(until)) =
                (other.skipped.get_mut(space), after, largest.checked_sub(PACKET_THRESHOLD))
                && last < until
            {
                skipped.insert(last + 1, until.min(after - 1));
            }
            after = Some(first);
        }
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
        if self.is_unreported || spin.is_disabled || before.is_none_or(|before| before == value) {
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

    /// Excludes the packets of a side so far from those that may be lost.
    pub(super) fn restart(&mut self, side: Side) {
        let own = side.of_mut(&mut self.sides);
        for (captured, acknowledged) in own.captured.iter().zip(&mut own.acknowledged) {
            captured.ranges().for_each(|(first, last)| acknowledged.insert(first, last));
        }
        own.awaited.clear();
    }

    /// Whether packets were not decrypted, so that numbers and acknowledgments of them are not known.
    fn has_unread(&self) -> bool {
        self.sides.iter().any(|side| side.packets > side.decrypted)
    }

    /// Whether the last packet of a side was not decrypted: it may close the connection.
    pub(super) fn ends_unread(&self) -> bool {
        self.sides.iter().any(|side| side.is_last_unread)
    }

    /// Packets of each side that were captured, and are lost as far as acknowledgments show it; none if there are no
    /// acknowledgments, or if packets were not decrypted.
    pub(super) fn lost(&self) -> [Option<u64>; 2] {
        let lost = |side: Side| {
            let (own, other) = (side.of(&self.sides), side.other().of(&self.sides));
            own.of_spaces(|space, captured, acknowledged| {
                let Some(until) = acknowledged.largest()?.checked_sub(PACKET_THRESHOLD) else { return Some(0) };
                // Numbers below those of a frame may be acknowledged by an earlier one that was not captured: a receiver does not
                // repeat what its peer knows (RFC 9000 13.2.4).
                let is_whole = other.captured.get(space).is_some_and(NumberRanges::is_prefix);
                let skipped = own.skipped.get(space).filter(|_| !is_whole);
                let sent = skipped.map_or_else(|| captured.clone(), |skipped| captured.common(skipped));
                let missing = sent.without(acknowledged);
                Some(own.silent.get(space).map_or(0, |silent| missing.count_missing_in(silent, until)))
            })
        };
        if self.has_unread() { [None; 2] } else { Side::BOTH.map(lost) }
    }

    /// Packets of each side that were received, and not captured; none as in [`lost`](Measurement::lost).
    pub(super) fn missing(&self) -> [Option<u64>; 2] {
        let missing = |side: Side| {
            side.of(&self.sides).of_spaces(|_, captured, acknowledged| {
                acknowledged.largest().map(|until| acknowledged.count_missing_in(captured, until))
            })
        };
        if self.has_unread() { [None; 2] } else { Side::BOTH.map(missing) }
    }
}

impl SideMeasurement {
    /// The packets of a space that were captured, and those that were acknowledged.
    fn of_space(&self, space: usize) -> Option<(&NumberRanges, &NumberRanges)> {
        self.captured.get(space).zip(self.acknowledged.get(space))
    }

    /// Returns the sum of the spaces that have a count, of the numbers that were captured and that are acknowledged.
    fn of_spaces(&self, count: impl Fn(usize, &NumberRanges, &NumberRanges) -> Option<u64>) -> Option<u64> {
        let spaces = self.captured.iter().zip(&self.acknowledged).enumerate();
        let counts = spaces.filter_map(|(space, (captured, acknowledged))| count(space, captured, acknowledged));
        counts.reduce(u64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9000 19.3: the largest number, a delay, the number of further ranges, the first range; then gaps and ranges.
    fn acknowledge(measurement: &mut Measurement, side: Side, bytes: &[u8], time: i64) {
        measurement.acknowledged(side, 2, Acknowledgment { bytes }, time);
    }

    /// An acknowledgment by the server in a space.
    fn acknowledge_in(measurement: &mut Measurement, space: usize, bytes: &[u8]) {
        measurement.count(Side::Server, 1);
        measurement.captured(Side::Server, space, 0, 0);
        measurement.acknowledged(Side::Server, space, Acknowledgment { bytes }, 1);
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
    fn a_packet_may_be_acknowledged_by_a_frame_that_was_not_captured() {
        let mut measurement = Measurement::default();
        (0..=8).for_each(|number| measurement.captured(Side::Client, 2, number, 0));
        // Packet 0 of the server acknowledges 0; its packet 1 was not captured; packet 2 acknowledges 5 to 8, and not 4, and 3.
        measurement.captured(Side::Server, 2, 0, 0);
        acknowledge(&mut measurement, Side::Server, &[0, 0, 0, 0], 1);
        measurement.captured(Side::Server, 2, 2, 0);
        acknowledge(&mut measurement, Side::Server, &[8, 0, 1, 3, 0, 0], 2);
        assert_eq!(measurement.lost(), [Some(1), None], "4, which is between acknowledged ones");
        measurement.captured(Side::Server, 2, 1, 0);
        assert_eq!(measurement.lost(), [Some(3), None], "1, 2 and 4: no frame of the server is missing");
    }

    #[test]
    fn packets_that_are_not_decrypted_make_counts_unknown() {
        let mut measurement = Measurement::default();
        for number in 0..5 {
            measurement.count(Side::Client, 1);
            measurement.captured(Side::Client, 0, number, 0);
        }
        acknowledge_in(&mut measurement, 0, &[4, 0, 0, 0]);
        assert_eq!((measurement.lost(), measurement.missing()), ([Some(2), None], [Some(0), None]));
        assert!(!measurement.ends_unread());
        measurement.count(Side::Server, 1);
        assert_eq!((measurement.lost(), measurement.missing()), ([None; 2], [None; 2]));
        assert!(measurement.ends_unread());
    }

    #[test]
    fn a_packet_that_elicits_no_acknowledgment_is_not_lost() {
        let mut measurement = Measurement::default();
        (0..8).for_each(|number| measurement.captured(Side::Client, 2, number, 0));
        measurement.elicits_nothing(Side::Client, 2, 2);
        acknowledge_in(&mut measurement, 2, &[7, 0, 1, 3, 1, 0]);
        assert_eq!(measurement.lost(), [Some(2), None], "0 and 3, not 2; 1 and 4 to 7 are acknowledged");
    }

    #[test]
    fn packets_before_a_restart_are_not_lost() {
        let mut measurement = Measurement::default();
        (0..3).for_each(|number| measurement.captured(Side::Client, 0, number, 0));
        measurement.restart(Side::Client);
        (3..8).for_each(|number| measurement.captured(Side::Client, 0, number, 0));
        acknowledge_in(&mut measurement, 0, &[7, 0, 0, 3]);
        assert_eq!((measurement.lost(), measurement.missing()), ([Some(1), None], [Some(0), None]), "3");
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
