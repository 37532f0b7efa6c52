"""A real desk for the browser tests: `streamlit run app.py` with its worker, on a free port, in a home of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, TypeVar

import httpx

from triage import first_steps
from triage.accounts import apikeys, users
from triage.database import Database, open_database
from triage.settings import load_settings

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0  # seconds: what takes one on an idle machine may take many on a busy one
UNDO_SECONDS = 8
T = TypeVar("T")


def until(look: Callable[[], T | None], what: str, seconds: float = PATIENCE) -> T:
    """The first thing `look` finds; fails with `what` when it finds nothing in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come about within {seconds:.0f} seconds")


class Server:
    """The process of a desk; one that was killed starts again at the same address."""

    def __init__(self, folder: Path, settings: dict[str, object]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address, self.log = f"http://127.0.0.1:{port}", folder / "log.txt"
        self._command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TRIAGE_", "OPENAI_", "COV_"))}
        self._environment = kept | {f"TRIAGE_{name}": str(value) for name, value in {**settings, "PORT": port}.items()}

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with self.log.open("a") as out:
            self.process = subprocess.Popen(self._command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, env=self._environment)
        until(self._answers, f"the desk's start (see {self.log})", 480)

    def kill(self) -> None:
        """End it as a crash does."""
        self.process.kill()
        self.process.wait(30)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return httpx.get(f"{self.address}/readyz", trust_env=False).status_code == 200
        except httpx.TransportError:
            return False


@dataclass
class RunningDesk:
    """A desk at work, its database, and a program that sends tickets in."""

    server: Server
    home: Path
    database: Database
    api: httpx.Client

    @property
    def address(self) -> str:
        return self.server.address

    def send(self, sender: str, subject: str, body: str, **fields: Any) -> int:
        """A customer's message comes in by API; returns its ticket."""
        answer = self.api.post("/api/v1/tickets", json={"from": sender, "subject": subject, "body": body, **fields})
        assert answer.status_code == 201, answer.text
        return int(answer.json()["ticket_id"])

    def ticket(self, number: int) -> dict[str, Any]:
        found: dict[str, Any] = self.api.get(f"/api/v1/tickets/{number}").json()
        return found

    def drafted(self, sender: str, subject: str, body: str, **fields: Any) -> int:
        """A message that came in, once its draft waits for a person; returns its ticket."""
        number = self.send(sender, subject, body, **fields)
        until(lambda: (self.ticket(number).get("draft") or {}).get("status") == "waiting", f"a draft for ticket {number}")
        return number

    def letter(self, recipient: str) -> EmailMessage:
        """The one mail that was sent to an address, once it lies in the Maildir."""
        return until(lambda: next(iter(self.letters(recipient)), None), f"a mail to {recipient}")

    def letters(self, recipient: str) -> list[EmailMessage]:
        files = (self.home / "mail" / "sent" / "new").glob("*")
        mails = [message_from_bytes(file.read_bytes(), _class=EmailMessage, policy=default) for file in files]
        return [mail for mail in mails if recipient in mail["To"]]


@contextmanager
def running(folder: Path, **more: str) -> Iterator[RunningDesk]:
    """Start the desk with its demo content, wait until the agents are done with it, and stop it in the end.

    `more` are settings, such as IMPORT_NETWORKS.
    """
    home = folder / "home"
    server = Server(folder, {"HOME": home, "DEMO": "true", "UNDO_SECONDS": UNDO_SECONDS, **more})
    try:
        server.start()
        database = open_database(load_settings(home=home))
        with database.transaction() as session:
            _row, key = apikeys.create(session, "browser tests", actor="test")
            for person in users.listing(session):
                first_steps.end_tour(session, person)
        with httpx.Client(
            base_url=server.address, headers={"Authorization": f"Bearer {key}"}, trust_env=False, timeout=PATIENCE
        ) as api:
            until(lambda: _rests(api), "the end of the agents' work on the demo's tickets", 480)
            yield RunningDesk(server, home, database, api)
        database.close()
    finally:
        server.stop()


def _rests(api: httpx.Client) -> bool:
    at_work = api.get("/api/v1/tickets", params={"status": ["received", "screened", "triaging", "reopened"], "limit": 1})
    return at_work.status_code == 200 and not at_work.json()["tickets"]
