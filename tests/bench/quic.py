"""Captures of HTTP/3 in QUIC version 1 with AES-128-GCM, whose secrets are in a key log beside them. Requires python3-cryptography."""
import hashlib
import hmac
import struct

from dns import datagram
from http1 import HOSTS, json_text
from tls import AES_128_GCM_SHA256, LABELS, SideKey, client_random, expand, extension, message, secret
from wire import CLIENT, Rng, SERVER, address, interleaved

# RFC 9001 5.2.
SALT = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")
VERSION = b"\0\0\0\1"
PAYLOAD = 1200  # bytes of frames in a full packet
CONNECTIONS, CALLS = 2_000, 20
DOWNLOADS, DOWNLOAD = 5, 20_000_000


def quic(scale):
    """2,000 connections with 20 calls of HTTP/3 each, about 100 at a time."""
    rng = Rng("quic")
    bodies = [json_text(rng, rng.between(320, 1400)) for _ in range(300)]

    def connections():
        for nth in range(max(1, round(CONNECTIONS * scale))):
            ends = address(0x140000 + nth % 600), address(0x0A0000 + nth % 8), 33_000 + nth % 30_000, 443
            yield visit(rng, QuicConnection(nth, ends), nth, bodies)

    yield from interleaved(rng, connections(), 100)


def quic_bulk(scale):
    """5 downloads of 20 MB by HTTP/3, one after the other, in packets of 1,200 bytes."""
    rng = Rng("quic-bulk")
    body = json_text(rng, round(DOWNLOAD * scale) or 1)

    def connections():
        for nth in range(DOWNLOADS):
            ends = address(0x140000), address(0x0A0000), 33_000 + nth, 443
            yield download(QuicConnection(nth, ends), nth, body)

    yield from interleaved(rng, connections(), 1)


def varint(number):
    """RFC 9000 16."""
    for size, prefix in ((1, 0), (2, 1), (4, 2), (8, 3)):
        if number < 1 << size * 8 - 2:
            return (number | prefix << size * 8 - 2).to_bytes(size, "big")
    raise ValueError(number)


class PacketKeys(SideKey):
    """Keys of the packets of a side, and of the masks of their headers (RFC 9001 5)."""

    def __init__(self, traffic_secret):
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
        super().__init__(traffic_secret, b"quic ")
        self.mask = Cipher(algorithms.AES(expand(traffic_secret, b"quic hp", 16)), modes.ECB()).encryptor()

    def seal(self, header, payload):
        """Returns a packet: the number, of two bytes, follows the header."""
        first, header = header[0] | 1, header[1:]
        plain = bytes([first]) + header + struct.pack(">H", self.number & 0xFFFF)
        sealed = self.encrypt(plain, payload)
        mask = self.mask.update(sealed[2:18])
        first ^= mask[0] & (0x0F if first & 0x80 else 0x1F)
        return bytes([first]) + header + bytes(own ^ of for own, of in zip(plain[-2:], mask[1:])) + sealed


class QuicConnection:
    """The keys and connection IDs of both sides, which build packets."""

    def __init__(self, nth, ends):
        self.nth, (self.client, self.server, self.port, self.server_port) = nth, ends
        ids = hashlib.sha256(b"ids %d" % nth).digest()
        self.original, self.ids = ids[:8], (ids[8:16], ids[16:24])
        initial = hmac.digest(SALT, self.original, "sha256")
        self.initial = [PacketKeys(expand(initial, label, 32)) for label in (b"client in", b"server in")]
        self.handshake = [PacketKeys(secret(nth, label)) for label in LABELS[:2]]
        self.application = [PacketKeys(secret(nth, label)) for label in LABELS[2:]]

    def datagram(self, side, packets):
        ends = (self.client, self.server, self.port, self.server_port)
        if side == SERVER:
            ends = (self.server, self.client, self.server_port, self.port)
        return datagram(*ends, b"".join(packets))

    def long(self, side, kind, keys, payload, token=b""):
        dcid = self.original if side == CLIENT and kind == 0 else self.ids[1 - side]
        header = bytes([0xC0 | kind << 4]) + VERSION
        header += bytes([len(dcid)]) + dcid + bytes([len(self.ids[side])]) + self.ids[side] + token
        return keys[side].seal(header + struct.pack(">H", 0x4000 | len(payload) + 18), payload)

    def short(self, side, payload):
        return self.datagram(side, [self.application[side].seal(b"\x40" + self.ids[1 - side], payload.ljust(4, b"\0"))])

    def stream(self, side, number, offset, data, is_last):
        kind = 0x0A | (4 if offset else 0) | is_last
        return self.short(side, bytes([kind]) + varint(number) + (varint(offset) if offset else b"") + varint(len(data)) + data)

    def ack(self, side):
        """An acknowledgment of all packets of the other side (RFC 9000 19.3)."""
        largest = self.application[1 - side].number - 1
        return self.short(side, b"\x02" + varint(largest) + b"\0\0" + varint(largest))

    def open(self, host):
        """Yields the packets of a handshake, and the control streams of HTTP/3."""
        name = host.encode()
        extensions = extension(0, struct.pack(">HBH", len(name) + 3, 0, len(name)) + name) + extension(43, b"\x02\x03\x04")
        extensions += extension(16, b"\0\x03\x02h3") + extension(57, b"")
        hello = b"\x03\x03" + client_random(self.nth) + struct.pack(">BHHBBH", 0, 2, AES_128_GCM_SHA256, 1, 0, len(extensions)) + extensions
        yield 0, self.datagram(CLIENT, [self.long(CLIENT, 0, self.initial, crypto(message(1, hello)).ljust(1150, b"\0"), b"\0")])
        extensions = extension(43, b"\x03\x04")
        hello = b"\x03\x03" + bytes(32) + struct.pack(">BHBH", 0, AES_128_GCM_SHA256, 0, len(extensions)) + extensions
        selected = extension(16, b"\0\x03\x02h3") + extension(57, b"")
        finished = message(20, bytes(32))
        flight = message(8, struct.pack(">H", len(selected)) + selected) + finished
        yield 900, self.datagram(SERVER, [self.long(SERVER, 0, self.initial, b"\x02\0\0\0\0" + crypto(message(2, hello)), b"\0"),
                                          self.long(SERVER, 2, self.handshake, crypto(flight))])
        yield 400, self.datagram(CLIENT, [self.long(CLIENT, 2, self.handshake, crypto(finished))])
        yield 300, self.stream(CLIENT, 2, 0, b"\0\x04\0", 0)
        yield 300, self.stream(SERVER, 3, 0, b"\0\x04\0", 0)

    def close(self):
        yield 900, self.short(CLIENT, b"\x1d\x41\0\0")


def crypto(data):
    return b"\x06\0" + varint(len(data)) + data


def literal(index, value):
    """A header whose name is in the static table (RFC 9204 4.5.4)."""
    index = bytes([0x50 | index]) if index < 15 else bytes([0x5F, index - 15])
    return index + bytes([len(value)]) + value


def frame(kind, data):
    return bytes([kind]) + varint(len(data)) + data


def request(path, host):
    # :method GET and :scheme https are entries 17 and 23, :path is 1, :authority is 0.
    return frame(1, b"\0\0\xd1\xd7" + literal(1, path.encode()) + literal(0, host.encode()))


def response(body):
    # :status 200 is entry 25, content-type application/json 46, content-length is 4.
    return frame(1, b"\0\0\xd9\xee" + literal(4, b"%d" % len(body))) + frame(0, body)


def exchange(connection, number, path, host, body, wait):
    yield wait, connection.stream(CLIENT, number, 0, request(path, host), 1)
    sent = response(body)
    for nth, at in enumerate(range(0, len(sent), PAYLOAD)):
        part = sent[at:at + PAYLOAD]
        yield 900 if at == 0 else 12, connection.stream(SERVER, number, at, part, at + PAYLOAD >= len(sent))
        if nth % 10 == 9:
            yield 100, connection.ack(CLIENT)
    yield 100, connection.ack(CLIENT)


def visit(rng, connection, nth, bodies):
    host = rng.one_of(HOSTS)
    yield from connection.open(host)
    for call in range(CALLS):
        path = "/api/%d/%d" % (nth, call)
        yield from exchange(connection, call * 4, path, host, rng.one_of(bodies), rng.between(300, 90_000))
    yield from connection.close()


def download(connection, nth, body):
    yield from connection.open(HOSTS[0])
    yield from exchange(connection, 0, "/download/%d" % nth, HOSTS[0], body, 300)
    yield from connection.close()


def quic_initials(scale):
    """300,000 Initial packets of as many connections, 16 between the same endpoints."""
    def packets():
        for nth in range(round(300_000 * scale)):
            ends = address(nth >> 16, 11), address(1), 10_000 + (nth >> 4 & 0xFFF), 443
            connection = QuicConnection.__new__(QuicConnection)
            ids = hashlib.sha256(b"flood %d" % nth).digest()
            connection.client, connection.server, connection.port, connection.server_port = ends
            connection.original, connection.ids = ids[:8], (ids[8:16], ids[16:24])
            initial = hmac.digest(SALT, connection.original, "sha256")
            connection.initial = [PacketKeys(expand(initial, b"client in", 32))]
            yield nth * 50, connection.datagram(CLIENT, [connection.long(CLIENT, 0, connection.initial, b"\x01".ljust(32, b"\0"), b"\0")])

    yield from packets()


def quic_streams(scale):
    """2,000 connections, each with 2,500 streams of which none ends."""
    def connections():
        for nth in range(max(1, round(2_000 * scale))):
            connection = QuicConnection(nth, (address(0x140000 + nth), address(0x0A0000), 33_000, 443))
            yield from connection.open(HOSTS[0])
            for first in range(0, 2_500, 250):
                frames = (b"\x0a" + varint(stream * 4) + b"\x01\x01" for stream in range(first, first + 250))
                yield 10, connection.short(CLIENT, b"".join(frames))

    now = 0
    for wait, packet in connections():
        now += wait
        yield now, packet
