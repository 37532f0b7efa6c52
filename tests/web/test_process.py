"""The real process: app.py under `streamlit run`, on a port of its own, with pages that would betray themselves."""

import asyncio
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import websockets

ROOT = Path(__file__).parents[2]
CANARY = "canary of the screens"
NAMES = ["inbox", "new_ticket", "metrics", "knowledge", "guardrails", "quality", "traces", "settings"]
ENTRY = f"""
import streamlit as st
from triage.accounts import sessions
from triage.database import open_database
from triage.settings import settings
from triage.web import current_session_id

with open_database(settings()).read() as session:
    user = sessions.load(session, current_session_id(st.context.cookies))
st.navigation([st.Page("inbox.py", default=True)], position="hidden").run()
st.write("{CANARY} for", user.name)
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a running desk, and the set-up link it printed."""
    folder = tmp_path_factory.mktemp("desk")
    shutil.copy(ROOT / "app.py", folder)
    shutil.copytree(ROOT / ".streamlit", folder / ".streamlit")
    (folder / "pages").mkdir()
    for name in NAMES:
        (folder / "pages" / f"{name}.py").write_text(f'import streamlit as st\nst.write("{CANARY}")\n')
    (folder / "pages" / "navigation.py").write_text(ENTRY)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TRIAGE_", "OPENAI_"))}
    settings = {"TRIAGE_HOME": str(folder / "home"), "TRIAGE_PORT": str(port), "TRIAGE_WORKER": "false", "PYTHONPATH": str(ROOT)}
    log = folder / "log.txt"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)],
            cwd=folder, env={**kept, **settings, "PYTHONUNBUFFERED": "1"}, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(address, process, log)
        found = re.search(r"http://\S+(/setup/\S+)", log.read_text())
        assert found, log.read_text()
        yield address, found[1]
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(600):
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(f"{address}/healthz", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"the desk did not start within 60 seconds:\n{log.read_text()}")


def _refused(address: str, **headers: str) -> None:
    async def connect() -> None:
        where = address.replace("http", "ws") + "/_stcore/stream"
        origin = headers.pop("Origin", address)
        async with websockets.connect(where, additional_headers=headers, origin=origin, proxy=None):  # type: ignore[arg-type]
            pass

    with pytest.raises(websockets.InvalidStatus, match="403"):
        asyncio.run(connect())


def _screen(address: str, cookie: str, path: str) -> str:
    """What the server sends over a page's websocket, as a browser would open it."""
    from streamlit.proto.BackMsg_pb2 import BackMsg

    async def read() -> str:
        seen = b""
        where = address.replace("http", "ws") + "/_stcore/stream"
        async with websockets.connect(
            where, additional_headers={"Cookie": cookie}, origin=address, proxy=None, max_size=None
        ) as connection:  # type: ignore[arg-type]
            message = BackMsg()
            message.rerun_script.page_name = path
            await connection.send(message.SerializeToString())
            while b"script_finished" not in seen and len(seen) < 2_000_000:
                try:
                    part = await asyncio.wait_for(connection.recv(), 8)
                except TimeoutError:
                    break
                seen += part if isinstance(part, bytes) else part.encode()
                if CANARY.encode() + b" for" in seen:
                    break
        return seen.decode("utf-8", "replace")

    return asyncio.run(read())


def test_the_running_desk_shows_nothing_to_strangers(desk: tuple[str, str]) -> None:
    address, _setup = desk
    with httpx.Client(base_url=address, trust_env=False) as client:
        assert client.get("/_stcore/health").status_code == 200
        for page in ["", *NAMES, *sorted({path.stem for path in (ROOT / "pages").glob("*.py")})]:
            answer = client.get(f"/{page}")
            assert answer.status_code == 303 and answer.headers["location"].startswith("/login"), page
            assert CANARY not in answer.text
        for inside in ("/_stcore/host-config", "/_stcore/agent/interact", "/media/x", "/component/a/b"):
            assert client.get(inside).status_code == 401, inside
        sent = client.post("/login", data={"email": "a@b.example"}, headers={"Origin": "https://evil.example"})
        assert sent.status_code == 403
        assert client.get("/login", headers={"Host": "evil.example"}).status_code == 421
    _refused(address)
    _refused(address, Cookie="triage_session=made-up")


def test_a_person_gets_in_and_a_stranger_with_a_changed_cookie_does_not(desk: tuple[str, str]) -> None:
    address, setup = desk
    with httpx.Client(base_url=address, trust_env=False, headers={"Origin": address}) as client:
        page = client.get(setup).text
        token = re.search(r'name="csrf" value="([^"]+)"', page)
        assert token
        password = "correct horse battery"
        fields = {"csrf": token[1], "name": "Boss", "email": "boss@example.com", "password": password, "again": password}
        assert client.post(setup, data=fields).status_code == 303
        cookie = f"triage_session={client.cookies['triage_session']}"
        for page_name in ("", *NAMES):
            assert client.get(f"/{page_name}").status_code == 200
    assert f"{CANARY} for" in _screen(address, cookie, "")
    changed = cookie[:-2] + ("AA" if cookie[-2:] != "AA" else "BB")
    _refused(address, Cookie=changed)
    _refused(address, Cookie=cookie, Origin="https://evil.example")
    assert httpx.get(f"{address}/inbox", headers={"Cookie": changed}, trust_env=False).status_code == 303
