"""`kill -9` at random points: every ticket ends where it should, no mail goes out twice, no finished model call is paid twice."""

import hashlib
import json
import mailbox
import os
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from knowledge_base import articles
from knowledge_base.embedding import embedder
from knowledge_base.index import Index
from tests import loopback
from tests.chaos.people import PLANS, People
from tests.chaos.workers import Workers
from tests.knowledge import fill
from tests.smtp import Mailbox, serving
from triage import audit
from triage.database import Database, open_database
from triage.models import Decision, Outbox, Run, RunStep, Ticket
from triage.office import open_desk, use
from triage.settings import Settings, load_settings


@pytest.fixture
def mail_server() -> Iterator[tuple[Mailbox, int]]:
    """One that takes its time on both sides of taking a mail."""
    with serving(Mailbox(slow=0.03)) as served:
        yield served


class Chaos:
    """One desk under fire: its worker, its people, its model service and its post."""

    def __init__(
        self, settings: Settings, service: loopback.Loopback, post: Mailbox | None, folder: Path, count: int, seed: int
    ) -> None:
        self.settings, self.service, self.post, self.dice = settings, service, post, random.Random(seed)
        self.database = open_database(settings)
        self.people = People(self.database, settings, self.was_taken, count, self.dice)
        self.workers = Workers(_environment(settings, service.base_url), folder)
        self.kills: list[str] = []
        self.repeated_finished: list[str] = []
        self._finished: set[str] = set()
        self._asked_before = 0

    def run(self, kills: int) -> None:
        """Kill the worker so many times, each time with new tickets at work; then let it finish."""
        share = -(-len(self.people.matters) // (kills + 1))
        self.people.start()
        for point in self._points(kills):
            self.people.allowed += share
            self.workers.start()
            publish_hours(self.database, self.workers.started)  # so that the index is written now and then
            self._await(point)
            self.workers.kill()
            self.kills.append(point)
            self._note_finished_calls()
            self.people.check()
        self.people.allowed = len(self.people.matters)
        self.workers.start()
        self.workers.wait_ready()
        self._until(lambda: not self.people.unfinished, 300)
        self.workers.stop()
        self._note_finished_calls()

    def close(self) -> None:
        self.people.close()
        self.workers.close()
        self.database.close()

    # ---- when to kill -----------------------------------------------------------------------------------

    def _points(self, kills: int) -> list[str]:
        kinds = ["call", "mail", "decision", "call", "mail", "start"]
        points = [kinds[n % len(kinds)] for n in range(kills)]
        self.dice.shuffle(points)
        return points

    def _await(self, point: str) -> None:
        """Wait for a random moment of this kind: while it starts, between model calls, after a decision, while a mail goes out."""
        if point == "start":
            time.sleep(self.dice.uniform(0.05, 1.0))
            return
        self.workers.wait_ready()
        counters: dict[str, Callable[[], int]] = {
            "call": lambda: len(self.service.requests),
            "decision": lambda: self.people.decisions,
            "mail": lambda: self.post.arrived if self.post else len(_files(self.settings)),
        }
        reached = counters[point]() + (self.dice.randint(1, 12) if point == "call" else 1)
        self._until(lambda: counters[point]() >= reached or not self.people.unfinished, 20, must=False)
        time.sleep(self.dice.uniform(0.0, {"call": 0.1, "decision": 0.5, "mail": 0.05}[point]))

    def _until(self, condition: Callable[[], bool], seconds: float, *, must: bool = True) -> None:
        end = time.monotonic() + seconds
        while not condition():
            self.people.check()
            if time.monotonic() > end:
                assert not must, self._told()
                return
            time.sleep(0.005)

    def _told(self) -> str:
        with self.database.read() as session:
            rows = {t.id: (str(t.status), t.reason, t.error) for t in session.exec(select(Ticket))}
        stuck = [f"{m.plan} {m.done}: {rows.get(m.ticket_id)}" for m in self.people.unfinished]
        return "\n".join(["not finished in time:", *stuck, self.workers.log.read_text(errors="replace")[-3000:]])

    # ---- what to count ----------------------------------------------------------------------------------

    def was_taken(self, message_id: str) -> bool:
        return self.post is not None and _by_id(self.post)[message_id] > 0

    def asked(self) -> list[str]:
        return [_digest(request["model"], request["messages"]) for request in list(self.service.requests)]

    def recorded(self) -> list[str]:
        with self.database.read() as session:
            steps = session.exec(select(RunStep).where(RunStep.kind == "model", RunStep.name != "offline")).all()
        return [_digest(str(step.request["model"]), step.request["messages"]) for step in steps]

    def _note_finished_calls(self) -> None:
        """Calls that were finished (answered and recorded) at the last kill and were asked again since."""
        asked = self.asked()
        self.repeated_finished += [call for call in asked[self._asked_before :] if call in self._finished]
        self._finished, self._asked_before = set(self.recorded()), len(asked)


def _environment(settings: Settings, model: str) -> dict[str, str]:
    return {
        "TRIAGE_HOME": str(settings.home), "TRIAGE_DATABASE_URL": settings.database_url, "OPENAI_BASE_URL": model,
        "TRIAGE_SMTP_HOST": settings.smtp_host, "TRIAGE_SMTP_PORT": str(settings.smtp_port), "TRIAGE_SMTP_TLS": settings.smtp_tls,
        "TRIAGE_UNDO_SECONDS": str(settings.undo_seconds), "TRIAGE_POLL_SECONDS": "0.05", "NO_PROXY": "127.0.0.1,localhost",
    }  # fmt: skip


def _digest(model: str, messages: object) -> str:
    return hashlib.sha256(json.dumps([model, messages], sort_keys=True).encode()).hexdigest()


_NOTICE = re.compile(rb"^X-Triage-Notice:", re.IGNORECASE | re.MULTILINE)


def _message_id(content: bytes) -> str:
    found = re.search(rb"^Message-ID:\s*(<[^>]+>)", content, re.IGNORECASE | re.MULTILINE)
    assert found, "a mail without Message-ID"
    return found.group(1).decode()


def _files(settings: Settings) -> list[Path]:
    new = settings.home / "mail" / "sent" / "new"
    return list(new.iterdir()) if new.exists() else []


def _by_id(post: Mailbox) -> Counter[str]:
    """How often each mail to a customer was taken, by its Message-ID; word to colleagues is no reply."""
    return Counter(_message_id(mail) for mail in post.taken if not _NOTICE.search(mail))


def _mails(settings: Settings, post: Mailbox | None) -> Counter[str]:
    """How often each Message-ID left."""
    if post is not None:
        return _by_id(post)
    box = mailbox.Maildir(settings.home / "mail" / "sent", factory=None, create=False)
    return Counter(_message_id(message.as_bytes()) for message in box)


def _chaos(settings: Settings, post: tuple[Mailbox, int] | None, folder: Path, *, tickets: int, kills: int) -> None:
    seed = int(os.environ.get("CHAOS_SEED") or time.time_ns() % 1_000_000)
    kind = f"{'PostgreSQL' if settings.database_url else 'SQLite'}, {'SMTP' if post else 'Maildir'}"
    print(f"\nchaos with CHAOS_SEED={seed}: {kind}, {tickets} tickets, {kills} kills", flush=True)
    changes: dict[str, Any] = {"undo_seconds": 0.3}
    if post:
        changes |= {"smtp_host": "127.0.0.1", "smtp_port": post[1], "smtp_tls": "none"}
    settings = load_settings(**{**settings.model_dump(), **changes})
    desk = open_desk(settings)
    fill(desk)
    use(None)
    desk.close()
    started = time.monotonic()
    with loopback.serve(latency=0.03) as service:
        chaos = Chaos(settings, service, post[0] if post else None, folder, tickets, seed)
        try:
            chaos.run(kills)
            _tell(chaos, time.monotonic() - started)
            _check_tickets(chaos)
            _check_mails(chaos)
            _check_calls(chaos)
            _check_stores(chaos)
        finally:
            chaos.close()


def _tell(chaos: Chaos, seconds: float) -> None:
    asked, mails = Counter(chaos.asked()), _mails(chaos.settings, chaos.post)
    again = sum(times - 1 for times in asked.values())
    print(
        f"  {seconds:.0f} s; kills {dict(Counter(chaos.kills))}; decisions {chaos.people.decisions}, too late {chaos.people.too_late}; "
        f"model calls {sum(asked.values())}, asked again {again}, of these finished before {len(chaos.repeated_finished)}; "
        f"mails {sum(mails.values())}, twice {sum(times > 1 for times in mails.values())}, uncertain and settled {chaos.people.settled}",
        flush=True,
    )


def _check_tickets(chaos: Chaos) -> None:
    with chaos.database.read() as session:
        for matter in chaos.people.matters:
            ticket = session.get_one(Ticket, matter.ticket_id)
            assert ticket.status == PLANS[matter.plan][0], (matter, ticket.status, ticket.error)
        assert session.exec(select(Run).where(Run.status == "running")).all() == []
        assert len(session.exec(select(Ticket)).all()) == len(chaos.people.matters)


def _check_mails(chaos: Chaos) -> None:
    mails = _mails(chaos.settings, chaos.post)
    assert set(mails.values()) <= {1}, "a mail went out twice"
    with chaos.database.read() as session:
        rows = session.exec(select(Outbox)).all()
        assert {row.status for row in rows} <= {"sent", "cancelled"}
        assert {row.message_id for row in rows if row.status == "sent"} == set(mails)
        per_ticket = Counter(row.ticket_id for row in rows if row.status == "sent")
        expected = {matter.ticket_id: PLANS[matter.plan][1] for matter in chaos.people.matters}
        assert {ticket: per_ticket[ticket] for ticket in expected} == expected
        approved = session.exec(select(Decision).where(Decision.kind == "approve")).all()
        assert {row.decision_id for row in rows} == {decision.id for decision in approved}


def _check_calls(chaos: Chaos) -> None:
    asked, kills = Counter(chaos.asked()), len(chaos.kills)
    assert chaos.repeated_finished == [], "a finished model call was asked again"
    assert max(asked.values()) <= 1 + kills
    assert sum(times - 1 for times in asked.values()) <= kills * chaos.settings.worker_concurrency
    recorded = Counter(chaos.recorded())
    assert set(recorded.values()) == {1} and set(recorded) <= set(asked)


def _check_stores(chaos: Chaos) -> None:
    """The audit chain holds, and the index opens and finds, made again if need be."""
    with chaos.database.read() as session:
        assert audit.verify(session) is None
    publish_hours(chaos.database, 2026)
    index = Index.open(chaos.settings.home, chaos.settings)
    try:
        index.sync(chaos.database)
        assert index.check() is None
        found = index.query(embedder().encode(["How do I descale my kettle?"]), audience="public", n=3)
        assert any(name.startswith("descale-your-kettle") for name in found[0])
    finally:
        index.close()


def publish_hours(database: Database, year: int) -> None:
    """One more article, which answers nobody's question."""

    def work(session: Session) -> None:
        title, body = f"Holidays of year {year}", "The office is closed on public holidays."
        version = articles.save_version(session, None, title=title, body=body, author="Ann")
        articles.publish(session, version.article_id, author="Ann", embed=embedder().encode)

    database.run_now(work)


@pytest.mark.slow
@pytest.mark.timeout(900)  # more than all its waits together, so that it tells what it waited for
def test_three_kills_lose_nothing(settings: Settings, mail_server: tuple[Mailbox, int], tmp_path: Path) -> None:
    _chaos(settings, mail_server, tmp_path, tickets=12, kills=3)


@pytest.mark.chaos
@pytest.mark.parametrize("way", ["maildir", "smtp"])
def test_twenty_kills_lose_nothing(settings: Settings, mail_server: tuple[Mailbox, int], tmp_path: Path, way: str) -> None:
    _chaos(settings, mail_server if way == "smtp" else None, tmp_path, tickets=60, kills=20)
