"""Answers to the questions of docs/datasets.md by tshark and by other commands of overhear, which know nothing of the tables."""

import collections
import functools
import json
import shutil
import statistics
import subprocess

CAPTURES = [
    "journey/shop.pcapng",
    "http/post-login.pcap",
    "http2/nginx.pcap",
    "tls/bad-certificates.pcapng",
    "tcp/loss.pcap",
    "dns/failures.pcap",
    "dns/udp.pcap",
]
SHOP = CAPTURES[0]


def name(capture):
    return capture.split("/")[-1]


class Programs:
    """Outputs of tshark and overhear."""

    def __init__(self, overhear, fixtures):
        self.program, self.fixtures = overhear, fixtures

    @functools.cache
    def overhear(self, command, capture, *options):
        """Returns the rows of a command as objects."""
        words = [self.program, command, str(self.fixtures / capture), *options, "-T", "json"]
        return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)

    @functools.cache
    def tshark(self, capture, *fields, display_filter=""):
        """Returns the first value of fields in each frame, as text."""
        options = [word for field in fields for word in ("-e", field)] + ["-Y", display_filter] * bool(display_filter)
        # tshark detects HTTP/2 without TLS on known ports only.
        words = ["tshark", "-d", "tcp.port==8090,http2", "-r", str(self.fixtures / capture), "-T", "fields", "-E", "occurrence=f", *options]
        text = subprocess.run(words, check=True, capture_output=True, text=True).stdout
        return [[cell.strip() for cell in line.split("\t")] for line in text.splitlines()]

    def of_all(self, command, *options):
        """Returns the rows of a command for all captures, each with the name of its capture."""
        return [(name(capture), row) for capture in CAPTURES for row in self.overhear(command, capture, *options)]


def nanos(seconds):
    return None if seconds is None else round(seconds * 1e9)


def host(end):
    return end.rsplit(":", 1)[0].strip("[]")


def milliseconds(nanoseconds):
    """Returns milliseconds with three decimals, as the queries write them."""
    return f"{nanoseconds / 1e6:.3f}"


def frames_and_bytes(run):
    lengths = {name(capture): [int(row[0]) for row in run.tshark(capture, "frame.len")] for capture in CAPTURES}
    return sorted((capture, len(own), sum(own)) for capture, own in lengths.items())


def frames_by_interval(run):
    times = [float(row[0]) for row in run.tshark("tcp/loss.pcap", "frame.time_relative")]
    counts = collections.Counter(int(time * 1e9 + 0.5) // 2_000_000 * 2 for time in times)
    return sorted(counts.items())


def largest_senders(run):
    total = collections.Counter()
    for source, target, length in run.tshark(SHOP, "ip.src", "ip.dst", "frame.len"):
        total[source, target] += int(length)
    return [(*pair, size) for pair, size in sorted(total.items(), key=lambda item: (-item[1], item[0]))][:5]


def protocols(run):
    counts = collections.Counter(row[0] for capture in CAPTURES for row in run.tshark(capture, "_ws.col.Protocol"))
    tcp = {"DNS", "TCP"}
    return sorted((own, count) for own, count in counts.items() if own in tcp)


def calls_by_outcome(run):
    counts = collections.Counter((row["protocol"], row["response_frame"] is not None) for _, row in run.of_all("calls"))
    own = {protocol for protocol, _ in counts}
    return sorted((protocol, counts[protocol, True], counts[protocol, False]) for protocol in own)


def slowest_calls(run):
    rows = [(capture, row) for capture, row in run.of_all("calls") if row["total"] is not None]
    rows.sort(key=lambda pair: -pair[1]["total"])
    return [(capture, r["protocol"], r["method"], r["uri"], milliseconds(nanos(r["total"]))) for capture, r in rows[:5]]


def first_byte_by_protocol(run):
    own = collections.defaultdict(list)
    for row in run.overhear("calls", SHOP):
        if row["ttfb"] is not None:
            own[row["protocol"]].append(nanos(row["ttfb"]))
    return sorted((of, len(v), milliseconds(statistics.median(v)), milliseconds(max(v))) for of, v in own.items())


def failed_requests(run):
    rows = []
    for capture in CAPTURES:
        for row in run.tshark(capture, "http.response.code", display_filter="http.response.code >= 400"):
            rows.append((name(capture), int(row[0])))
        for row in run.tshark(capture, "http2.headers.status", display_filter="http2.headers.status >= 400"):
            rows.append((name(capture), int(row[0])))
    return [(*row, count) for row, count in sorted(collections.Counter(rows).items())]


def statements(run):
    total = collections.defaultdict(lambda: [0, 0])
    for row in run.overhear("calls", SHOP):
        if row["protocol"] == "pgsql" and row["method"] == "SELECT":
            total[row["uri"]][0] += 1
            total[row["uri"]][1] += nanos(row["total"])
    rows = [(text, count, milliseconds(time)) for text, (count, time) in total.items()]
    return sorted(rows, key=lambda row: -float(row[2]))[:3]


def retransmissions(run):
    rows = []
    for capture in CAPTURES:
        counts = collections.Counter(
            int(row[0]) for row in run.tshark(capture, "tcp.stream", display_filter="tcp.analysis.retransmission")
        )
        rows += [(name(capture), stream, count) for stream, count in counts.items()]
    return sorted(rows)


def ends(run):
    return sorted(collections.Counter(row["closed"] for _, row in run.of_all("streams")).items())


def data_of_connections(run):
    sent = collections.defaultdict(collections.Counter)
    clients = {}
    for stream, source, length in run.tshark(SHOP, "tcp.stream", "tcp.srcport", "tcp.len", display_filter="tcp"):
        clients.setdefault(int(stream), source)
        sent[int(stream)][source == clients[int(stream)]] += int(length)
    rows = [(stream, own[True], own[False]) for stream, own in sent.items()]
    return sorted(rows, key=lambda row: (-row[1] - row[2], row[0]))[:5]


def round_trips(run):
    fields = ("tcp.stream", "tcp.analysis.initial_rtt")
    rows = {
        (name(capture), int(stream)): nanos(float(rtt))
        for capture in ("http2/nginx.pcap", "tls/bad-certificates.pcapng")
        for stream, rtt in run.tshark(capture, *fields, display_filter="tcp.analysis.initial_rtt")
    }
    return [(*key, value) for key, value in sorted(rows.items())]


def lookups(run):
    rows = run.tshark("dns/udp.pcap", "dns.qry.name", "dns.a", display_filter="dns.flags.response == 1 && dns.a")
    return sorted({(query, address) for query, address in rows})


def failed_lookups(run):
    rows = []
    for capture in CAPTURES:
        fields = ("frame.number", "dns.qry.name", "dns.flags.rcode")
        found = run.tshark(capture, *fields, display_filter="dns.flags.rcode > 0")
        rows += [(name(capture), int(frame), query, int(rcode)) for frame, query, rcode in found]
    return sorted(rows)


def slowest_lookup(run):
    rows = [
        (name(capture), query, nanos(float(time)))
        for capture in CAPTURES
        for query, time in run.tshark(capture, "dns.qry.name", "dns.time", display_filter="dns.time")
    ]
    rows.sort(key=lambda row: -row[2])
    return [(capture, query, milliseconds(time)) for capture, query, time in rows[:3]]


def warnings(run):
    rows = []
    for capture in CAPTURES:
        for note in run.overhear("stats", capture, "-z", "notes")["notes"]:
            if note["severity"] in ("warning", "error"):
                rows.append((name(capture), note["field"], note["count"]))
    return sorted(rows)


def servers(run):
    counts = collections.Counter()
    for capture in CAPTURES:
        for row in run.tshark(capture, "http.server", display_filter="http.server"):
            counts[row[0]] += 1
    return sorted(counts.items())


def calls_of_lossy_connections(run):
    rows = []
    for capture, stream, _ in retransmissions(run):
        path = next(own for own in CAPTURES if name(own) == capture)
        for row in run.overhear("calls", path):
            if row["stream"] == stream:
                rows.append((capture, row["method"], row["host"], row["uri"], stream))
    return sorted(rows)


def frames_of_slowest_call(run):
    rows = [row for row in run.overhear("calls", SHOP) if row["protocol"] == "http" and row["total"] is not None]
    slowest = max(rows, key=lambda row: row["total"])
    found = run.tshark(
        SHOP,
        "frame.number",
        "ip.src",
        "tcp.len",
        display_filter=f"tcp.stream == {slowest['stream']} && tcp.len > 0 "
        f"&& frame.number >= {slowest['request_frame']} && frame.number <= {slowest['response_frame']}",
    )
    return [(int(frame), source) for frame, source, _ in found]


def busiest_clients(run):
    counts = collections.defaultdict(lambda: [0, set()])
    for _, row in run.of_all("calls"):
        own = counts[host(row["client"])]
        own[0] += 1
        own[1].add(row["server"])
    return sorted((client, calls, len(servers)) for client, (calls, servers) in counts.items())


# Answers by the number of the question, and whether tshark is needed.
ANSWERS = {
    1: (frames_and_bytes, True),
    2: (frames_by_interval, True),
    3: (largest_senders, True),
    4: (protocols, True),
    5: (calls_by_outcome, False),
    6: (slowest_calls, False),
    7: (first_byte_by_protocol, False),
    8: (failed_requests, True),
    9: (statements, False),
    10: (busiest_clients, False),
    11: (retransmissions, True),
    12: (ends, False),
    13: (data_of_connections, True),
    14: (round_trips, True),
    15: (lookups, True),
    16: (failed_lookups, True),
    17: (slowest_lookup, True),
    18: (warnings, False),
    19: (servers, True),
    20: (calls_of_lossy_connections, True),
    21: (frames_of_slowest_call, True),
}


def expected(number, overhear, fixtures):
    """Returns the expected rows of a question; none if a program is missing."""
    answer, needs_tshark = ANSWERS.get(number, (None, False))
    if answer is None:
        print(f"question {number} has no answer of another program")
        return None
    if needs_tshark and not shutil.which("tshark"):
        print(f"SKIPPED question {number}: tshark is required")
        return None
    return answer(Programs(overhear, fixtures))
