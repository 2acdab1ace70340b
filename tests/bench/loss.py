"""What is lost of the same load on a cable: tcpdump, dumpcap and overhear side by side, at rising rates."""
import itertools
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from cable import CABLE, Cable, Listener, lacking, sent

SECONDS = 3  # of each load
STEP = 100_000  # packets a second, more at each step
BUFFERS = (32, 1)  # MiB of the kernel, of each: as much as helps, and so little that a moment's absence loses packets
REACHED = 0.95  # of a rate: if less was sent, no more can be

TCPDUMP, PRINT, CALLS = "tcpdump -w", "overhear print -w", "overhear calls"
# FILE is a file in memory, so that no disk is measured; rows go to /dev/null.
LISTENERS = {
    TCPDUMP: ["tcpdump", "-i", CABLE, "-Z", "root", "-w", "FILE"],
    "dumpcap -w": ["dumpcap", "-q", "-i", CABLE, "-w", "FILE"],
    PRINT: ["OVERHEAR", "print", "-i", CABLE, "-w", "FILE"],
    CALLS: ["OVERHEAR", "calls", "-i", CABLE],
}


def with_buffer(command, mebibytes):
    """A command with a buffer, which each program wants in its own unit."""
    return command + ["-B", str(mebibytes * 1024 if command[0] == "tcpdump" else mebibytes)]


class Loss:
    """One run: packets that were sent, seen, dropped by the kernel, and not analysed for want of time."""

    def __init__(self, offered, rate, seen, dropped, left_out):
        self.offered, self.rate, self.seen, self.dropped, self.left_out = offered, rate, seen, dropped, left_out

    def lost(self, name):
        """What is not in the file, or where none is written, not in the rows."""
        return self.offered - self.seen + (self.left_out if name == CALLS else 0)

    @property
    def cell(self):
        left_out = " + %d" % self.left_out if self.left_out else ""
        return "%d / %d%s" % (self.seen, self.dropped, left_out)


def counted(said):
    """Packets seen, dropped by the kernel and left out, as a program says at its end."""
    for pattern in (r"(\d+) frames? in .*; lost: (\d+) by the kernel, \d+ by the interface, (\d+) here",
                    r"(\d+) packets captured\n\d+ packets received by filter\n(\d+) packets dropped by kernel()",
                    r"Packets received/dropped on interface '[^']*': (\d+)/(\d+)()"):
        found = re.search(pattern, said)
        if found:
            return [int(number or 0) for number in found.groups()]
    raise ValueError("it did not say what it has seen: " + said[-200:])


def listen(cable, command, capture, rate, args):
    """Has a program listen to the load."""
    with tempfile.TemporaryDirectory(dir=in_memory()) as folder:
        words = {"OVERHEAR": args.overhear, "FILE": "%s/out" % folder}
        listener = Listener(cable, [words.get(word, word) for word in command])
        replay = cable.replay([capture], rate, "--limit", str(rate * SECONDS))
        replay = subprocess.run(replay, capture_output=True, text=True, check=False)
        listener.rest()
        return Loss(*sent(replay.stdout), *counted(listener.end()))


def in_memory():
    """A folder whose files are in memory, if there is one."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def at_rate(cable, names, capture, rate, args, buffer=None):
    """Each program at a rate; who has lost something is given a second time, for others may have disturbed it."""
    found = {}
    for name in names:
        command = with_buffer(LISTENERS[name], buffer) if buffer else LISTENERS[name]
        runs = [listen(cable, command, capture, rate, args)]
        if runs[0].lost(name):
            runs.append(listen(cable, command, capture, rate, args))
        found[name] = min(runs, key=lambda each: each.lost(name))
    cells = ["%8d%22s" % (found[name].rate / 1000, found[name].cell) for name in names]
    print("%8d" % (rate / 1000) + "".join(cells), flush=True)
    return found


def measure_loss(capture, args):
    """Prints the tables; returns for each buffer the greatest rate at which each program lost nothing, as it was wanted
    and as it was."""
    print("\nLoss on a cable: %s for %d s; one core sends, another listens" % (capture.name, SECONDS))
    missing = lacking(["tcpdump"])
    if missing:
        print("  SKIPPED: %s" % missing)
        return {}
    names = [name for name, command in LISTENERS.items() if command[0] == "OVERHEAR" or shutil.which(command[0])]
    print("of each: 1000/s that were sent, packets seen / dropped by the kernel (+ not analysed)\n%8s" % "1000/s"
          + "".join("%30s" % name for name in names), flush=True)
    with Cable() as cable:
        held = {buffer: rising(cable, names, capture, args, buffer) for buffer in BUFFERS}
        print("with the buffers that they have if nothing is said")
        for rate in (2 * STEP, 4 * STEP):
            at_rate(cable, names, capture, rate, args)
    return held


def rising(cable, names, capture, args, buffer):
    """Raises the rate until tcpdump loses something, or no more can be sent."""
    print("with %d MiB of the kernel each" % buffer)
    held = dict.fromkeys(names, (0, 0))
    whole = set(names)
    for rate in itertools.count(STEP, STEP):
        found = at_rate(cable, names, capture, rate, args, buffer)
        whole -= {name for name in names if found[name].lost(name)}
        held.update({name: (rate, found[name].rate) for name in whole})
        if TCPDUMP not in whole:
            return held
        if found[TCPDUMP].rate < rate * REACHED:
            print("more cannot be sent, and tcpdump has lost nothing")
            return held


def judge_loss(held):
    if not held:
        print("  nothing of loss: it was not measured")
    for buffer, held in held.items():
        for name, share, what in ((PRINT, 1, "writing, all that tcpdump holds"), (CALLS, 0.5, "calls, half of that")):
            (theirs, _), (ours, rate) = held[TCPDUMP], held[name]
            word = "reached" if ours >= theirs * share else "MISSED"
            what = "without loss, %d MiB: %s" % (buffer, what)
            print("  %-76s %d packets/s, at the step of %d of %d: %s" % (what, rate, ours, theirs, word))
