"""Captures of HTTP/1: many short exchanges, and large bodies."""
import gzip

from wire import ACK, CLIENT, Connection, MSS, PSH, Rng, SERVER, address, interleaved

AGENTS = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "curl/8.8.0",
    "python-requests/2.32.3",
]
HOSTS = ["www.example.com", "api.example.com", "shop.example.net:8080", "static.example.org", "intranet.example.com:18080"]
PATHS = ["/", "/api/v1/items/{0}", "/api/v1/orders/{0}/lines?page={1}&size=50", "/catalogue/{1}/product-{0}.html",
         "/search?q=term{0}&sort=price&page={1}", "/assets/app.{0:08x}.js", "/users/{0}/profile", "/feed/{1}.xml"]
LOGINS = ["/user/login", "/login?next=/account/{0}", "/api/v1/login"]
REASONS = {200: "OK", 201: "Created", 204: "No Content", 302: "Found", 304: "Not Modified", 400: "Bad Request",
           401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 500: "Internal Server Error", 503: "Service Unavailable"}
STATUSES = [200] * 80 + [201] * 3 + [204, 302, 302, 304, 304, 304, 400, 401, 403, 404, 404, 404, 404, 500, 500, 503, 503]


def json_text(rng, size):
    """Returns a JSON array of at least `size` bytes."""
    rows, length = [], 2
    while length < size:
        row = '{"id":%d,"name":"item %d","price":%d.%02d,"tags":["t%d","t%d"],"stock":%d,"note":"%s"}' % (
            rng.below(10**6), rng.below(10**5), rng.below(900), rng.below(100), rng.below(50), rng.below(50),
            rng.below(1000), "lorem ipsum dolor sit amet "[: rng.below(28)])
        rows.append(row)
        length += len(row) + 1
    return ("[" + ",".join(rows) + "]").encode()


def html_text(rng, size):
    """Returns an HTML page of at least `size` bytes."""
    rows, length = [], 120
    while length < size:
        row = '<li><a href="/catalogue/%d">Product %d</a> <b>%d.%02d</b></li>\n' % (
            rng.below(900), rng.below(10**5), rng.below(900), rng.below(100))
        rows.append(row)
        length += len(row)
    return ('<!doctype html>\n<html><head><meta charset="utf-8"><title>Page</title></head>\n<body><ul>\n'
            + "".join(rows) + "</ul></body></html>\n").encode()


def cookie(rng):
    return "session=%016x%016x; theme=dark; consent=%08x; _ga=GA1.1.%d.%d; basket=%032x; seen=%s" % (
        rng.below(1 << 52), rng.below(1 << 52), rng.below(1 << 32), rng.below(10**9), rng.below(10**9),
        rng.below(1 << 52), ".".join("%05d" % rng.below(10**5) for _ in range(rng.below(24))))


def request(rng, host, uri, agent, cookies, body=None, kind="application/json"):
    head = [
        "%s %s HTTP/1.1" % ("GET" if body is None else "POST", uri), "Host: " + host, "User-Agent: " + agent,
        "Accept: text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8",
        "Accept-Language: en-GB,en;q=0.7,de;q=0.3", "Accept-Encoding: gzip, deflate, br, zstd",
        "Referer: http://%s/catalogue/%d" % (host, rng.below(900)), "Connection: keep-alive", "Cookie: " + cookies,
        "X-Request-Id: %08x-%04x-4%03x-%04x" % (
            rng.below(1 << 32), rng.below(1 << 16), rng.below(1 << 12), rng.below(1 << 16)),
        "X-Forwarded-For: 203.0.113.%d" % rng.below(256),
    ]
    if body is not None:
        head += ["Content-Type: " + kind, "Content-Length: %d" % len(body)]
    return "\r\n".join(head + ["", ""]).encode()


def response(rng, status, body, kind, more=()):
    """Returns the head of a response. `body` is None without a body, or if the headers in `more` frame it."""
    head = [
        "HTTP/1.1 %d %s" % (status, REASONS[status]), "Server: nginx/1.26.1",
        "Date: Tue, 14 Nov 2023 22:%02d:%02d GMT" % (rng.below(60), rng.below(60)),
        "Cache-Control: private, max-age=60", "Vary: Accept-Encoding, Cookie",
        'ETag: "%08x-%x"' % (rng.below(1 << 32), rng.below(1 << 16)), "X-Content-Type-Options: nosniff",
        "Strict-Transport-Security: max-age=31536000; includeSubDomains", *more,
    ]
    if status == 302:
        head.append("Location: /user/login")
    if body is not None:
        head += ["Content-Type: " + kind, "Content-Length: %d" % len(body)]
    return "\r\n".join(head + ["Connection: keep-alive", "", ""]).encode()


# Web traffic: many short exchanges

EXCHANGES = 4


def visit(rng, connection, pages):
    """Yields one connection of four exchanges, about 26 packets."""
    yield from connection.open()
    host, agent, cookies = rng.one_of(HOSTS), rng.one_of(AGENTS), cookie(rng)
    for _ in range(EXCHANGES):
        uri = rng.one_of(LOGINS if rng.chance(0.03) else PATHS).format(rng.below(10**6), rng.below(40))
        request_body = None
        if "login" in uri or rng.chance(0.2):
            request_body = b'{"user":"user%d","password":"not a real one","remember":true,"items":"%s"}' % (
                rng.below(10**5), rng.one_of(pages)[0][: rng.below(300)].hex().encode())
        head = request(rng, host, uri, agent, cookies, request_body)
        if request_body and (rng.chance(0.3) or len(head) + len(request_body) > MSS):
            sent = [(CLIENT, head), (CLIENT, request_body)]
        else:
            sent = [(CLIENT, head + (request_body or b""))]
        yield from deliver(rng, connection, sent, rng.between(2_000, 400_000))
        status = rng.one_of(STATUSES)
        body, kind = (None, "") if status in (204, 304) else rng.one_of(pages)
        head = response(rng, status, body, kind)
        if body and rng.chance(0.5):
            sent = [head, body]
        else:
            whole = head + (body or b"")
            sent = [whole[at : at + MSS] for at in range(0, len(whole), MSS)]
        yield from deliver(rng, connection, [(SERVER, part) for part in sent], rng.between(300, 60_000))
    yield from connection.close(rng.one_of([CLIENT, CLIENT, SERVER]))


def deliver(rng, connection, parts, wait):
    """Yields segments of one side, one in a hundred retransmitted, then the acknowledgment of the other side."""
    for side, part in parts:
        packet = connection.send(side, ACK | PSH, part)
        yield wait, packet
        wait = 30
        # A retransmission of one byte looks like a keep-alive probe.
        if rng.chance(0.01) and len(part) > 1:
            yield 210_000, packet
    yield 90, connection.send(1 - parts[0][0], ACK)


def calls(scale):
    """38,500 connections of 4 exchanges each, about 200 at a time: about a million packets, 400 MB."""
    rng = Rng("calls")
    pages = [(json_text(rng, rng.between(320, 1400)), "application/json") for _ in range(300)]
    pages += [(html_text(rng, rng.between(320, 1400)), "text/html; charset=utf-8") for _ in range(300)]
    ports = {}

    def connections():
        for _ in range(max(1, round(38_500 * scale))):
            client = rng.below(600)
            ports[client] = ports.get(client, 32_768) + 1
            server = address(0x0A0000 + rng.below(8))
            yield visit(rng, Connection(rng, address(0x140000 + client), server, ports[client],
                                        rng.one_of([80, 80, 8080, 18080])), pages)

    yield from interleaved(rng, connections(), 200)


# Large bodies

def transfers(scale):
    """About 280 exchanges with bodies of 200 kB to 5 MB, some chunked, gzipped or uploaded, some segments lost: 500 MB."""
    rng = Rng("transfers")
    text = json_text(rng, 3_000_000)
    text += html_text(rng, 3_000_000)

    def connections():
        for nth in range(max(1, round(140 * scale))):
            connection = Connection(rng, address(0x140000 + nth % 40), address(0x0A0000 + nth % 4), 33_000 + nth, 80)
            yield transfer(rng, connection, text)

    yield from interleaved(rng, connections(), 8)


def transfer(rng, connection, text):
    yield from connection.open()
    host, agent, cookies = rng.one_of(HOSTS), rng.one_of(AGENTS), cookie(rng)
    for _ in range(2):
        size = rng.between(200_000, 5_000_000) if rng.chance(0.6) else rng.between(200_000, 1_500_000)
        start = rng.below(len(text) - size)
        body, style = text[start : start + size], rng.below(10)
        uri = "/download/%d.json" % rng.below(10**6)
        if style == 0:
            head = request(rng, host, "/upload", agent, cookies, body, "application/octet-stream")
            yield from stream(rng, connection, CLIENT, head + body)
            done = b'{"stored":true}'
            yield from stream(rng, connection, SERVER, response(rng, 201, done, "application/json") + done)
            continue
        yield from stream(rng, connection, CLIENT, request(rng, host, uri, agent, cookies))
        if style < 4:
            head = response(rng, 200, None, "", ["Content-Type: application/json", "Transfer-Encoding: chunked"])
            chunks = [body[at : at + 8192] for at in range(0, len(body), 8192)]
            body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
        elif style == 4:
            body = gzip.compress(body, 1, mtime=0)
            head = response(rng, 200, body, "application/json", ["Content-Encoding: gzip"])
        else:
            head = response(rng, 200, body, "application/json")
        yield from stream(rng, connection, SERVER, head + body)
    yield from connection.close(CLIENT)


def stream(rng, connection, side, data):
    """Yields full segments, with an acknowledgment for every second. One in 500 is lost and retransmitted later."""
    late, gap = None, 0
    for nth, at in enumerate(range(0, len(data), MSS)):
        part = data[at : at + MSS]
        seq = connection.next[side]
        packet = connection.send(side, ACK | (PSH if at + MSS >= len(data) else 0), part)
        if late is None and at + 40 * MSS < len(data) and rng.chance(0.002):
            late, gap = (nth + rng.between(3, 30), packet), seq
            continue
        yield 100, packet
        if late is None:
            if nth % 2 == 1:
                yield 5, connection.send(1 - side, ACK)
            continue
        yield 5, connection.raw(1 - side, ACK, connection.next[1 - side], gap)
        if nth >= late[0]:
            yield 900, late[1]
            yield 5, connection.send(1 - side, ACK)
            late = None
    yield 40, connection.send(1 - side, ACK)
