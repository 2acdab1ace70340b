#!/usr/bin/env python3
"""As many frames as a busy interface has in an hour, in two minutes: what is in memory meanwhile.

Run by itself it is one end of the connections that are kept alive: `soak.py serve`, `soak.py ask SECONDS`.
"""
import argparse
import asyncio
import contextlib
import subprocess
import sys
import tempfile
import time

from cable import CABLE, SERVER, Cable, Listener, lacking, sent
from loss import counted, in_memory

FRAMES, RATE = 9_000_000, 75_000  # an hour of 2,500 frames a second; frames a second here
# A round of the load, a tenth of each capture; every round has other addresses.
LOAD, PART = ["calls", "syn-flood", "port-scan", "udp-flood"], 0.1
ALIVE, PORT = 100, 8080  # connections that live throughout, with a call a second
LISTENERS = {
    "overhear calls": ["OVERHEAR", "calls", "-i", CABLE],
    "overhear print -w, a ring of files": ["OVERHEAR", "print", "-i", CABLE, "-w", "FOLDER/out.pcapng", "-b",
                                           "filesize:20000", "-b", "files:3"],
}
WARM = 0.25  # of the time, after which memory is to be flat
FLAT = 4  # MB that the most of the last half of the rest may be above the most of the half before


def soak(made, args):
    """Prints memory, second by second; returns `(name, MB at the most before and after half of the time)`."""
    missing = lacking([])
    if missing:
        print("\nSoak\n  SKIPPED: %s" % missing)
        return []
    part = argparse.Namespace(folder=args.folder, scale=PART)
    captures = [made(name, part) for name in LOAD]
    print("\nSoak: %d frames, %d a second, and %d connections kept alive; MB in memory, a sample a second"
          % (FRAMES, RATE, ALIVE))
    with Cable() as cable, tempfile.TemporaryDirectory(dir=in_memory()) as folder, tempfile.TemporaryFile() as rows:
        words = {"OVERHEAR": args.overhear, "FOLDER/out.pcapng": folder + "/out.pcapng"}
        commands = [[words.get(word, word) for word in command] for command in LISTENERS.values()]
        listeners = [Listener(cable, command, out) for command, out in zip(commands, (rows, subprocess.DEVNULL))]
        server = subprocess.Popen(cable.server(sys.executable, __file__, "serve"))
        asking = subprocess.Popen(cable.client(sys.executable, __file__, "ask", FRAMES // RATE), stdout=subprocess.PIPE)
        options = ["--loop", "0", "--unique-ip", "--limit", str(FRAMES)]
        replay = subprocess.Popen(cable.replay(captures, RATE, *options), stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)
        samples = [[] for _ in listeners]
        while replay.poll() is None:
            time.sleep(1)
            for listener, sampled in zip(listeners, samples):
                sampled.append(listener.memory())
        made_calls = int(asking.communicate()[0])
        offered, rate = sent(replay.stdout.read())
        for listener in listeners:
            listener.rest()
        said = [listener.end() for listener in listeners]
        server.terminate()
        server.wait()
        rows.seek(0)
        told = sum(b" /alive/" in row for row in rows)
    print("sent: %d frames, %d a second; of %d calls on the connections kept alive %d are told"
          % (offered, rate, made_calls, told))
    return [report(name, sampled, counted(words)) for name, sampled, words in zip(LISTENERS, samples, said)]


def report(name, samples, counts):
    print("%s: %d frames; dropped by the kernel: %d; not analysed: %d" % (name, *counts))
    for at in range(0, len(samples), 20):
        print("  %4d s" % (at + 1) + "".join("%5.0f" % sample for sample in samples[at : at + 20]))
    rest = samples[int(len(samples) * WARM) :]
    half = len(rest) // 2
    return name, max(rest[:half]), max(rest[half:])


def judge_soak(found):
    if not found:
        print("  nothing of the soak: it was not run")
    for name, before, after in found:
        word = "reached" if after <= before + FLAT else "MISSED"
        print("  %-76s %.1f MB, then %.1f MB: %s" % ("memory flat: " + name, before, after, word))


async def serve():
    async def answer(reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()

    server = await asyncio.start_server(answer, SERVER, PORT)
    await server.serve_forever()


async def ask(seconds):
    """Makes a call a second on each connection; prints how many were answered."""
    end = time.monotonic() + seconds

    async def talk(nth):
        reader, writer = await asyncio.open_connection(SERVER, PORT)
        calls = 0
        while time.monotonic() < end:
            writer.write(b"GET /alive/%d/%d HTTP/1.1\r\nHost: soak\r\n\r\n" % (nth, calls))
            await reader.readuntil(b"ok")
            calls += 1
            await asyncio.sleep(1)
        writer.close()
        return calls

    # Whoever serves may not have begun.
    await asyncio.sleep(1)
    print(sum(await asyncio.gather(*map(talk, range(ALIVE)))))


if __name__ == "__main__":
    asyncio.run(serve() if sys.argv[1] == "serve" else ask(int(sys.argv[2])))
