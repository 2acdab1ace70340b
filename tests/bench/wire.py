"""Packets of the synthetic captures: addresses, headers, TCP connections, random numbers, times."""
import heapq
import random
import struct

FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10
CLIENT, SERVER = 0, 1
MSS = 1448  # 1500 bytes less the headers of IPv4 and TCP with the timestamps option
ETHERNET, START = 1, 1_700_000_000_000_000  # LINKTYPE_ETHERNET; microseconds

# Ethernet, IPv4 (RFC 791) and the fixed part of TCP (RFC 9293), then NOP, NOP, timestamps (RFC 7323).
TCP = struct.Struct(">6s6sH BBHHHBBH4s4s HHIIBBHHH BBBBII")
SYN_OPTIONS = struct.Struct(">BBH BB BBII BBBB")  # MSS, SACK permitted, timestamps, NOP, window scale: 20 bytes
BARE_TCP = struct.Struct(">6s6sH BBHHHBBH4s4s HHIIBBHHH")
UDP = struct.Struct(">6s6sH BBHHHBBH4s4s HHHH")
RECORD = struct.Struct("<IIII")


def mac(address):
    return b"\x02\x00" + address


def address(number, net=10):
    return struct.pack(">I", net << 24 | number)


class Rng:
    """Random numbers that are the same in every version of Python, because they all come from `random()`."""

    def __init__(self, seed):
        self.draw = random.Random(seed).random

    def below(self, end):
        return int(self.draw() * end)

    def between(self, low, high):
        return low + int(self.draw() * (high - low))

    def chance(self, share):
        return self.draw() < share

    def one_of(self, items):
        return items[int(self.draw() * len(items))]


class Connection:
    """TCP connection: the state of both sides, which builds the next packet of either."""

    def __init__(self, rng, client, server, port, server_port):
        self.ends = [(mac(client), client, port), (mac(server), server, server_port)]
        self.next = [rng.below(1 << 32), rng.below(1 << 32)]
        self.acked = [0, 0]  # acknowledgment number of each side
        self.clock = [rng.below(1 << 31), rng.below(1 << 31)]  # TCP timestamps, in milliseconds
        self.id = [rng.below(1 << 16), rng.below(1 << 16)]

    def raw(self, side, flags, seq, ack, data=b""):
        """Returns a packet with these numbers, without a change of sequence numbers."""
        (own_mac, own, port), (other_mac, other, other_port) = self.ends[side], self.ends[1 - side]
        self.id[side] = self.id[side] + 1 & 0xFFFF
        self.clock[side] += 1
        if flags & SYN:
            echo = self.clock[1 - side] if flags & ACK else 0
            options = SYN_OPTIONS.pack(2, 4, 1460, 4, 2, 8, 10, self.clock[side], echo, 1, 3, 3, 7)
            return BARE_TCP.pack(
                other_mac, own_mac, 0x0800, 0x45, 0, 60, self.id[side], 0x4000, 64, 6, 0, own, other,
                port, other_port, seq, ack, 0xA0, flags, 64240, 0, 0,
            ) + options
        return TCP.pack(
            other_mac, own_mac, 0x0800, 0x45, 0, 52 + len(data), self.id[side], 0x4000, 64, 6, 0, own, other,
            port, other_port, seq, ack, 0x80, flags, 502, 0, 0, 1, 1, 8, 10, self.clock[side], self.clock[1 - side],
        ) + data

    def send(self, side, flags, data=b""):
        """Returns the next packet of a side, which acknowledges all data of the other side."""
        seq = self.next[side]
        ack = self.acked[side] = self.next[1 - side] if flags & ACK else 0
        self.next[side] = seq + len(data) + (1 if flags & (SYN | FIN) else 0) & 0xFFFFFFFF
        return self.raw(side, flags, seq, ack, data)

    def open(self):
        yield 0, self.send(CLIENT, SYN)
        yield 400, self.send(SERVER, SYN | ACK)
        yield 60, self.send(CLIENT, ACK)

    def close(self, first):
        yield 900, self.send(first, FIN | ACK)
        yield 300, self.send(1 - first, ACK)
        yield 100, self.send(1 - first, FIN | ACK)
        yield 200, self.send(first, ACK)


def interleaved(rng, conversations, at_a_time):
    """Yields packets of many conversations in order of time. When one ends, the next begins."""
    queue, number = [], 0

    def begin(now):
        nonlocal number
        for conversation in conversations:
            number += 1
            wait, packet = next(conversation)
            heapq.heappush(queue, (now + wait + rng.below(20_000), number, packet, conversation))
            return

    for nth in range(at_a_time):
        begin(START + nth * 3_000)
    while queue:
        now, order, packet, conversation = queue[0]
        yield now, packet
        following = next(conversation, None)
        if following:
            heapq.heapreplace(queue, (now + following[0], order, following[1], conversation))
        else:
            heapq.heappop(queue)
            begin(now)


def with_timestamps(packets, step=20):
    """Yields a packet every `step` microseconds."""
    for nth, packet in enumerate(packets):
        yield START + nth * step, packet
