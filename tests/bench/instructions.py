"""Instructions of commands, counted by callgrind: unlike seconds, they do not depend on what else the machine does.

    tests/bench/run --only instructions [--record]      --record writes the counts to instructions.tsv
"""
import argparse
import hashlib
import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

from commands import METHOD_AND_URI

RECORDED = Path(__file__).with_name("instructions.tsv")
SCALE = 0.02  # of the full size: callgrind takes 50 times as long as the program
NOTABLE = 0.01  # share of a count: smaller changes are not marked. Runs of one program differ by less than 0.0002: seeds of hashes.

# (capture, arguments)
COUNTED = [
    ("calls", ["calls"]),
    ("calls", ["calls", "-Y", "http.response.code >= 400"]),
    ("calls", ["streams"]),
    ("calls", ["print"]),
    ("calls", ["print", "-V"]),
    ("calls", ["print", *METHOD_AND_URI]),
    ("calls", ["print", "-T", "json"]),
    ("calls", ["print", "-T", "ndjson"]),
    ("calls", ["print", "-Y", 'http.request.uri contains "login"', "-T", "fields", "-e", "frame.number"]),
    ("calls", ["stats"]),
    ("calls", ["journey"]),
    ("calls", ["export", "har", "--no-bodies"]),
    ("dns", ["calls"]),
    ("http2", ["calls"]),
    ("tls", ["calls"]),
    ("quic", ["calls"]),
]
# Commands that read a capture on several threads, unless there is only one.
DIVIDED = ("calls", "streams", "print")


def measure_instructions(args, make_capture):
    """Prints the instructions of each command, and what has changed since they were recorded. With `args.record`, they are
    recorded, too. Returns `(name, count, recorded)` of those that have changed, or none if they cannot be counted."""
    print("\nInstructions, counted by callgrind, on one thread; profiles in %s" % (args.folder / "callgrind"))
    if not shutil.which("valgrind"):
        print("valgrind is not installed")
        return None
    recorded, origin = read_recorded()
    print("%-78s %16s %16s %9s" % ("", "instructions", "recorded", "change"))
    scaled = argparse.Namespace(scale=SCALE, folder=args.folder)
    counts, captures, changed = {}, {}, []
    for capture_name, arguments in COUNTED:
        capture = captures.setdefault(capture_name, make_capture(capture_name, scaled))
        name = "%s: %s" % (capture_name, " ".join(arguments))
        count = count_instructions(args, name, arguments, capture)
        if not count:
            print("%-78s failed" % name)
            continue
        counts[name] = count
        before = recorded.get(name)
        change = (count - before) / before if before else 0
        mark = " *" if abs(change) > NOTABLE else ""
        columns = ("{:,}".format(before), "%+.1f %%" % (100 * change)) if before else ("", "new")
        print("%-78s %16s %16s %9s%s" % (name, "{:,}".format(count), *columns, mark), flush=True)
        if mark:
            changed.append((name, count, before))
    present = describe(captures)
    if args.record:
        write_recorded(counts, present)
        print("recorded in %s" % RECORDED)
    for key in sorted(present.keys() | origin.keys()):
        if present.get(key) != origin.get(key):
            print("  %s differs: %s, recorded with %s" % (key, present.get(key, "none"), origin.get(key, "none")))
    return changed


def print_instruction_verdicts(changed):
    """Prints the counts that have changed notably, in both directions."""
    if changed is None:
        print("  instructions: not counted")
        return
    for name, count, before in changed:
        print("  %-76s %+.1f %% instructions" % (name, 100 * (count - before) / before))
    if not changed:
        print("  instructions: no command has changed by more than %g %%" % (100 * NOTABLE))


def count_instructions(args, name, arguments, capture):
    """Returns the instructions of a command, or none if it fails."""
    folder = args.folder / "callgrind"
    folder.mkdir(exist_ok=True)
    profile = folder / (re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") + ".out")
    keys = Path(str(capture) + ".keys")
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=%s" % profile]
    command += [args.overhear, *arguments, capture.name]
    command += ["--keylog", keys.name] if keys.exists() else []
    command += ["--threads", "1"] if arguments[0] in DIVIDED else []
    # Time zone and locale change what is printed.
    environment = {"PATH": os.environ["PATH"], "TZ": "UTC", "LC_ALL": "C"}
    done = subprocess.run(command, cwd=capture.parent, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace", check=False,
                          preexec_fn=use_one_core)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or not found:
        print("  %s: exit %d" % (name, done.returncode))
        return None
    return int(found[1])


def use_one_core():
    """Restricts this process to one core: the program then starts no threads that read ahead or format rows."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def describe(captures):
    """Returns what counts depend on beside the program's source: its compiler, valgrind and the captures."""
    def first_line(*command):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return (done.stdout.splitlines() or ["unknown"])[0]

    flags = set(Path("/proc/cpuinfo").read_text().split()) & {"avx2", "avx512f", "asimd"}
    facts = {
        "compiler": first_line("rustc", "--version"),
        "valgrind": first_line("valgrind", "--version"),
        # Searches for bytes use the widest instructions there are.
        "processor": " ".join([platform.machine(), *sorted(flags)]),
    }
    for name, capture in captures.items():
        digest = hashlib.sha256(capture.read_bytes()).hexdigest()[:16]
        facts["capture " + name] = "%d bytes, SHA-256 %s" % (capture.stat().st_size, digest)
    return facts


def read_recorded():
    """Returns the recorded counts by name, and what they depend on."""
    counts, facts = {}, {}
    if RECORDED.exists():
        for line in RECORDED.read_text().splitlines():
            key, _, value = line.partition("\t")
            if key.startswith("# "):
                facts[key[2:]] = value
            elif value:
                counts[key] = int(value)
    return counts, facts


def write_recorded(counts, facts):
    lines = ["# %s\t%s" % fact for fact in facts.items()] + ["%s\t%d" % count for count in counts.items()]
    RECORDED.write_text("\n".join(lines) + "\n")
