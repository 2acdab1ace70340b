"""Two network namespaces on a virtual cable, with packets replayed at one end and a listener at the other."""
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
# One core for each end, if the machine has two.
SENDER, RECEIVER = (["taskset", "-c", "0"], ["taskset", "-c", "1"]) if (os.cpu_count() or 1) > 1 else ([], [])
TIMEOUT = 60  # seconds for a listener to start, to become idle and to stop


def missing_requirement(programs):
    """Returns what a cable lacks on this machine, or an empty string."""
    if os.geteuid() != 0:
        return "must run as root"
    absent = [program for program in ["ip", "taskset", "tcpreplay", *programs] if not shutil.which(program)]
    return "%s: not installed" % ", ".join(absent) if absent else ""


class Cable:
    """A veth pair, removed at the end of its `with` block. It carries frames of any size and no background traffic."""

    def __enter__(self):
        self.ends = ["ohbench%d%s" % (os.getpid(), side) for side in "cs"]
        try:
            for end in self.ends:
                ip("netns", "add", end)
                for scope in ("all", "default"):
                    call(["ip", "netns", "exec", end, "sh", "-c",
                          "echo 1 > /proc/sys/net/ipv6/conf/%s/disable_ipv6" % scope])
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
        """Returns the command that replays captures at a rate in packets per second."""
        return self.client(*SENDER, "tcpreplay", "--quiet", "--preload-pcap", "--intf1", CABLE, "--pps", rate,
                           *options, *captures)


class Listener:
    """A program that captures on the server's side until it is stopped."""

    def __init__(self, cable, command, out=subprocess.DEVNULL):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(cable.server(*RECEIVER, *command), stdin=subprocess.DEVNULL, stdout=out,
                                        stderr=self.errors)
        sockets = Path("/proc/%d/net/packet" % self.process.pid)
        wait_until(lambda: self.process.poll() is not None or len(sockets.read_text().splitlines()) > 1)

    def wait_idle(self):
        """Waits until the program is idle: its CPU time no longer increases."""
        ticks = [0, self.cpu_ticks()]

        def is_idle():
            # tcpdump may wait a second for more packets.
            time.sleep(1.25)
            ticks[:] = ticks[1], self.cpu_ticks()
            return ticks[1] - ticks[0] <= 1

        wait_until(is_idle)

    def cpu_ticks(self):
        # proc(5): fields 14 and 15, in clock ticks. Field 2 is a name in parentheses.
        words = self.stat().rsplit(")", 1)[1].split()
        return int(words[11]) + int(words[12])

    def stat(self):
        return Path("/proc/%d/stat" % self.process.pid).read_text()

    def memory(self):
        """Returns its resident memory in MB."""
        status = Path("/proc/%d/status" % self.process.pid).read_text()
        return int(re.search(r"VmRSS:\s*(\d+) kB", status)[1]) * 1024 / 1e6

    def stop(self):
        """Stops the program as Ctrl-C does. Returns its standard error."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.errors.seek(0)
        return self.errors.read().decode("utf-8", "replace")


def replay_rate(output):
    """Returns the packets and packets per second that tcpreplay reports."""
    packets = re.search(r"Successful packets:\s+(\d+)", output)
    rate = re.search(r"([\d.]+) pps", output)
    return (int(packets[1]), float(rate[1])) if packets and rate else (0, 0.0)


def wait_until(condition):
    end = time.monotonic() + TIMEOUT
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)


def ip(*words):
    call(["ip", *words])


def call(command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
