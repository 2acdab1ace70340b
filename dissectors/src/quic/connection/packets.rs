//! Packets of a connection: their decryption, and what their headers state.

use super::{Connection, Evidence};
use crate::packet::Payload;
use crate::quic::fields::*;
use crate::quic::header::{LongPacket, PacketType, Version};
use crate::quic::levels::{Failure, InitialKeys, KnownSecrets, Level, Opened, SideLevels};
use crate::session::{About, Context, Side};

/// Versions of which keys of Initial packets are kept: the one that the client chose, and the one of the server.
const MAX_INITIAL: usize = 2;
/// The spin bit of a short header.
const SPIN_BIT: u8 = 0x20;
/// Field of a client hello: whether the secrets decrypt its connection.
const SECRETS_RESULT: &str = "tls.handshake.secrets.result";

impl Connection {
    /// Decrypts a packet with a long header, and notes what its header states.
    pub(in crate::quic) fn open_long(
        &mut self,
        side: Side,
        packet: Payload<'_>,
        long: &LongPacket<'_>,
        cx: &mut Context<'_>,
    ) -> Result<Opened, Failure> {
        let role = self.role(side);
        let opened = match long.kind {
            PacketType::Initial => {
                let opened = self.open_initial(role, packet.bytes, long);
                self.evidence = if opened.is_some() { Evidence::Genuine } else { Evidence::None };
                opened.ok_or(if packet.is_truncated() { Failure::Cut } else { Failure::NotAuthentic })
            }
            PacketType::Retry => Err(Failure::NoSecret),
            PacketType::ZeroRtt => self.open_level(Level::ZeroRtt, role, long.version, (packet, long.number_at), cx),
            PacketType::Handshake => {
                self.open_level(Level::Handshake, role, long.version, (packet, long.number_at), cx)
            }
        };
        let is_authentic = opened.is_ok();
        // A packet that is not decrypted may be forged, unless it is of a connection whose secrets are not known.
        if is_authentic || long.kind == PacketType::Handshake && opened.as_ref().err() == Some(&Failure::NoSecret) {
            role.of_mut(&mut self.ids).add(long.header.scid);
            self.summary.handshake(role, long.kind == PacketType::Initial, cx);
        }
        if is_authentic && role == Side::Server {
            self.version = long.version;
        }
        let level = match long.kind {
            PacketType::Initial | PacketType::Retry => Level::Initial,
            PacketType::Handshake => Level::Handshake,
            PacketType::ZeroRtt => Level::ZeroRtt,
        };
        if level == Level::ZeroRtt && self.evidence == Evidence::Genuine {
            *role.of_mut(&mut self.undecrypted) |= opened.is_err();
        }
        self.measure(role, level, opened.as_ref().ok(), cx);
        opened
    }

    fn open_initial(&mut self, role: Side, packet: &[u8], long: &LongPacket<'_>) -> Option<Opened> {
        let largest = role.of(&self.levels).largest(Level::Initial);
        let opened = self
            .initial
            .iter_mut()
            .filter(|keys| keys.is_of(long.version))
            .find_map(|keys| keys.open(role, packet, long, largest));
        let opened = opened.or_else(|| self.open_with_new_keys(role, packet, long, largest))?;
        role.of_mut(&mut self.levels).note_number(Level::Initial, opened.header.number);
        Some(opened)
    }

    /// Decrypts with the keys of another connection ID, after a Retry packet, or of the other version.
    fn open_with_new_keys(
        &mut self,
        role: Side,
        packet: &[u8],
        long: &LongPacket<'_>,
        largest: Option<u64>,
    ) -> Option<Opened> {
        let id = if role == Side::Client { long.header.dcid } else { self.originals.last()?.bytes() };
        let mut keys = InitialKeys::new(long.version, id)?;
        let opened = keys.open(role, packet, long, largest)?;
        if role == Side::Client && self.negotiated.suite.is_some() {
            // Anyone can make such a packet, and the server has answered already.
            return None;
        }
        self.initial.retain(|keys| !keys.is_of(long.version));
        if self.initial.len() == MAX_INITIAL {
            self.initial.remove(0);
        }
        self.initial.push(keys);
        if role == Side::Client {
            self.add_original(long.header.dcid);
            self.restart();
        }
        Some(opened)
    }

    /// Decrypts a packet with a short header, whose packet number is at an offset.
    pub(in crate::quic) fn open_short(
        &mut self,
        side: Side,
        packet: Payload<'_>,
        number_at: usize,
        cx: &mut Context<'_>,
    ) -> Result<Opened, Failure> {
        let role = self.role(side);
        let opened = self.open_level(Level::OneRtt, role, self.version, (packet, number_at), cx);
        if self.evidence == Evidence::Genuine {
            *role.of_mut(&mut self.undecrypted) |= opened.is_err();
            self.summary.application(role, cx);
            // The bit is not encrypted (RFC 9000 17.4).
            let is_set = packet.bytes.first().is_some_and(|first| first & SPIN_BIT != 0);
            self.measurement.spin(role, is_set, cx.at.time);
        }
        self.measure(role, Level::OneRtt, opened.as_ref().ok(), cx);
        opened
    }

    fn measure(&mut self, role: Side, level: Level, opened: Option<&Opened>, cx: &Context<'_>) {
        if self.evidence == Evidence::Genuine {
            self.measurement.count(role, 1);
        }
        if let Some(opened) = opened {
            self.measurement.captured(role, level.space(), opened.header.number, cx.at.time);
        }
    }

    fn open_level(
        &mut self,
        level: Level,
        role: Side,
        version: Version,
        packet: (Payload<'_>, usize),
        cx: &mut Context<'_>,
    ) -> Result<Opened, Failure> {
        let known = KnownSecrets { secrets: cx.secrets, frame: cx.at.frame };
        let are_right = self.levels.iter().any(SideLevels::has_right_secrets);
        let levels = role.of_mut(&mut self.levels);
        let (packet, number_at) = packet;
        let opened = match packet.is_truncated() {
            // Its authentication code was not captured.
            true => Err(Failure::Cut),
            false => {
                let packet = (packet.bytes, number_at);
                let mut buffer = cx.derived.buffers.take();
                let opened =
                    levels.open(level, role, version, packet, (&self.negotiated, known, are_right), &mut buffer);
                cx.derived.buffers.put_back(buffer);
                opened
            }
        };
        let is_answered = cx.further_path.is_none_or(|path| path.is_answered);
        self.evidence = match &opened {
            Ok(_) => Evidence::Genuine,
            // RFC 9001 4.9.3 and 5.6: a client sends early data before the handshake is complete.
            Err(_) if level == Level::ZeroRtt && (role == Side::Server || self.has_left_initial) => Evidence::None,
            // It may be of a key phase that is not known, unless it comes from elsewhere: anyone can send such packets.
            Err(Failure::NotAuthentic) if are_right && (level != Level::OneRtt || cx.further_path.is_some()) => {
                Evidence::None
            }
            Err(_) if is_answered => Evidence::Genuine,
            Err(_) => Evidence::Unanswered,
        };
        self.collect_secrets_result(cx);
        let is_after_hello = role == Side::Client && level != Level::ZeroRtt && self.negotiated.suite.is_some();
        if opened.is_ok() && is_after_hello {
            self.has_left_initial = true;
            self.initial.iter_mut().for_each(InitialKeys::forget);
            if level == Level::OneRtt {
                // The handshake is complete. What is sent of it again is read with keys that are derived again.
                self.levels.iter_mut().for_each(SideLevels::forget_handshake);
            }
        }
        opened
    }

    /// Collects for the client hello whether the secrets decrypt the packets.
    fn collect_secrets_result(&mut self, cx: &mut Context<'_>) {
        if cx.collected.is_none() {
            return;
        }
        let result = self.levels.iter().fold(0, |result, levels| result | levels.secrets_result());
        if core::mem::replace(&mut self.secrets_result, result) != result
            && let (Some(frame), Some(field)) = (self.negotiated.hello_frame, crate::field(SECRETS_RESULT))
        {
            cx.collect(field, About::Frame(frame, 0), result);
        }
    }

    /// Notes that a packet is not decrypted: once for each kind of packet, and each side of the handshake.
    pub(in crate::quic) fn note_failure(
        &mut self,
        side: Side,
        level: Level,
        failure: Failure,
        packet: Payload<'_>,
        cx: &mut Context<'_>,
    ) {
        let bit = 1 << level as u8;
        if self.role(side).of(&self.noted) & bit != 0 {
            return;
        }
        // As in Wireshark, that of a packet with a short header once for both sides.
        for noted in Side::BOTH {
            if level == Level::OneRtt || noted == self.role(side) {
                *noted.of_mut(&mut self.noted) |= bit;
            }
        }
        let text = match failure {
            Failure::NoSecret => "Failed to create decryption context: Secrets are not available",
            Failure::NotAuthentic => "Decryption failed: the packet is not authentic, or of keys that are not known",
            Failure::Cut => "Decryption failed: the end of the packet was not captured (snapshot length)",
        };
        cx.tree.note(&DECRYPTION_FAILED, packet.all(), format_args!("{text}"));
    }
}
