#!/usr/bin/env python3
"""Soak test: memory use during as many frames as a busy interface has in an hour, sent in two minutes.

As a program, it is one end of the kept-alive connections: `soak.py serve`, `soak.py request SECONDS`.
"""
import argparse
import asyncio
import contextlib
import subprocess
import sys
import tempfile
import time

from cable import CABLE, SERVER, Cable, Listener, missing_requirement, replay_rate
from loss import memory_folder, parse_counts

FRAMES, RATE = 9_000_000, 75_000  # an hour of 2,500 frames per second; frames per second in this test
# One round of the load: a tenth of each capture. Each round has different addresses.
LOAD, SCALE = ["calls", "syn-flood", "port-scan", "udp-flood"], 0.1
ALIVE, PORT = 100, 8080  # connections open throughout, with one call per second
LISTENERS = {
    "overhear calls": ["OVERHEAR", "calls", "-i", CABLE],
    "overhear print -w, a ring of files": ["OVERHEAR", "print", "-i", CABLE, "-w", "FOLDER/out.pcapng", "-b",
                                           "filesize:20000", "-b", "files:3"],
}
WARM_UP = 0.25  # of the samples, after which memory must stay flat
MAX_GROWTH = 4  # MB from the peak of the first half of the remaining samples to the peak of the second half


def soak(make_capture, args):
    """Prints memory once per second. Returns `(name, peak MB of the first half, peak MB of the second half)`."""
    missing = missing_requirement([])
    if missing:
        print("\nSoak\n  SKIPPED: %s" % missing)
        return []
    round_args = argparse.Namespace(folder=args.folder, scale=SCALE)
    captures = [make_capture(name, round_args) for name in LOAD]
    print("\nSoak: %d frames, %d per second, and %d connections kept alive; memory in MB, one sample per second"
          % (FRAMES, RATE, ALIVE))
    with Cable() as cable, tempfile.TemporaryDirectory(dir=memory_folder()) as folder, tempfile.TemporaryFile() as rows:
        words = {"OVERHEAR": args.overhear, "FOLDER/out.pcapng": folder + "/out.pcapng"}
        commands = [[words.get(word, word) for word in command] for command in LISTENERS.values()]
        listeners = [Listener(cable, command, out) for command, out in zip(commands, (rows, subprocess.DEVNULL))]
        server = subprocess.Popen(cable.server(sys.executable, __file__, "serve"))
        client = subprocess.Popen(cable.client(sys.executable, __file__, "request", FRAMES // RATE),
                                  stdout=subprocess.PIPE)
        options = ["--loop", "0", "--unique-ip", "--limit", str(FRAMES)]
        replay = subprocess.Popen(cable.replay(captures, RATE, *options), stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)
        samples = [[] for _ in listeners]
        while replay.poll() is None:
            time.sleep(1)
            for listener, sampled in zip(listeners, samples):
                sampled.append(listener.memory())
        made_calls = int(client.communicate()[0])
        offered, rate = replay_rate(replay.stdout.read())
        for listener in listeners:
            listener.wait_idle()
        outputs = [listener.stop() for listener in listeners]
        server.terminate()
        server.wait()
        rows.seek(0)
        shown = sum(b" /alive/" in row for row in rows)
    print("sent: %d frames, %d per second; calls on the connections kept alive: %d made, %d shown"
          % (offered, rate, made_calls, shown))
    return [report(name, sampled, parse_counts(output)) for name, sampled, output in zip(LISTENERS, samples, outputs)]


def report(name, samples, counts):
    print("%s: %d frames; dropped by the kernel: %d; not analyzed: %d" % (name, *counts))
    for at in range(0, len(samples), 20):
        print("  %4d s" % (at + 1) + "".join("%5.0f" % sample for sample in samples[at : at + 20]))
    warm = samples[int(len(samples) * WARM_UP) :]
    half = len(warm) // 2
    return name, max(warm[:half]), max(warm[half:])


def print_soak_verdict(found):
    if not found:
        print("  soak: not run")
    for name, before, after in found:
        verdict = "reached" if after <= before + MAX_GROWTH else "MISSED"
        print("  %-76s %.1f MB, then %.1f MB: %s" % ("memory flat: " + name, before, after, verdict))


async def serve():
    async def respond(reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()

    server = await asyncio.start_server(respond, SERVER, PORT)
    await server.serve_forever()


async def request(seconds):
    """Makes one call per second on each connection. Prints the number of calls with a response."""
    end = time.monotonic() + seconds

    async def make_calls(nth):
        reader, writer = await asyncio.open_connection(SERVER, PORT)
        calls = 0
        while time.monotonic() < end:
            writer.write(b"GET /alive/%d/%d HTTP/1.1\r\nHost: soak\r\n\r\n" % (nth, calls))
            await reader.readuntil(b"ok")
            calls += 1
            await asyncio.sleep(1)
        writer.close()
        return calls

    # The server may not be ready yet.
    await asyncio.sleep(1)
    print(sum(await asyncio.gather(*map(make_calls, range(ALIVE)))))


if __name__ == "__main__":
    asyncio.run(serve() if sys.argv[1] == "serve" else request(int(sys.argv[2])))
