"""How many statements a drawing of the inbox takes: few, and no more of them with more tickets, messages and sources."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from tests import desks, statements
from tests.pages.desk import open_small_desk, opened
from triage import replies
from triage.models import Decision, Role

OPENED, DREW, DECIDED = (
    30,
    20,
    52,
)  # at most, each row written counted: first drawing with a ticket, the next ticket, a decision and the next


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Any]:
    with open_small_desk(tmp_path / "home") as small:
        yield small


def put(desk: Any, count: int, *, messages: int = 1, sources: int = 1) -> list[int]:
    """So many tickets whose drafts wait; each has so many messages, and sentences that rest on so many passages."""
    said = [f"Use ClearCal every {number} months." for number in range(3, 3 + sources)]
    body = "Hello Priya,\n\n" + " ".join(said)
    numbers = []
    with desk.database.transaction() as session:
        for _ in range(count):
            ticket = desks.ticket(session)
            for more in range(1, messages):
                desks.say(session, ticket, "And " * more)
            sentences: list[dict[str, object]] = [
                {"text": text, "kind": "fact", "supported": True, "passages": [f"care{number}#1"]}
                for number, text in enumerate(said)
            ]
            cited = [
                {"passage": f"care{number}#1", "article": f"care{number}", "version": 3, "title": "Care", "heading": "", "text": text, "score": 0.8}
                for number, text in enumerate(said)
            ]  # fmt: skip
            desks.waiting_draft(session, ticket, body=body, sentences=replies.locate(body, sentences), citations=cited)
            numbers.append(ticket.id or 0)
    return numbers


def count(desk: Any, what: Callable[[], AppTest]) -> int:
    """How many statements that takes, but for those of work ahead of it, which has a connection of its own."""
    with statements.told(desk.database.engine, desk.database.reading, desk.database.drawing) as said:
        assert not what().exception
    return len(said)


def numbers_of(desk: Any, tickets: list[int]) -> tuple[int, int, int]:
    """Of opening the first ticket, of going on to the second, of approving it."""
    page: AppTest | None = None

    def opening() -> AppTest:
        nonlocal page
        page = opened(desk, "inbox.py", Role.MANAGER, ticket=str(tickets[0]))
        return page

    first = count(desk, opening)
    assert page is not None
    page.query_params["ticket"] = str(tickets[1])
    second = count(desk, page.run)
    third = count(desk, page.button(key="td_approve").click().run)
    with desk.database.read() as session:
        assert session.exec(select(Decision.ticket_id)).all()[-1] == tickets[1]
    return first, second, third


def test_a_drawing_takes_few_statements_whatever_is_drawn(desk: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(desk.ahead, "want", lambda *_: None)
    numbers_of(desk, put(desk, 4))  # once for what a process reads for the first time
    few = numbers_of(desk, put(desk, 4))
    assert all(number <= most for number, most in zip(few, (OPENED, DREW, DECIDED), strict=True)), few
    many = numbers_of(desk, put(desk, 12, messages=6, sources=5))
    assert many == few
