"""Packet loss on a cable: tcpdump, dumpcap and overhear under the same load, at increasing rates."""
import itertools
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from cable import CABLE, Cable, Listener, missing_requirement, replay_rate

SECONDS = 3  # of each load
STEP = 100_000  # packets per second, added at each step
BUFFERS = (32, 1)  # MiB of kernel buffer: large enough, and so small that a short delay loses packets
MIN_SHARE = 0.95  # of a rate: if less was sent, the sender has reached its limit

TCPDUMP, PRINT, CALLS = "tcpdump -w", "overhear print -w", "overhear calls"
# FILE is a file in memory, so that disks do not matter; rows go to /dev/null.
LISTENERS = {
    TCPDUMP: ["tcpdump", "-i", CABLE, "-Z", "root", "-w", "FILE"],
    "dumpcap -w": ["dumpcap", "-q", "-i", CABLE, "-w", "FILE"],
    PRINT: ["OVERHEAR", "print", "-i", CABLE, "-w", "FILE"],
    CALLS: ["OVERHEAR", "calls", "-i", CABLE],
}


def with_buffer(command, mebibytes):
    """Returns a command with a buffer size, in the unit of the program."""
    return command + ["-B", str(mebibytes * 1024 if command[0] == "tcpdump" else mebibytes)]


class Loss:
    """Result of one run: packets sent, captured, dropped by the kernel, and skipped by an analysis that fell behind."""

    def __init__(self, offered, rate, captured, dropped, skipped):
        self.offered, self.rate, self.captured, self.dropped, self.skipped = offered, rate, captured, dropped, skipped

    def lost(self, name):
        """Returns the packets missing in the file or, without a file, in the rows."""
        return self.offered - self.captured + (self.skipped if name == CALLS else 0)

    @property
    def cell(self):
        skipped = " + %d" % self.skipped if self.skipped else ""
        return "%d / %d%s" % (self.captured, self.dropped, skipped)


def parse_counts(output):
    """Returns the packets captured, dropped by the kernel and skipped, as a program reports at its end."""
    for pattern in (r"(\d+) frames? in .*; dropped: (\d+) by kernel, \d+ by interface, (\d+) by overhear",
                    r"(\d+) packets captured\n\d+ packets received by filter\n(\d+) packets dropped by kernel()",
                    r"Packets received/dropped on interface '[^']*': (\d+)/(\d+)()"):
        found = re.search(pattern, output)
        if found:
            return [int(number or 0) for number in found.groups()]
    raise ValueError("expected packet counts, found: " + output[-200:])


def run_listener(cable, command, capture, rate, args):
    """Runs a program under the load and returns its loss."""
    with tempfile.TemporaryDirectory(dir=memory_folder()) as folder:
        words = {"OVERHEAR": args.overhear, "FILE": "%s/out" % folder}
        listener = Listener(cable, [words.get(word, word) for word in command])
        replay = cable.replay([capture], rate, "--limit", str(rate * SECONDS))
        replay = subprocess.run(replay, capture_output=True, text=True, check=False)
        listener.wait_idle()
        return Loss(*replay_rate(replay.stdout), *parse_counts(listener.stop()))


def memory_folder():
    """Returns a folder on a memory file system, or `None`."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def measure_rate(cable, names, capture, rate, args, buffer=None):
    """Measures each program at a rate. One with loss gets a second run, in case other processes disturbed the first."""
    found = {}
    for name in names:
        command = with_buffer(LISTENERS[name], buffer) if buffer else LISTENERS[name]
        runs = [run_listener(cable, command, capture, rate, args)]
        if runs[0].lost(name):
            runs.append(run_listener(cable, command, capture, rate, args))
        found[name] = min(runs, key=lambda each: each.lost(name))
    cells = ["%8d%22s" % (found[name].rate / 1000, found[name].cell) for name in names]
    print("%8d" % (rate / 1000) + "".join(cells), flush=True)
    return found


def measure_loss(capture, args):
    """Prints the tables. Returns, for each buffer and program, the greatest lossless rate: as requested and as sent."""
    print("\nLoss on a cable: %s for %d s; one core sends, another captures" % (capture.name, SECONDS))
    missing = missing_requirement(["tcpdump"])
    if missing:
        print("  SKIPPED: %s" % missing)
        return {}
    names = [name for name, command in LISTENERS.items() if command[0] == "OVERHEAR" or shutil.which(command[0])]
    print("per program: 1000/s sent, packets captured / dropped by the kernel (+ not analyzed)\n%8s" % "1000/s"
          + "".join("%30s" % name for name in names), flush=True)
    with Cable() as cable:
        lossless = {buffer: raise_rate(cable, names, capture, args, buffer) for buffer in BUFFERS}
        print("with default buffers")
        for rate in (2 * STEP, 4 * STEP):
            measure_rate(cable, names, capture, rate, args)
    return lossless


def raise_rate(cable, names, capture, args, buffer):
    """Raises the rate until tcpdump loses packets or the sender reaches its limit."""
    print("with a kernel buffer of %d MiB each" % buffer)
    lossless = dict.fromkeys(names, (0, 0))
    without_loss = set(names)
    for rate in itertools.count(STEP, STEP):
        found = measure_rate(cable, names, capture, rate, args, buffer)
        without_loss -= {name for name in names if found[name].lost(name)}
        lossless.update({name: (rate, found[name].rate) for name in without_loss})
        if TCPDUMP not in without_loss:
            return lossless
        if found[TCPDUMP].rate < rate * MIN_SHARE:
            print("sender limit reached, tcpdump without loss")
            return lossless


def print_loss_verdict(lossless):
    if not lossless:
        print("  loss: not measured")
    for buffer, rates in lossless.items():
        for name, share, goal in ((PRINT, 1, "print -w, all of tcpdump's rate"), (CALLS, 0.5, "calls, half of that")):
            (theirs, _), (ours, rate) = rates[TCPDUMP], rates[name]
            verdict = "reached" if ours >= theirs * share else "MISSED"
            goal = "without loss, %d MiB: %s" % (buffer, goal)
            print("  %-76s %d packets/s, at the step of %d of %d: %s" % (goal, rate, ours, theirs, verdict))
