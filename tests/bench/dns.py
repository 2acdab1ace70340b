"""Capture of DNS: clients ask one server for many names."""
import struct

from wire import Rng, UDP, address, interleaved, mac

HEADER = struct.Struct(">6H")  # RFC 1035 4.1.1
EDNS = b"\0\0\x29\x04\xd0\0\0\0\0\0\0"
A, AAAA, HTTPS = 1, 28, 65
RESPONSE, NXDOMAIN = 0x8180, 0x8183


def dns(scale):
    """500,000 queries and their responses, of 5,000 names: a million packets, 125 MB."""
    rng = Rng("dns")
    server = address(0x0A0035)

    def conversations():
        for _ in range(max(1, round(500_000 * scale))):
            yield exchange(rng, address(0x140000 + rng.below(2000)), server, rng.between(1024, 65536))

    yield from interleaved(rng, conversations(), 100)


def exchange(rng, client, server, port):
    number, kind, name = rng.below(1 << 16), rng.one_of([A, A, A, AAAA, HTTPS]), b"host%d" % rng.below(5000)
    question = b"%c%s\x07example\x04test\0" % (len(name), name) + struct.pack(">HH", kind, 1)
    query = HEADER.pack(number, 0x0100, 1, 0, 0, 1) + question + EDNS
    yield rng.between(0, 30_000), datagram(client, server, port, 53, query)
    yield rng.between(200, 40_000), datagram(server, client, 53, port, response(rng, number, kind, question, 13 + len(name)))


def response(rng, number, kind, question, domain):
    """Returns a response: two addresses, one, or that the name does not exist. `domain` is the offset of `example.test`."""
    if kind == HTTPS:
        zone = struct.pack(">H", 0xC000 | domain)  # RFC 1035 4.1.4
        authority = b"\x02ns" + zone + b"\x05admin" + zone + struct.pack(">5I", 2023111401, 7200, 900, 1209600, 60)
        record = zone + struct.pack(">HHIH", 6, 1, 60, len(authority)) + authority
        return HEADER.pack(number, NXDOMAIN, 1, 0, 1, 1) + question + record + EDNS
    size, count = (4, 2) if kind == A else (16, 1)
    answers = b"".join(
        b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 300, size) + b"\x0a" * (size - 2) + struct.pack(">H", rng.below(1 << 16))
        for _ in range(count))
    return HEADER.pack(number, RESPONSE, 1, count, 0, 1) + question + answers + EDNS


def datagram(own, other, port, other_port, data):
    return UDP.pack(mac(other), mac(own), 0x0800, 0x45, 0, 28 + len(data), 0, 0x4000, 64, 17, 0, own, other,
                    port, other_port, 8 + len(data), 0) + data
