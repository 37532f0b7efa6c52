"""Nothing of the screens reaches anybody without a live session."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st
from sqlmodel import select
from starlette.datastructures import Headers
from starlette.websockets import WebSocketDisconnect

from tests.web.conftest import CANARY, HERE, MakeWorld, World
from triage.accounts import users
from triage.accounts.cookies import SESSION_COOKIE
from triage.models import LoginSession, User, now
from triage.settings import load_settings
from triage.web import current_session_id, origins

STREAM = "ws://127.0.0.1:8501/_stcore/stream"
PAGES = [
    "/",
    "/attachments/1",
    "/inbox",
    "/metrics",
    "/knowledge",
    "/guardrails",
    "/quality",
    "/traces",
    "/settings",
    "/new_ticket",
    "/any/other?x=1",
]
INSIDE = ["/_stcore/host-config", "/_stcore/metrics", "/_stcore/agent/openapi.json", "/media/x.png", "/component/x/y.js"]


@pytest.mark.parametrize("path", PAGES)
def test_a_visitor_is_sent_to_sign_in_and_back(world: World, path: str) -> None:
    answer = world.client.get(path)
    assert answer.status_code == 303 and CANARY not in answer.text
    assert answer.headers["location"].startswith("/login")
    world.person()
    after = answer.headers["location"].partition("next=")[2]
    signed = world.sign_in(next=path if after else "/")
    assert signed.headers["location"] == path


@pytest.mark.parametrize("path", INSIDE)
def test_what_pages_fetch_is_closed_to_visitors(world: World, path: str) -> None:
    answer = world.client.get(path)
    assert answer.status_code == 401 and CANARY not in answer.text


@pytest.mark.parametrize(
    "path", ["/static/../inbox", "//inbox", "/static//inbox", "/login/./../inbox", "/assets/..%2f..%2finbox", "/inbox\\x"]
)
def test_crooked_paths_reach_nothing(world: World, path: str) -> None:
    answer = world.client.request("GET", HERE + path)
    assert answer.status_code in (303, 404) and CANARY not in answer.text


@tries(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="?#%"), max_size=40))
def test_no_path_opens_the_screens_to_a_visitor(world: World, path: str) -> None:
    answer = world.client.get(f"{HERE}/{path}")
    opened = (
        path.startswith(("static/js/", "static/css/", "static/media/"))
        or path == "_stcore/health"
        or path in ("favicon.ico", "favicon.png")
    )
    assert CANARY not in answer.text or opened


def test_the_open_paths_are_open(world: World) -> None:
    for path in (
        "/login",
        "/healthz",
        "/readyz",
        "/assets/desk.css",
        "/assets/mark.svg",
        "/_stcore/health",
        "/static/js/index.js",
    ):
        assert world.client.get(path).status_code == 200, path


def test_a_person_reaches_the_screens_under_their_own_name(world: World) -> None:
    user = world.person()
    world.sign_in()
    answer = world.client.get("/inbox", headers={"X-Triage-User": "999", "X_Triage_Role": "admin", "x-triage-anything": "1"})
    assert answer.status_code == 200
    assert answer.text == f"{CANARY} {{'x-triage-user': '{user.id}'}}"


@pytest.mark.parametrize(
    "spoil", [lambda c: c[:-1], lambda c: c + "A", lambda c: "A" + c[1:], lambda c: "", lambda c: c.split(".")[0]]
)
def test_a_tampered_cookie_gets_nothing(world: World, spoil: object) -> None:
    world.person()
    world.sign_in()
    cookie = world.client.cookies[SESSION_COOKIE]
    world.client.cookies.clear()
    answer = world.client.get("/inbox", headers={"Cookie": f"{SESSION_COOKIE}={spoil(cookie)}"})  # type: ignore[operator]
    assert answer.status_code == 303 and CANARY not in answer.text
    assert world.client.get("/inbox", headers={"Cookie": f"{SESSION_COOKIE}={cookie}"}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://127.0.0.1:9999", "https://127.0.0.1.evil.example", "null", None]
)
@pytest.mark.parametrize("path", ["/login", "/logout", "/account", "/_stcore/upload_file/a/b"])
def test_posts_from_other_sites_are_refused(world: World, origin: str | None, path: str) -> None:
    world.person()
    world.sign_in()
    answer = world.client.request("POST", path, headers={"Origin": origin} if origin else {}, content=b"")
    assert answer.status_code == 403 and CANARY not in answer.text
    assert world.client.get("/inbox").status_code == 200


@pytest.mark.parametrize("host", ["http://evil.example:8501", "http://127.0.0.1.evil.example", "http://192.168.0.9:8501"])
def test_a_desk_on_this_computer_answers_to_its_own_names_only(world: World, host: str) -> None:
    answer = world.client.get(f"{host}/login")
    assert answer.status_code == 421 and "password" not in answer.text.lower()


def _talk(world: World, origin: str | None = HERE) -> bytes:
    with world.client.websocket_connect(STREAM, headers={"Origin": origin} if origin else {}) as socket:
        socket.send_bytes(b"!")
        return socket.receive_bytes()


def test_websockets_need_a_session_and_our_origin(world: World) -> None:
    with pytest.raises(WebSocketDisconnect):
        _talk(world)
    world.person()
    world.sign_in()
    assert _talk(world) == CANARY.encode() + b"!"
    for origin in ("https://evil.example", None, "http://127.0.0.1:1", "null"):
        with pytest.raises(WebSocketDisconnect):
            _talk(world, origin)


def test_an_open_page_is_told_goodbye_when_its_person_is_disabled(world: World) -> None:
    user = world.person()
    world.sign_in()
    with world.client.websocket_connect(STREAM, headers={"Origin": HERE}) as socket:
        socket.send_bytes(b"1")
        assert socket.receive_bytes() == CANARY.encode() + b"1"
        with world.database.transaction() as session:
            users.disable(session, session.get_one(User, user.id), actor="test")
        socket.send_bytes(b"2")
        assert socket.receive_bytes() == b"goodbye"
        with pytest.raises(WebSocketDisconnect):
            socket.receive_bytes()
    assert world.client.get("/inbox").status_code == 303


def test_every_answer_carries_the_safe_headers(world: World) -> None:
    world.person()
    for path in ("/login", "/inbox", "/healthz", "/api/v1/docs"):
        headers = world.client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "same-origin" and "strict-transport-security" not in headers
    world.sign_in()
    assert "img-src 'self' data: blob:" in world.client.get("/inbox").headers["content-security-policy"]
    assert "frame-ancestors 'self'" in world.client.get("/component/x/index.html").headers["content-security-policy"]


def test_behind_a_proxy_cookies_are_secure_and_the_public_origin_counts(make_world: MakeWorld) -> None:
    world = make_world(public_url="https://desk.example", url="https://desk.example")
    world.person()
    for origin in ("http://desk.example", "https://desk.example:444", "https://other.example"):
        assert world.post("/login", origin=origin, email="ada@example.com", password="x").status_code == 403
    answer = world.post("/login", origin="https://desk.example", email="ada@example.com", password="correct horse battery")
    assert answer.status_code == 303
    assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/"} <= set(answer.headers["set-cookie"].split("; "))
    assert "strict-transport-security" in answer.headers


def test_a_session_in_use_is_prolonged(world: World) -> None:
    world.person()
    world.sign_in()
    with world.database.transaction() as session:
        row = session.exec(select(LoginSession)).one()
        row.expires_at = now() + timedelta(hours=1)
        session.add(row)
    assert world.client.get("/inbox").status_code == 200
    with world.database.read() as session:
        assert session.exec(select(LoginSession)).one().expires_at > now() + timedelta(hours=11)


def test_the_session_value_is_found_among_cookies() -> None:
    assert current_session_id({SESSION_COOKIE: "x"}) == "x" and current_session_id({"other": "x"}) == ""


@given(target=st.one_of(st.text(max_size=60), st.sampled_from(
    ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "javascript:alert(1)", "/login?next=/x", "/api/v1/x", "/%0d%0aX: y"]
)))  # fmt: skip
def test_after_signing_in_nobody_is_led_off_the_site(target: str) -> None:
    safe = origins.safe_next(target)
    assert safe.startswith("/") and not safe.startswith(("//", "/\\", "/login", "/api/"))
    assert "\\" not in safe and not any(ord(char) < 33 for char in safe)
    assert safe in ("/", target)


latin = st.characters(max_codepoint=255)


@given(
    host=st.text(latin, max_size=40),
    origin=st.one_of(st.text(latin, max_size=60), st.text(latin, max_size=20).map("http://[{}".format)),
)
def test_odd_host_and_origin_headers_never_raise(host: str, origin: str) -> None:
    headers = Headers({"host": host, "origin": origin})
    machine = load_settings(_env_file=None)
    assert origins.host_allowed(headers, machine) in (True, False)
    assert origins.origin_allowed(headers, machine) in (True, False)
