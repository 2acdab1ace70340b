"""Hostile captures: overhear must read each in bounded memory."""
import struct

from http1 import AGENTS, HOSTS, cookie, request, response
from wire import (ACK, BARE_TCP, CLIENT, Connection, MSS, PSH, RST, Rng, SERVER, SYN, UDP, address, mac, with_timestamps)

def lone_segment(number, flags, seq, ack, data=b""):
    """Returns a client segment of one of very many connections, which `number` identifies."""
    client, server = address(number >> 14, 11), address(1)
    return BARE_TCP.pack(mac(server), mac(client), 0x0800, 0x45, 0, 40 + len(data), 0, 0x4000, 64, 6, 0, client, server,
                         40_000 + (number & 0x3FFF), 80, seq, ack, 0x50, flags, 64240, 0, 0) + data


def syn_flood(scale):
    """A million SYNs, each of a different connection."""
    rng = Rng("syn")
    return with_timestamps(lone_segment(nth, SYN, rng.below(1 << 32), 0) for nth in range(round(10**6 * scale)))


def port_scan(scale):
    """Every port of eight machines scanned by one; three in four refuse, the others do not respond."""

    def packets():
        scanner = address(1, 12)
        for nth in range(round(8 * 65_536 * scale)):
            machine, port = address(nth >> 16), nth & 0xFFFF
            yield BARE_TCP.pack(mac(machine), mac(scanner), 0x0800, 0x45, 0, 40, 0, 0x4000, 64, 6, 0, scanner, machine,
                                54_321, port, 1, 0, 0x50, SYN, 1024, 0, 0)
            if nth % 4:
                yield BARE_TCP.pack(mac(scanner), mac(machine), 0x0800, 0x45, 0, 40, 0, 0x4000, 64, 6, 0, machine,
                                    scanner, port, 54_321, 0, 2, 0x50, RST | ACK, 0, 0, 0)

    return with_timestamps(packets())


def udp_flood(scale):
    """A million UDP datagrams, each of a different conversation."""
    data = b"x" * 40

    def packets():
        for nth in range(round(10**6 * scale)):
            own, other = address(nth >> 14, 11), address(1)
            yield UDP.pack(mac(other), mac(own), 0x0800, 0x45, 0, 28 + len(data), 0, 0x4000, 64, 17, 0, own, other,
                           40_000 + (nth & 0x3FFF), 9999, 8 + len(data), 0) + data

    return with_timestamps(packets())


def bulk(scale, connection, side, data_of, skip=(), ack=False):
    """Yields 200 MB of one side in full segments, without those in `skip`; the peer acknowledges up to the first gap."""
    count = round(200_000_000 * scale) // MSS
    gap_start = connection.next[side] if skip else None
    for nth in range(count):
        packet = connection.send(side, ACK, data_of(nth))
        if nth in skip:
            continue
        yield packet
        if ack and nth % 2:
            acked = gap_start if gap_start is not None else connection.next[side]
            yield connection.raw(1 - side, ACK, connection.next[1 - side], acked)


FILL = b"0123456789abcdef" * 91


def fill_segment(_):
    return FILL[:MSS]


def single_connection(seed):
    return Connection(Rng(seed), address(2), address(1), 40_000, 80)


RESPONSE_SEGMENT = (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100000000000\r\n\r\n" + FILL)[:MSS]


def one_sided(scale):
    """Only the server's side of an endless download, never acknowledged."""
    connection = single_connection("one-sided")
    return with_timestamps(bulk(scale, connection, SERVER, lambda nth: RESPONSE_SEGMENT if nth == 0 else FILL[:MSS]))


def handshake(connection):
    return [packet for _, packet in connection.open()]


def gap(scale):
    """A connection whose first segment is missing and never acknowledged, with 200 MB after it."""
    connection = single_connection("hole")
    return with_timestamps([*handshake(connection), *bulk(scale, connection, SERVER, fill_segment, skip={0}, ack=True)])


def gap_one_sided(scale):
    """The same without the other side, so that no acknowledgment shows whether the segment was received."""
    connection = single_connection("hole-one-sided")
    return with_timestamps([*handshake(connection)[1:2], *bulk(scale, connection, SERVER, fill_segment, skip={0})])


def crumbs(scale):
    """A gap, then a million segments of one byte, every second one missing."""
    connection = single_connection("crumbs")

    def packets():
        yield from handshake(connection)
        seq, ack = connection.next[CLIENT], connection.next[SERVER]
        for nth in range(round(10**6 * scale)):
            yield connection.raw(CLIENT, ACK, seq + 1 + nth * 2 & 0xFFFFFFFF, ack, b"x")

    return with_timestamps(packets())


def unanswered(scale):
    """One connection with 100,000 pipelined requests and no response."""
    rng, connection = Rng("requests"), single_connection("unanswered")
    agent, cookies = AGENTS[0], cookie(rng)

    def packets():
        yield from handshake(connection)
        for nth in range(round(100_000 * scale)):
            yield connection.send(CLIENT, ACK | PSH, request(rng, HOSTS[0], "/queue/%d" % nth, agent, cookies))
            yield connection.send(SERVER, ACK)

    return with_timestamps(packets())


def unanswered_many(scale):
    """300,000 connections with one request each and no response."""
    rng = Rng("many")
    message = request(rng, HOSTS[0], "/never/responds", AGENTS[0], cookie(rng))

    def packets():
        for nth in range(round(300_000 * scale)):
            yield lone_segment(nth, SYN, 99, 0)
            yield lone_segment(nth, ACK | PSH, 100, 500, message)

    return with_timestamps(packets())


def half_heads(scale):
    """100,000 connections, each with the first 2,800 bytes of a head that never ends."""
    start = b"GET / HTTP/1.1\r\nHost: example.com\r\nX-Long: "
    first, second = (start + FILL)[:1400], FILL[:1400]

    def packets():
        for nth in range(round(100_000 * scale)):
            yield lone_segment(nth, SYN, 99, 0)
            yield lone_segment(nth, ACK, 100, 500, first)
            yield lone_segment(nth, ACK, 1500, 500, second)

    return with_timestamps(packets())


def endless_head(scale):
    """One request with a head of 200 MB."""
    connection = single_connection("endless")
    start, more = b"GET / HTTP/1.1\r\nHost: example.com\r\n", (b"X-Header: " + FILL)[: MSS - 2] + b"\r\n"
    segments = bulk(scale, connection, CLIENT, lambda nth: start if nth == 0 else more, ack=True)
    return with_timestamps([*handshake(connection), *segments])


def many_gaps(scale):
    """100,000 connections, each with a gap and 1,400 bytes after it."""

    def packets():
        for nth in range(round(100_000 * scale)):
            yield lone_segment(nth, SYN, 99, 0)
            yield lone_segment(nth, ACK, 5000, 500, FILL[:1400])

    return with_timestamps(packets())


def fragments(scale):
    """300,000 first fragments of IPv4 packets that never become complete."""

    def packets():
        for nth in range(round(300_000 * scale)):
            own, other = address(nth >> 16, 11), address(1)
            yield struct.pack(">6s6sH BBHHHBBH4s4s", mac(other), mac(own), 0x0800, 0x45, 0, 20 + 1400, nth & 0xFFFF,
                              0x2000, 64, 17, 0, own, other) + FILL[:1400]

    return with_timestamps(packets())


def tiny_chunks(scale):
    """One chunked response of ten million chunks of one byte, with a trailer section of 100,000 fields."""
    connection, rng = single_connection("chunks"), Rng("chunks")

    def packets():
        yield from handshake(connection)
        yield connection.send(CLIENT, ACK | PSH, request(rng, HOSTS[0], "/chunks", AGENTS[0], cookie(rng)))
        head = response(rng, 200, None, "", ["Content-Type: text/plain", "Transfer-Encoding: chunked"])
        body = b"1\r\nx\r\n" * round(10**7 * scale) + b"0\r\n" + b"X-Trailer: y\r\n" * round(10**5 * scale) + b"\r\n"
        data = head + body
        for at in range(0, len(data), MSS):
            yield connection.send(SERVER, ACK, data[at : at + MSS])
            if at // MSS % 2:
                yield connection.send(CLIENT, ACK)

    return with_timestamps(packets())


CAPTURES = [syn_flood, port_scan, udp_flood, one_sided, gap, gap_one_sided, crumbs, unanswered, unanswered_many,
            half_heads, endless_head, many_gaps, fragments, tiny_chunks]
