"""Pages from the web: where a request may go, and what may come back."""

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from knowledge_base import fetching
from knowledge_base.fetching import addresses_in, fetch, networks_of
from knowledge_base.frontmatter import Document
from knowledge_base.reading import read
from triage.errors import InputError, SettingsError

LOOPBACK = networks_of(["127.0.0.0/8", "::1"])
PAGE = b"<html><title>Returns</title><main><h1>Returns</h1><p>See <a href='../fees'>fees</a>.</p></main></html>"


class Site(BaseHTTPRequestHandler):
    """A site with a page for every way that things go wrong; `asked` are the requests it got."""

    asked: list[tuple[str, dict[str, str]]]

    def do_GET(self) -> None:
        self.asked.append((self.path, dict(self.headers)))
        path = self.path.partition("?")[0]
        {
            "/help/returns": lambda: self.say(PAGE, "text/html"),
            "/latin": lambda: self.say("<p>Wir rösten täglich.</p>".encode("cp1252"), "text/html; charset=iso-8859-1"),
            "/packed": lambda: self.say(gzip.compress(PAGE), "text/html", ("Content-Encoding", "gzip")),
            "/bomb": lambda: self.say(gzip.compress(b"x" * 60_000_000), "text/html", ("Content-Encoding", "gzip")),
            "/picture": lambda: self.say(b"\x89PNG", "image/png"),
            "/manual.md": lambda: self.say(b"# Manual\n\nText.", "application/octet-stream"),
            "/out": lambda: self.say(b"", "text/html", ("Location", "http://169.254.169.254/latest/meta-data/"), status=302),
            "/file": lambda: self.say(b"", "text/html", ("Location", "file:///etc/passwd"), status=302),
            "/moved": lambda: self.say(b"", "text/html", ("Location", "/help/returns"), status=301),
            "/round": lambda: self.say(b"", "text/html", ("Location", "/round"), status=302),
            "/slow": self.drip,
        }.get(path, lambda: self.say(b"gone", "text/html", status=404))()

    def say(self, body: bytes, kind: str, *headers: tuple[str, str], status: int = 200) -> None:
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        try:
            for _ in range(600):
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.05)
        except OSError:
            return

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    """The address of a running Site."""
    Site.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join(10)


def why(address: str, allowed: Any = ()) -> str:
    with pytest.raises(InputError) as refused:
        fetch(address, allowed)
    return str(refused.value)


def document(address: str) -> Document:
    (item,) = read(fetch(address, LOOPBACK).file)
    assert isinstance(item, Document), item
    return item


def test_a_page_becomes_an_article_with_whole_links(site: str) -> None:
    found = document(f"{site}/help/returns")
    assert (found.title, found.body) == ("Returns", f"See [fees]({site}/fees).") and found.place == f"{site}/help/returns"
    assert Site.asked[0][1]["User-Agent"].startswith("TriageDesk/") and found.id.startswith("127-0-0-1")


def test_charset_packing_and_kind_are_what_the_server_says(site: str) -> None:
    assert document(f"{site}/latin").body == "Wir rösten täglich."
    assert document(f"{site}/packed").title == "Returns" and document(f"{site}/manual.md").title == "Manual"
    assert "image/png" in why(f"{site}/picture", LOOPBACK) and "no such page" in why(f"{site}/none", LOOPBACK)


def test_a_redirect_is_followed_and_the_address_that_was_given_is_kept(site: str) -> None:
    found = document(f"{site}/moved")
    assert found.place == f"{site}/moved" and f"{site}/fees" in found.body
    assert "redirects" in why(f"{site}/round", LOOPBACK)


@pytest.mark.parametrize("path", ["/out", "/file"])
def test_no_redirect_leads_inside(site: str, path: str) -> None:
    said = why(f"{site}{path}", LOOPBACK)
    assert "TRIAGE_IMPORT_NETWORKS" in said or "http://" in said
    assert [asked for asked, _ in Site.asked] == [path]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "2130706433", "0x7f000001", "127.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.1.1.1",
        "240.0.0.1", "255.255.255.255", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:a00:1]", "[::127.0.0.1]", "[fe80::1]",
        "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]", "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]", "[2001:0:1::5601:5601]",
    ],
)  # fmt: skip
def test_addresses_inside_are_refused_before_anything_is_sent(host: str) -> None:
    assert "TRIAGE_IMPORT_NETWORKS" in why(f"http://{host}/latest")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("ftp://example.com/a", "http://"), ("file:///etc/passwd", "http://"), ("javascript:alert(1)", "http://"), ("help", "http://"),
        ("http://user:secret@example.com/", "password"), ("http://127.0.0.1:99999/", "not an address"), ("http://[::1/", "not an address"),
        ("http://no-such-host.invalid/", "not known"),
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_page_is_refused(address: str, said: str) -> None:
    assert said in why(address)


def test_a_name_that_changes_its_mind_gains_nothing(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the first answer is allowed, every later one would be another machine."""
    answers = iter(["127.0.0.1"])
    real = socket.getaddrinfo

    def resolve(host: str, *rest: Any, **more: Any) -> Any:
        return real(next(answers, "10.0.0.1") if host == "rebind.example" else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    port = site.rpartition(":")[2]
    assert fetch(f"http://rebind.example:{port}/help/returns", LOOPBACK).file.size == len(PAGE)
    assert Site.asked[0][1]["Host"] == f"rebind.example:{port}"
    assert "private address (10.0.0.1)" in why(f"http://rebind.example:{port}/help/returns", LOOPBACK)


def test_one_private_number_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, 80)) for number in ("93.184.216.34", "192.168.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    assert "192.168.0.1" in why("http://two.example/")


def test_size_and_time_are_limited(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "more than" in why(f"{site}/bomb", LOOPBACK)
    monkeypatch.setattr(fetching, "SECONDS", 0.6)
    begun = time.monotonic()
    assert "took longer" in why(f"{site}/slow", LOOPBACK) and time.monotonic() - begun < 3
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert "took longer" in why(f"http://127.0.0.1:{port}/", LOOPBACK)
    assert "cannot be fetched" in why(f"http://127.0.0.1:{port}/", LOOPBACK)


def test_a_list_of_addresses_and_a_setting() -> None:
    assert addresses_in("# help\n https://a.example/1 \n\n<https://a.example/2>,\nhttps://a.example/1\n") == [
        "https://a.example/1",
        "https://a.example/2",
    ]
    with pytest.raises(SettingsError, match=r"10\.0\.0\.0/8"):
        networks_of(["inside"])
