"""Captures of databases: transactions as of pgbench, and commands as of redis-benchmark, each over 50 connections."""
import struct

from http1 import deliver
from wire import CLIENT, Connection, Rng, SERVER, address, interleaved


def pgsql(scale):
    """PostgreSQL: 50 connections with 700 transactions of 7 statements each: a million packets, 100 MB."""
    rng = Rng("pgsql")
    yield from interleaved(rng, (session(rng, nth, 5432, transactions(rng, round(700 * scale))) for nth in range(50)), 50)


def resp(scale):
    """Redis: 50 connections with 5,000 commands each, alternately SET and GET: a million packets, 95 MB."""
    rng = Rng("resp")
    yield from interleaved(rng, (session(rng, nth, 6379, commands(rng, round(5_000 * scale))) for nth in range(50)), 50)


def session(rng, nth, port, messages):
    """Yields one connection: a handshake, the messages, and a close."""
    connection = Connection(rng, address(0x150000 + nth), address(0x0B0000), 40_000 + nth, port)
    yield from connection.open()
    for side, data in messages:
        yield from deliver(rng, connection, [(side, data)], rng.between(50, 400))
    yield from connection.close(CLIENT)


def commands(rng, count):
    """Yields commands and their replies (RESP2)."""
    for nth in range(count):
        key = b"key:%012d" % rng.below(100_000)
        value = b"%08x" % rng.below(1 << 32)
        words = [b"SET", key, value] if nth % 2 == 0 else [b"GET", key]
        yield CLIENT, b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
        yield SERVER, b"+OK\r\n" if nth % 2 == 0 else b"$%d\r\n%s\r\n" % (len(value), value)


def message(kind, *parts):
    """Returns a message of PostgreSQL (protocol 3.0): a type, a length that includes itself, and the parts."""
    body = b"".join(parts)
    return kind + struct.pack(">I", 4 + len(body)) + body


def transactions(rng, count):
    """Yields a login without a password, and transactions in the simple query protocol."""
    startup = struct.pack(">I", 196_608) + b"user\0bench\0database\0bench\0\0"
    yield CLIENT, struct.pack(">I", 4 + len(startup)) + startup
    settings = [b"server_version\x0015.14\0", b"client_encoding\0UTF8\0"]
    ready = message(b"Z", b"I")
    yield SERVER, b"".join([message(b"R", bytes(4)), *(message(b"S", text) for text in settings),
                            message(b"K", struct.pack(">II", rng.below(1 << 16), rng.below(1 << 32))), ready])
    balance = message(b"T", struct.pack(">H", 1), b"abalance\0", struct.pack(">IHIhih", 16_384, 3, 23, 4, -1, 0))
    for _ in range(count):
        account, cashier, branch = rng.below(100_000), rng.below(10), rng.below(1 << 3)
        delta = rng.between(-5_000, 5_000)
        value = b"%d" % rng.below(10_000)
        row = message(b"D", struct.pack(">Hi", 1, len(value)), value)
        for text, answer in [
            (b"BEGIN", message(b"C", b"BEGIN\0")),
            (b"UPDATE accounts SET abalance = abalance + %d WHERE aid = %d" % (delta, account), message(b"C", b"UPDATE 1\0")),
            (b"SELECT abalance FROM accounts WHERE aid = %d" % account, balance + row + message(b"C", b"SELECT 1\0")),
            (b"UPDATE cashiers SET tbalance = tbalance + %d WHERE tid = %d" % (delta, cashier), message(b"C", b"UPDATE 1\0")),
            (b"UPDATE branches SET bbalance = bbalance + %d WHERE bid = %d" % (delta, branch), message(b"C", b"UPDATE 1\0")),
            (b"INSERT INTO history (tid, bid, aid, delta) VALUES (%d, %d, %d, %d)" % (cashier, branch, account, delta),
             message(b"C", b"INSERT 0 1\0")),
            (b"END", message(b"C", b"COMMIT\0")),
        ]:
            yield CLIENT, message(b"Q", text, b"\0")
            yield SERVER, answer + (ready if text == b"END" else message(b"Z", b"T"))
    yield CLIENT, message(b"X")
