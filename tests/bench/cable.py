"""Two network namespaces on a cable, what is sent through it and who listens to it."""
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

CABLE = "veth0"
CLIENT, SERVER = "192.168.77.1", "192.168.77.2"
# A core for each, where there are two.
SENDING, LISTENING = (["taskset", "-c", "0"], ["taskset", "-c", "1"]) if (os.cpu_count() or 1) > 1 else ([], [])
PATIENCE = 60  # seconds that a listener may take to begin, to come to rest and to end


def lacking(programs):
    """What is missing for a cable, in words; nothing if all is there."""
    if os.geteuid() != 0:
        return "it takes root"
    absent = [program for program in ["ip", "taskset", "tcpreplay", *programs] if not shutil.which(program)]
    return "%s: not installed" % ", ".join(absent) if absent else ""


class Cable:
    """The cable; it goes with the `with` that made it. Frames of any size pass, and nobody speaks unasked."""

    def __enter__(self):
        self.ends = ["ohbench%d%s" % (os.getpid(), side) for side in "cs"]
        try:
            for end in self.ends:
                ip("netns", "add", end)
                for what in ("all", "default"):
                    call(["ip", "netns", "exec", end, "sh", "-c",
                          "echo 1 > /proc/sys/net/ipv6/conf/%s/disable_ipv6" % what])
            ip("link", "add", CABLE, "netns", self.ends[0], "type", "veth", "peer", "name", CABLE, "netns",
               self.ends[1])
            for end, address in zip(self.ends, (CLIENT, SERVER)):
                ip("-n", end, "addr", "add", address + "/24", "dev", CABLE)
                ip("-n", end, "link", "set", CABLE, "mtu", "65535", "up")
        except subprocess.CalledProcessError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for end in self.ends:
            subprocess.run(["ip", "netns", "del", end], stderr=subprocess.DEVNULL, check=False)

    def client(self, *command):
        return ["ip", "netns", "exec", self.ends[0], *map(str, command)]

    def server(self, *command):
        return ["ip", "netns", "exec", self.ends[1], *map(str, command)]

    def replay(self, captures, rate, *options):
        """The command that sends captures at a rate in packets a second."""
        return self.client(*SENDING, "tcpreplay", "--quiet", "--preload-pcap", "--intf1", CABLE, "--pps", rate,
                           *options, *captures)


class Listener:
    """A program that listens on the server's side, until it is ended."""

    def __init__(self, cable, command, out=subprocess.DEVNULL):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(cable.server(*LISTENING, *command), stdin=subprocess.DEVNULL, stdout=out,
                                        stderr=self.errors)
        sockets = Path("/proc/%d/net/packet" % self.process.pid)
        wait_until(lambda: self.process.poll() is not None or len(sockets.read_text().splitlines()) > 1)

    def rest(self):
        """Waits until it has nothing to do any more: the processor's time that it has used stays the same."""
        used = [0, self.used()]

        def rests():
            # tcpdump may wait a second for more.
            time.sleep(1.25)
            used[:] = used[1], self.used()
            return used[1] - used[0] <= 1

        wait_until(rests)

    def used(self):
        # proc(5): the 14th and 15th word, in ticks; the second is a name in parentheses.
        words = self.stat().rsplit(")", 1)[1].split()
        return int(words[11]) + int(words[12])

    def stat(self):
        return Path("/proc/%d/stat" % self.process.pid).read_text()

    def memory(self):
        """What it has in memory, in MB."""
        status = Path("/proc/%d/status" % self.process.pid).read_text()
        return int(re.search(r"VmRSS:\s*(\d+) kB", status)[1]) * 1024 / 1e6

    def end(self):
        """Ends it as Ctrl-C does; returns what it said."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.errors.seek(0)
        return self.errors.read().decode("utf-8", "replace")


def sent(said):
    """Packets and packets a second, as tcpreplay says it has sent them."""
    packets = re.search(r"Successful packets:\s+(\d+)", said)
    rate = re.search(r"([\d.]+) pps", said)
    return (int(packets[1]), float(rate[1])) if packets and rate else (0, 0.0)


def wait_until(holds):
    end = time.monotonic() + PATIENCE
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)


def ip(*words):
    call(["ip", *words])


def call(command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
