//! Encryption levels of a connection (RFC 9001 2.1): the keys of each side, and packet numbers.

use super::frames::Frame;
use super::handshake::Negotiated;
use super::header::{LongPacket, Version};
use super::keys::{PacketKeys, PhaseKeys, PlainHeader};
use crate::cipher_suite::quic_suites;
use crate::datagram_path::PathId;
use crate::session::{Secrets, Side};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Number of packets that are not authentic after which a side is no longer decrypted at a level, unless the secrets have decrypted
/// one of the connection: others may be forged.
const MAX_FAILURES: u32 = 16;
/// Key phases after the present one whose keys are tried: so many key updates may be in a gap of the capture.
const MAX_PHASES: usize = 4;
/// Packets in a row that no keys decrypt, after which only those of the next phase are tried: most likely they are forged.
const MAX_MISSES: u8 = 64;
/// What secrets are known to be, as bits: they decrypt packets, or none of them.
const RIGHT: u8 = 1;
const WRONG: u8 = 2;
/// The bit of the key phase in a decrypted short header.
const KEY_PHASE_BIT: u8 = 0x04;

/// Number of spaces of packet numbers.
pub(super) const SPACES: usize = 3;

/// An encryption level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Initial,
    ZeroRtt,
    Handshake,
    OneRtt,
}

impl Level {
    /// Whether packets of the level may have a frame (RFC 9000 12.4, table 3). Anyone can make an Initial packet.
    pub(super) fn permits(self, frame: &Frame<'_>) -> bool {
        let is_handshake = matches!(self, Level::Initial | Level::Handshake);
        match frame {
            Frame::Crypto { .. } | Frame::Acknowledgment(_) => self != Level::ZeroRtt,
            Frame::Close { is_application, .. } => !(is_handshake && *is_application),
            Frame::Stream { .. }
            | Frame::ResetStream { .. }
            | Frame::StopSending { .. }
            | Frame::NewConnectionId { .. }
            | Frame::Datagram { .. } => !is_handshake,
            Frame::Other => true,
        }
    }

    /// The space of packet numbers (RFC 9000 12.3).
    pub(super) fn space(self) -> usize {
        match self {
            Level::Initial => 0,
            Level::Handshake => 1,
            Level::ZeroRtt | Level::OneRtt => 2,
        }
    }

    /// Label of the secret in a key log.
    fn label(self, side: Side) -> Option<&'static str> {
        Some(match (self, side) {
            (Level::ZeroRtt, Side::Client) => "CLIENT_EARLY_TRAFFIC_SECRET",
            (Level::Handshake, Side::Client) => "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
            (Level::Handshake, Side::Server) => "SERVER_HANDSHAKE_TRAFFIC_SECRET",
            (Level::OneRtt, Side::Client) => "CLIENT_TRAFFIC_SECRET_0",
            (Level::OneRtt, Side::Server) => "SERVER_TRAFFIC_SECRET_0",
            (Level::Initial, _) | (Level::ZeroRtt, Side::Server) => return None,
        })
    }
}

/// What a packet was decrypted to.
#[derive(Clone, Debug)]
pub(super) struct Opened {
    pub(super) header: PlainHeader,
    /// The packet without its tag.
    packet: Vec<u8>,
}

impl Opened {
    pub(super) fn payload(&self) -> &[u8] {
        self.packet.get(self.header.len()..).unwrap_or_default()
    }

    /// Returns the buffer of the packet, to be used again.
    pub(super) fn into_buffer(self) -> Vec<u8> {
        self.packet
    }
}

/// Why a packet is not decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    NoSecret,
    NotAuthentic,
    /// Its last bytes were not captured.
    Cut,
}

/// Secrets, as known at a frame.
#[derive(Clone, Copy)]
pub(super) struct KnownSecrets<'a> {
    pub(super) secrets: &'a Secrets,
    pub(super) frame: u32,
}

/// Keys of one side at one level.
#[derive(Clone, Debug, Default)]
struct LevelKeys {
    /// Keys of each cipher suite that may be in use; one, after a packet was decrypted.
    candidates: Vec<PacketKeys>,
    /// The bit of the present key phase.
    phase: bool,
    /// The secrets of the last two phases, after a key update.
    updated: Option<Box<UpdatedSecrets>>,
    previous: Option<Box<PhaseKeys>>,
    /// The keys of the next phases, and the candidate that they follow.
    next: Option<Box<(usize, Vec<PhaseKeys>)>>,
    has_opened: bool,
    failures: u32,
    /// Failures since the last packet that was decrypted.
    misses: u8,
    /// Stamp of the newest secret, and the number of client hellos, when that of the level was missing.
    missing_at: Option<(u32, u32)>,
}

/// Secrets that the keys of payloads are derived from again.
#[derive(Clone)]
struct UpdatedSecrets {
    present: Box<[u8]>,
    /// That of the phase before: packets of it may come late.
    previous: Box<[u8]>,
}

impl core::fmt::Debug for UpdatedSecrets {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("UpdatedSecrets")
    }
}

/// Keys and packet numbers of one side.
#[derive(Clone, Debug, Default)]
pub(super) struct SideLevels {
    largest: [Option<u64>; SPACES],
    /// Of early data and of the handshake, while they are in use.
    zero_rtt: Option<Box<LevelKeys>>,
    handshake: Option<Box<LevelKeys>>,
    one_rtt: LevelKeys,
    /// What was known of secrets of the handshake, of [`LevelKeys::result`].
    dropped_result: u8,
}

impl SideLevels {
    /// The largest packet number of a level.
    pub(super) fn largest(&self, level: Level) -> Option<u64> {
        self.largest.get(level.space()).copied().flatten()
    }

    /// Notes a packet number that is authentic.
    pub(super) fn note_number(&mut self, level: Level, number: u64) {
        if let Some(largest) = self.largest.get_mut(level.space()) {
            *largest = (*largest).max(Some(number));
        }
    }

    /// Whether secrets of the connection are known, and none of them decrypts a packet.
    pub(super) fn has_wrong_secrets(&self) -> bool {
        self.secrets_result() == u64::from(WRONG)
    }

    /// Whether secrets have decrypted a packet, so that they are those of the connection.
    pub(super) fn has_right_secrets(&self) -> bool {
        self.secrets_result() & u64::from(RIGHT) != 0
    }

    /// Returns which secrets are known: bit 1 if some decrypt packets, bit 2 if some are wrong.
    pub(super) fn secrets_result(&self) -> u64 {
        self.keys().fold(self.dropped_result, |result, keys| result | keys.result()).into()
    }

    /// The keys that are in use.
    fn keys(&self) -> impl Iterator<Item = &LevelKeys> {
        [self.zero_rtt.as_deref(), self.handshake.as_deref(), Some(&self.one_rtt)].into_iter().flatten()
    }

    /// Drops the keys of the handshake and of early data, which are no longer used. They can be derived again.
    pub(super) fn forget_handshake(&mut self) {
        for keys in [&mut self.zero_rtt, &mut self.handshake] {
            self.dropped_result |= keys.take().map_or(0, |keys| keys.result());
        }
    }

    /// Drops all keys. They can be derived again.
    pub(super) fn forget(&mut self) {
        let SideLevels { zero_rtt, handshake, one_rtt, .. } = self;
        [zero_rtt.as_deref_mut(), handshake.as_deref_mut(), Some(one_rtt)]
            .into_iter()
            .flatten()
            .for_each(LevelKeys::forget);
    }

    /// Bytes of memory of prepared keys, about.
    pub(super) fn buffered(&self) -> usize {
        self.keys().map(LevelKeys::buffered).sum()
    }

    fn keys_mut(&mut self, level: Level) -> Option<&mut LevelKeys> {
        match level {
            Level::Initial => None,
            Level::ZeroRtt => Some(self.zero_rtt.get_or_insert_default()),
            Level::Handshake => Some(self.handshake.get_or_insert_default()),
            Level::OneRtt => Some(&mut self.one_rtt),
        }
    }

    /// Decrypts a packet of a level whose keys come from a key log. `side` is that of the handshake. Unless the secrets are known
    /// to be right, it gives up after some failures. The packet takes the memory of the buffer.
    pub(super) fn open(
        &mut self,
        level: Level,
        side: Side,
        version: Version,
        (packet, number_at): (&[u8], usize),
        (negotiated, known, are_right): (&Negotiated, KnownSecrets<'_>, bool),
        buffer: &mut Vec<u8>,
    ) -> Result<Opened, Failure> {
        let largest = self.largest(level);
        let keys = self.keys_mut(level).ok_or(Failure::NoSecret)?;
        if keys.candidates.is_empty() {
            keys.load(level, side, version, negotiated, known);
        }
        if keys.candidates.is_empty() {
            return Err(Failure::NoSecret);
        }
        if !are_right && keys.failures >= MAX_FAILURES {
            return Err(Failure::NotAuthentic);
        }
        let Some(opened) = keys.open((packet, number_at), largest, level, buffer) else {
            keys.failures = keys.failures.saturating_add(1);
            keys.misses = keys.misses.saturating_add(1);
            return Err(Failure::NotAuthentic);
        };
        self.note_number(level, opened.header.number);
        Ok(opened)
    }
}

impl LevelKeys {
    /// Memory of the prepared keys of a candidate, and of a key phase, about.
    const SIZE: usize = 2048;
    const PHASE_SIZE: usize = 1200;

    fn load(&mut self, level: Level, side: Side, version: Version, negotiated: &Negotiated, known: KnownSecrets<'_>) {
        let now = (known.secrets.newest(known.frame), negotiated.hellos);
        if self.missing_at == Some(now) {
            return;
        }
        let secret = level
            .label(side)
            .zip(negotiated.client_random)
            .and_then(|(label, random)| known.secrets.get(label, &random, known.frame));
        let Some(secret) = secret else {
            self.missing_at = Some(now);
            return;
        };
        // Early data precedes the server's selection.
        let suite = negotiated.suite.filter(|_| level != Level::ZeroRtt);
        let keys = quic_suites(suite).filter_map(|suite| {
            let keys = PacketKeys::new(version, suite, secret.bytes())?;
            match &self.updated {
                Some(updated) => keys.resume_phase(&updated.present),
                None => Some(keys),
            }
        });
        self.candidates = keys.collect();
        self.candidates.shrink_to_fit();
    }

    /// What its secrets are known to be.
    fn result(&self) -> u8 {
        match (self.has_opened, self.failures) {
            (true, _) => RIGHT,
            (false, 0) => 0,
            (false, _) => WRONG,
        }
    }

    /// Drops what can be derived again.
    fn forget(&mut self) {
        (self.candidates, self.previous, self.next) = (Vec::new(), None, None);
    }

    /// Bytes of memory of prepared keys, about.
    fn buffered(&self) -> usize {
        let phases = usize::from(self.previous.is_some()) + self.next.as_ref().map_or(0, |next| next.1.len());
        self.candidates.len() * LevelKeys::SIZE + phases * LevelKeys::PHASE_SIZE
    }

    /// Decrypts a packet with the keys of the present phase, or of another one.
    fn open(
        &mut self,
        (packet, number_at): (&[u8], usize),
        largest: Option<u64>,
        level: Level,
        buffer: &mut Vec<u8>,
    ) -> Option<Opened> {
        for nth in 0..self.candidates.len() {
            let keys = self.candidates.get(nth)?;
            let Some(header) = keys.header(packet, number_at, largest) else { continue };
            let is_present = level != Level::OneRtt || (header.first & KEY_PHASE_BIT != 0) == self.phase;
            let opened = match is_present {
                true => keys.open(&header, packet, buffer),
                false => self.open_previous(nth, &header, packet, buffer),
            };
            // RFC 9001 6.4: packets with higher numbers have keys of the same phase, or of a later one.
            let may_be_later = level == Level::OneRtt && largest.is_none_or(|largest| header.number > largest);
            let opened = opened.or_else(|| {
                let first = usize::from(is_present);
                if may_be_later { self.open_later((nth, first), &header, packet, buffer) } else { None }
            });
            if opened.is_none() {
                continue;
            }
            (self.has_opened, self.misses) = (true, 0);
            if self.candidates.len() > 1 {
                self.candidates = alloc::vec![self.candidates.swap_remove(nth)];
                self.next = None;
            }
            return Some(Opened { header, packet: core::mem::take(buffer) });
        }
        None
    }

    /// Decrypts a packet with the keys of the previous phase.
    fn open_previous(&mut self, nth: usize, header: &PlainHeader, packet: &[u8], buffer: &mut Vec<u8>) -> Option<()> {
        let keys = self.candidates.get(nth)?;
        if let (None, Some(updated)) = (&self.previous, &self.updated) {
            self.previous = keys.derive_phase(&updated.previous).map(Box::new);
        }
        keys.open_in(self.previous.as_ref()?, header, packet, buffer)
    }

    /// Decrypts a packet with the keys of a later phase, which then are the present ones: of every second one from the phase
    /// `first` of the next ones, as the header has a bit of its phase.
    fn open_later(
        &mut self,
        (nth, first): (usize, usize),
        header: &PlainHeader,
        packet: &[u8],
        buffer: &mut Vec<u8>,
    ) -> Option<()> {
        let keys = self.candidates.get_mut(nth)?;
        let mut next = self.next.take().filter(|next| next.0 == nth).map_or(Vec::new(), |next| next.1);
        let phases = if self.misses < MAX_MISSES { MAX_PHASES } else { 1 };
        let found = (first..phases).step_by(2).find_map(|at| {
            while next.len() <= at {
                next.push(keys.next_phase(next.last())?);
            }
            keys.open_in(next.get(at)?, header, packet, buffer).map(|()| at)
        });
        let Some(at) = found else {
            self.next = Some(Box::new((nth, next)));
            return None;
        };
        let mut passed = next.drain(..=at);
        let present = passed.next_back()?;
        let before = passed.next_back();
        drop(passed);
        let was_present = keys.set_phase(present);
        let previous = before.unwrap_or(was_present);
        self.updated =
            Some(Box::new(UpdatedSecrets { present: keys.phase_secret().into(), previous: previous.secret().into() }));
        (self.previous, self.next) =
            (Some(Box::new(previous)), Some(Box::new((nth, next))).filter(|next| !next.1.is_empty()));
        self.phase = header.first & KEY_PHASE_BIT != 0;
        Some(())
    }
}

/// Keys of the Initial packets of both sides (RFC 9001 5.2), which a connection ID gives.
#[derive(Clone, Debug)]
pub(super) struct InitialKeys {
    version: Version,
    id: PathId,
    /// The keys of each side, derived when they are needed.
    sides: [Option<Box<PacketKeys>>; 2],
}

impl InitialKeys {
    /// The keys of the connection ID that the client chose for the server.
    pub(super) fn new(version: Version, dcid: &[u8]) -> Option<InitialKeys> {
        Some(InitialKeys { version, id: PathId::new(dcid)?, sides: [None, None] })
    }

    /// Whether they are of a version.
    pub(super) fn is_of(&self, version: Version) -> bool {
        self.version == version
    }

    /// Drops what can be derived again.
    pub(super) fn forget(&mut self) {
        self.sides = [None, None];
    }

    /// Bytes of memory.
    pub(super) fn buffered(&self) -> usize {
        self.sides.iter().flatten().count() * LevelKeys::SIZE
    }

    fn keys(&mut self, side: Side) -> Option<&PacketKeys> {
        let keys = side.of_mut(&mut self.sides);
        if keys.is_none() {
            *keys = Some(Box::new(PacketKeys::initial(self.version, self.id.bytes(), side)?));
        }
        keys.as_deref()
    }

    /// Decrypts an Initial packet of a side of the handshake.
    pub(super) fn open(
        &mut self,
        side: Side,
        packet: &[u8],
        long: &LongPacket<'_>,
        largest: Option<u64>,
    ) -> Option<Opened> {
        let keys = self.keys(side)?;
        let packet = packet.get(..long.len)?;
        let header = keys.header(packet, long.number_at, largest)?;
        let mut opened = Vec::new();
        keys.open(&header, packet, &mut opened)?;
        Some(Opened { header, packet: opened })
    }
}
