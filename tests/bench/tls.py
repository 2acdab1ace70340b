"""Captures of TLS 1.3 with AES-128-GCM, whose secrets are in a key log beside them. Requires python3-cryptography."""
import hashlib
import hmac
import struct

from http1 import HOSTS, deliver, json_text
from wire import ACK, CLIENT, Connection, MSS, PSH, Rng, SERVER, address, interleaved

LABELS = ("CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0")
AES_128_GCM_SHA256, TLS13 = 0x1301, 0x0304
CHANGE_CIPHER_SPEC, HANDSHAKE, APPLICATION_DATA = 20, 22, 23
MAX_RECORD = 16_384
CONNECTIONS, CALLS = 2_000, 20
DOWNLOADS, DOWNLOAD = 10, 20_000_000


def tls(scale):
    """2,000 connections with 20 calls each, about 100 at a time: 184,000 packets, 59 MB."""
    rng = Rng("tls")
    bodies = [json_text(rng, rng.between(320, 1400)) for _ in range(300)]

    def connections():
        for nth in range(max(1, round(CONNECTIONS * scale))):
            ends = address(0x140000 + nth % 600), address(0x0A0000 + nth % 8)
            yield visit(rng, Connection(rng, *ends, 33_000 + nth % 30_000, 443), nth, bodies)

    yield from interleaved(rng, connections(), 100)


def tls_bulk(scale):
    """10 downloads of 20 MB, one after the other, in records of 16 kB: 154,000 packets, 214 MB."""
    rng = Rng("tls-bulk")
    body = json_text(rng, round(DOWNLOAD * scale) or 1)

    def connections():
        for nth in range(DOWNLOADS):
            yield download(rng, Connection(rng, address(0x140000), address(0x0A0000), 33_000 + nth, 443), nth, body)

    yield from interleaved(rng, connections(), 1)


def key_log(scale):
    """Returns the secrets of both captures."""
    lines = []
    for nth in range(max(DOWNLOADS, round(CONNECTIONS * scale))):
        lines += ["%s %s %s\n" % (label, client_random(nth).hex(), secret(nth, label).hex()) for label in LABELS]
    return "".join(lines)


def client_random(nth):
    return hashlib.sha256(b"client %d" % nth).digest()


def secret(nth, label):
    return hashlib.sha256(b"%d %s" % (nth, label.encode())).digest()


class SideKey:
    """Key of a side, and the nonces of its records or packets by their numbers (RFC 8446 5.3 and 7.3, RFC 9001 5)."""

    def __init__(self, traffic_secret, prefix=b""):
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        self.key = AESGCM(expand(traffic_secret, prefix + b"key", 16))
        self.iv, self.number = int.from_bytes(expand(traffic_secret, prefix + b"iv", 12), "big"), 0

    def encrypt(self, header, data):
        nonce = (self.iv ^ self.number).to_bytes(12, "big")
        self.number += 1
        return self.key.encrypt(nonce, data, header)


class Cipher(SideKey):
    """Keys of the records of a side."""

    def record(self, content, data):
        header = struct.pack(">BHH", APPLICATION_DATA, 0x0303, len(data) + 17)
        return header + self.encrypt(header, data + bytes([content]))

    def data(self, data):
        return b"".join(self.record(APPLICATION_DATA, data[at:at + MAX_RECORD]) for at in range(0, len(data), MAX_RECORD))


def expand(key, label, length):
    return hmac.digest(key, struct.pack(">HB", length, 6 + len(label)) + b"tls13 " + label + b"\0\x01", "sha256")[:length]


def extension(number, data):
    return struct.pack(">HH", number, len(data)) + data


def message(kind, body):
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def record(content, data):
    return struct.pack(">BHH", content, 0x0303, len(data)) + data


def handshake(rng, tcp, nth, host):
    """Yields the packets of a handshake. Returns the ciphers of both sides."""
    yield from tcp.open()
    name = host.encode()
    extensions = extension(0, struct.pack(">HBH", len(name) + 3, 0, len(name)) + name) + extension(43, b"\x02" + struct.pack(">H", TLS13))
    hello = b"\x03\x03" + client_random(nth) + struct.pack(">BHHBBH", 0, 2, AES_128_GCM_SHA256, 1, 0, len(extensions)) + extensions
    yield 90, tcp.send(CLIENT, ACK | PSH, record(HANDSHAKE, message(1, hello)))
    extensions = extension(43, struct.pack(">H", TLS13))
    hello = b"\x03\x03" + bytes(32) + struct.pack(">BHBH", 0, AES_128_GCM_SHA256, 0, len(extensions)) + extensions
    of_client, of_server = (Cipher(secret(nth, label)) for label in LABELS[:2])
    finished = message(20, bytes(32))
    flight = of_server.record(HANDSHAKE, message(8, b"\0\0") + finished)
    yield 900, tcp.send(SERVER, ACK | PSH, record(HANDSHAKE, message(2, hello)) + record(CHANGE_CIPHER_SPEC, b"\x01") + flight)
    yield 400, tcp.send(CLIENT, ACK | PSH, record(CHANGE_CIPHER_SPEC, b"\x01") + of_client.record(HANDSHAKE, finished))
    return [Cipher(secret(nth, label)) for label in LABELS[2:]]


def exchange(rng, tcp, ciphers, path, host, body):
    """Yields a request and its response."""
    request = "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: */*\r\n\r\n" % (path, host)
    yield from deliver(rng, tcp, [(CLIENT, ciphers[CLIENT].data(request.encode()))], rng.between(300, 90_000))
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    sent = ciphers[SERVER].data(head.encode() + body)
    segments = [sent[at:at + MSS] for at in range(0, len(sent), MSS)]
    for at in range(0, len(segments), 10):
        yield from deliver(rng, tcp, [(SERVER, part) for part in segments[at:at + 10]], 900)


def visit(rng, tcp, nth, bodies):
    host = rng.one_of(HOSTS)
    ciphers = yield from handshake(rng, tcp, nth, host)
    for call in range(CALLS):
        yield from exchange(rng, tcp, ciphers, "/api/%d/%d" % (nth, call), host, rng.one_of(bodies))
    yield from tcp.close(SERVER)


def download(rng, tcp, nth, body):
    host = HOSTS[0]
    ciphers = yield from handshake(rng, tcp, nth, host)
    yield from exchange(rng, tcp, ciphers, "/download/%d" % nth, host, body)
    yield from tcp.close(SERVER)
