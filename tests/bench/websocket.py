"""Capture of WebSocket: dialogues of many connections, some compressed."""
import struct
import zlib

from http1 import HOSTS, deliver, json_text
from wire import CLIENT, Connection, Rng, SERVER, address, interleaved


def websocket(scale):
    """About 3,500 WebSocket connections with 60 messages each, half of them compressed: half a million packets, 80 MB."""
    rng = Rng("websocket")

    def connections():
        for nth in range(max(1, round(3_500 * scale))):
            connection = Connection(rng, address(0x140000 + nth % 600), address(0x0A0000 + nth % 4), 33_000 + nth % 30_000, 80)
            yield dialogue(rng, connection, nth % 2 == 0)

    yield from interleaved(rng, connections(), 200)


def dialogue(rng, connection, is_compressed):
    """Yields one connection: the handshake, 60 messages in turn, and a close."""
    yield from connection.open()
    extension = ["Sec-WebSocket-Extensions: permessage-deflate"] if is_compressed else []
    upgrade = ["Upgrade: websocket", "Connection: Upgrade", *extension]
    head = ["GET /feed/%d HTTP/1.1" % rng.below(50), "Host: " + rng.one_of(HOSTS), *upgrade,
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13", "", ""]
    yield from deliver(rng, connection, [(CLIENT, "\r\n".join(head).encode())], 3_000)
    head = ["HTTP/1.1 101 Switching Protocols", *upgrade, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "", ""]
    yield from deliver(rng, connection, [(SERVER, "\r\n".join(head).encode())], 2_000)
    windows = [zlib.compressobj(6, zlib.DEFLATED, -15) for _ in (CLIENT, SERVER)]
    for nth in range(60):
        side, first = nth % 2, 0x81
        data = json_text(rng, rng.between(40, 600))
        if is_compressed:
            data, first = (windows[side].compress(data) + windows[side].flush(zlib.Z_SYNC_FLUSH))[:-4], 0xC1
        yield from deliver(rng, connection, [(side, message(rng, side, first, data))], rng.between(300, 90_000))
    for side in (CLIENT, SERVER):
        yield from deliver(rng, connection, [(side, message(rng, side, 0x88, b"\x03\xe8"))], 500)
    yield from connection.close(SERVER)


def message(rng, side, first, data):
    """Returns a frame (RFC 6455 5.2), masked if the client sends it."""
    length = bytes([len(data)]) if len(data) < 126 else b"\x7e" + struct.pack(">H", len(data))
    if side == SERVER:
        return bytes([first]) + length + data
    key = rng.below(1 << 32)
    pad = -len(data) % 4
    mask = int.from_bytes(struct.pack(">I", key) * ((len(data) + pad) // 4), "big")
    masked = (int.from_bytes(data + bytes(pad), "big") ^ mask).to_bytes(len(data) + pad, "big")[: len(data)]
    return bytes([first, length[0] | 0x80]) + length[1:] + struct.pack(">I", key) + masked
