"""The commands that are timed, and that a release build is optimized for."""

METHOD_AND_URI = ["-T", "fields", "-e", "http.request.method", "-e", "http.request.uri"]
# (name, command). FILE is the capture, OVERHEAR the overhear program, FOLDER a new empty folder.
OVERHEAR = [
    ("overhear calls", ["OVERHEAR", "calls", "FILE"]),
    ("overhear print -T fields", ["OVERHEAR", "print", "FILE", *METHOD_AND_URI]),
    ("overhear print", ["OVERHEAR", "print", "FILE"]),
    ("overhear streams", ["OVERHEAR", "streams", "FILE"]),
    ("overhear journey", ["OVERHEAR", "journey", "FILE"]),
    ("overhear export har", ["OVERHEAR", "export", "har", "--no-bodies", "FILE"]),
]
OTHERS = [
    ("tcpdump -w /dev/null", ["tcpdump", "-r", "FILE", "-w", "/dev/null"]),
    ("httpry", ["httpry", "-r", "FILE", "tcp"]),
    ("ngrep 'GET|POST'", ["ngrep", "-q", "-I", "FILE", "^(GET|POST) "]),
]
# Run only once, because they are about a hundred times slower than overhear.
SLOW = [
    ("tshark method, uri", ["tshark", "-n", "-r", "FILE", "-Y", "http.request", *METHOD_AND_URI]),
    ("tcpdump -nn", ["tcpdump", "-nn", "-r", "FILE"]),
    ("tcpflow", ["tcpflow", "-q", "-r", "FILE", "-o", "FOLDER"]),
]
# Filters over the capture `calls`: both programs print the numbers of matching frames.
FILTERS = [
    'http.request.uri contains "login"',
    "tcp.stream eq 3",
    "frame.number <= 10",
    "ip.addr == 10.0.0.2",
    'frame contains "sid="',
    "http.response.code >= 400 and tcp.analysis.retransmission",
]
FRAMES = ["-T", "fields", "-e", "frame.number"]
# Fields of a protocol over a capture of it: both programs print them of each frame of that protocol.
PROTOCOLS = [
    ("dns", "dns", ["dns.qry.name", "dns.time"]),
    ("http2", "http2", ["http2.headers.path", "http2.headers.status"]),
    ("websocket", "websocket", ["websocket.opcode", "websocket.payload_length"]),
    ("tls", "http", ["http.request.uri", "http.response.code"]),
    ("tls-bulk", "http", ["http.request.uri", "http.response.code"]),
    ("quic", "http3", ["http3.frame_type", "http3.frame_length"]),
    ("quic-bulk", "http3", ["http3.frame_type", "http3.frame_length"]),
    ("pgsql", "pgsql", ["pgsql.query", "pgsql.tag"]),
    ("resp", "resp", ["resp.bulk_string.value"]),
]
