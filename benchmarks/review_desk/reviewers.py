"""Many reviewers at once, each a client of Streamlit's own protocol over a websocket, deciding as fast as the desk lets them.

A reviewer presses "Approve and next" on whatever draft is open, waits until the page is drawn, and goes on. Meanwhile the
client asks for what a browser would ask for by itself: the looks of the queue, of the agents and of messages on their way.
"""

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import websockets
from sqlmodel import Session, col, func, select
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.review_desk.serving import Timed
from triage.accounts import sessions
from triage.accounts.cookies import SESSION_COOKIE
from triage.database import Database
from triage.models import Decision, Draft, Outbox, User
from triage.settings import Settings

PATIENCE = 120.0  # seconds for any one answer
_SAID = re.compile(r'role="alert"[^>]*>(.*?)</div>', re.DOTALL)  # what the desk answers to a press that it refuses
_APPROVE = re.compile(r"-td_approve$")


@dataclass
class Told:
    """What the reviewers lived through: seconds per decision, tickets they approved, and presses that decided nothing."""

    seconds: list[float] = field(default_factory=list)
    pressed: int = 0
    refused: int = 0
    stuck: int = 0
    errors: list[str] = field(default_factory=list)
    said: Counter[str] = field(default_factory=Counter)


class Reviewer:
    """One signed-in page."""

    def __init__(self, address: str, cookie: str, told: Told) -> None:
        self.address, self.cookie, self.told = address, cookie, told
        self.query, self.approve, self.hash = "", "", ""
        self.clocks: dict[str, tuple[float, float]] = {}
        self.fresh = ""

    async def work(self, until: float) -> None:
        """Decide until then (of the event loop's clock)."""
        loop = asyncio.get_running_loop()
        async with self.page():
            while loop.time() < until:
                if not self.approve:
                    self.told.stuck += 1
                    await self._away(until)
                    continue
                shown, began = self.query, time.perf_counter()
                self.told.pressed += 1
                await self._ask(press=self.approve)
                await self._drawn()
                if self.query == shown:
                    self.told.refused += 1
                    await self._away(until)
                    continue
                self.told.seconds.append(time.perf_counter() - began)

    @asynccontextmanager
    async def page(self) -> AsyncIterator[None]:
        """The inbox, open and drawn."""
        url = f"ws://{urlsplit(self.address).netloc}/_stcore/stream"
        headers = {"Cookie": f"{SESSION_COOKIE}={self.cookie}"}
        async with websockets.connect(
            url, subprotocols=[websockets.Subprotocol("streamlit")], additional_headers=headers, origin=websockets.Origin(self.address),
            max_size=None, ping_interval=None, open_timeout=PATIENCE,
        ) as socket:  # fmt: skip
            self.socket = socket
            await self._ask()
            await self._drawn()
            yield

    async def look(self, seconds: float) -> None:
        """Press nothing for so long; the page asks by itself for what it shows."""
        with suppress(TimeoutError):
            await self._drawn(seconds)

    async def _away(self, until: float) -> None:
        """To the most pressing ticket that nobody has open."""
        self.query = ""
        await self._ask()
        await self._drawn()

    async def _ask(self, press: str = "", fragment: str = "") -> None:
        back = BackMsg()
        state = back.rerun_script
        state.query_string, state.page_script_hash = self.query, self.hash
        state.context_info.timezone = "Europe/Amsterdam"
        if press:
            widget = state.widget_states.widgets.add()
            widget.id, widget.trigger_value = press, True
        if fragment:
            state.fragment_id, state.is_auto_rerun = fragment, True
        await self.socket.send(back.SerializeToString())

    async def _drawn(self, patience: float = PATIENCE) -> None:
        """Read until the page is drawn whole; what the page does by itself goes on meanwhile. Raises TimeoutError."""
        self.approve = ""
        end = time.monotonic() + patience
        while True:
            due = min((at for at, _ in self.clocks.values()), default=end)
            try:
                data = await asyncio.wait_for(self.socket.recv(), max(0.0, min(due, end) - time.monotonic()) + 0.001)
            except TimeoutError:
                if time.monotonic() > end:
                    raise
                await self._look_again()
                continue
            message = ForwardMsg()
            message.ParseFromString(data)
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.hash = message.new_session.page_script_hash
            elif kind == "page_info_changed":
                self.query = message.page_info_changed.query_string
            elif kind == "delta":
                self._element(message.delta)
            elif kind == "auto_rerun":
                rerun = message.auto_rerun
                self.clocks[rerun.fragment_id] = (time.monotonic() + rerun.interval, rerun.interval)
            elif kind == "script_finished" and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                return

    def _element(self, delta: Any) -> None:
        element = delta.new_element
        if element.HasField("button") and _APPROVE.search(element.button.id) and not element.button.disabled:
            self.approve = element.button.id
        if element.HasField("exception"):
            self.told.errors.append(element.exception.message[:200])
        if element.HasField("html") and (said := _SAID.search(element.html.body)):
            self.told.said[re.sub(r"<[^>]+>", "", said[1])[:80]] += 1

    async def _look_again(self) -> None:
        now = time.monotonic()
        for fragment, (at, interval) in list(self.clocks.items()):
            if at <= now:
                self.clocks[fragment] = (now + interval, interval)
                await self._ask(fragment=fragment)


async def review(desk: Timed, cookies: list[str], seconds: float) -> Told:
    """All of them at once, for so long."""
    told = Told()
    until = asyncio.get_running_loop().time() + seconds
    done = await asyncio.gather(*(Reviewer(desk.address, cookie, told).work(until) for cookie in cookies), return_exceptions=True)
    told.errors += [f"{type(error).__name__}: {error}" for error in done if error is not None]
    return told


def sign_in(database: Database, settings: Settings, count: int) -> list[str]:
    """A cookie for each reviewer."""
    with database.transaction() as session:
        people = session.exec(
            select(User).where(col(User.email).startswith("reviewer")).order_by(col(User.id)).limit(count)
        ).all()
        return [sessions.create(session, person, settings=settings) for person in people]


@dataclass(frozen=True)
class Books:
    """What stands in the database: decisions, tickets and drafts decided more than once, approved drafts without a decision or a message."""

    decisions: int
    double: int
    without: int


def books(database: Database, since: int) -> Books:
    """Of all decisions after that one."""
    with database.read() as session:
        return Books(
            decisions=_count(session, select(Decision.id).where(col(Decision.id) > since)),
            double=_count(session, select(Decision.draft_id).group_by(col(Decision.draft_id)).having(func.count() > 1)),
            without=_count(session, select(Decision.id).outerjoin(Outbox, col(Outbox.decision_id) == Decision.id).where(col(Decision.id) > since, Decision.kind == "approve", col(Outbox.id).is_(None)))
            + _count(session, select(Draft.id).outerjoin(Decision, col(Decision.draft_id) == Draft.id).where(Draft.status == "approved", col(Decision.id).is_(None))),
        )  # fmt: skip


def newest_decision(database: Database) -> int:
    with database.read() as session:
        return session.exec(select(func.max(Decision.id))).one() or 0


def _count(session: Session, statement: Any) -> int:
    return int(session.execute(select(func.count()).select_from(statement.subquery())).scalar_one())
