"""Capture of HTTP/2: connections with a hundred streams at once."""
import struct

from http1 import AGENTS, HOSTS, PATHS, json_text
from wire import ACK, CLIENT, Connection, MSS, PSH, Rng, SERVER, address, interleaved

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS, WINDOW_UPDATE = 0, 1, 4, 8  # RFC 9113 6
END_STREAM, END_HEADERS, ACKNOWLEDGMENT = 1, 4, 1
AT_ONCE, ROUNDS = 100, 4


def http2(scale):
    """600 connections of 400 streams, 100 at a time, each a request and a response with JSON: 180,000 packets, 175 MB."""
    rng = Rng("http2")
    bodies = [json_text(rng, rng.between(200, 900)) for _ in range(300)]

    def connections():
        for nth in range(max(1, round(600 * scale))):
            client, server = address(0x140000 + nth % 100), address(0x0A0000 + rng.below(8))
            yield connection(rng, Connection(rng, client, server, 33_000 + nth, 8080), bodies)

    yield from interleaved(rng, connections(), 20)


def connection(rng, tcp, bodies):
    """Yields the packets of a connection: in each round a hundred requests, then their responses, mixed."""
    yield from tcp.open()
    settings = struct.pack(">HIHI", 3, AT_ONCE, 4, 1 << 20)
    yield 90, tcp.send(CLIENT, ACK | PSH, PREFACE + frame(SETTINGS, 0, 0, settings) + window(0, 1 << 24))
    yield 300, tcp.send(SERVER, ACK | PSH, frame(SETTINGS, 0, 0, settings) + frame(SETTINGS, ACKNOWLEDGMENT, 0))
    yield 90, tcp.send(CLIENT, ACK | PSH, frame(SETTINGS, ACKNOWLEDGMENT, 0))
    host, agent = rng.one_of(HOSTS), rng.one_of(AGENTS)
    requests, responses = Encoder(), Encoder()
    for turn in range(ROUNDS):
        streams = [1 + 2 * (turn * AT_ONCE + nth) for nth in range(AT_ONCE)]
        asked = []
        for stream in streams:
            path = rng.one_of(PATHS).format(rng.below(10**6), rng.below(40))
            asked.append(frame(HEADERS, END_HEADERS | END_STREAM, stream, requests.request(host, path, agent)))
        yield from send(tcp, CLIENT, b"".join(asked), rng.between(2_000, 80_000))
        answered = []
        for stream in streams:
            body = rng.one_of(bodies)
            half = len(body) // 2
            answered.append([frame(HEADERS, END_HEADERS, stream, responses.response(rng.one_of([200] * 9 + [404]), body)),
                             frame(DATA, 0, stream, body[:half]), frame(DATA, END_STREAM, stream, body[half:])])
        # The headers in the order of the requests, which the table of the encoder has; then the bodies, mixed.
        mixed = [head for head, _, _ in answered] + [first for _, first, _ in answered] + [last for _, _, last in answered]
        yield from send(tcp, SERVER, b"".join(mixed), rng.between(300, 30_000))
    yield from tcp.close(CLIENT)


def send(tcp, side, data, wait):
    """Yields segments of one side, each second acknowledged."""
    for nth, at in enumerate(range(0, len(data), MSS)):
        yield wait, tcp.send(side, ACK | PSH, data[at : at + MSS])
        wait = 20
        if nth % 2:
            yield 20, tcp.send(1 - side, ACK)
    yield 40, tcp.send(1 - side, ACK)


def frame(kind, flags, stream, data=b""):
    return struct.pack(">I", len(data))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + data


def window(stream, size):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", size))


class Encoder:
    """Encoder of header blocks (RFC 7541) without Huffman codes. What repeats enters the dynamic table."""

    NAMES = {":authority": 1, ":path": 4, ":status": 8, "content-length": 28, "content-type": 31, "user-agent": 58}
    STATIC = 61

    def __init__(self):
        self.added = []  # newest first

    def request(self, host, path, agent):
        # GET and http are whole entries of the static table.
        return b"\x82\x86" + self.literal(":path", path) + self.kept(":authority", host) + self.kept("user-agent", agent)

    def response(self, status, body):
        head = b"\x88" if status == 200 else self.kept(":status", str(status))
        return head + self.kept("content-type", "application/json") + self.literal("content-length", str(len(body)))

    def kept(self, name, value):
        """Returns a header that is in the dynamic table from the second time on."""
        if (name, value) in self.added:
            return self.integer(0x80, 7, self.STATIC + 1 + self.added.index((name, value)))
        self.added.insert(0, (name, value))
        return self.integer(0x40, 6, self.NAMES[name]) + self.text(value)

    def literal(self, name, value):
        return self.integer(0, 4, self.NAMES[name]) + self.text(value)

    def text(self, value):
        return self.integer(0, 7, len(value)) + value.encode()

    @staticmethod
    def integer(first, bits, number):
        """Returns an integer with a prefix of some bits (RFC 7541 5.1)."""
        limit = (1 << bits) - 1
        if number < limit:
            return bytes([first | number])
        rest, number = [first | limit], number - limit
        while number >= 128:
            rest.append(number & 0x7F | 0x80)
            number >>= 7
        return bytes(rest + [number])
