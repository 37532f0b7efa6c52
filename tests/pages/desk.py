"""A small desk for the tests of the screens: people, tickets, articles, a real index, work that is only noted down."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import event
from sqlmodel import Session, select
from streamlit.testing.v1 import AppTest

import pages
from knowledge_base import articles
from knowledge_base.embedding import embedder
from knowledge_base.index import Index
from knowledge_base.search import Searcher
from tests.homes import fresh
from triage import office
from triage.agents.ranker import Judged
from triage.agents.rewriter import Readings
from triage.ahead import Ahead
from triage.guardrails.gate import DeskGate
from triage.intake.payload import TicketPayload
from triage.intake.receive import receive
from triage.models import Category, Customer, QuarantineReason, Role, Run, RunStep, Ticket, User, now
from triage.settings import Settings

PEOPLE = {Role.STAFF: "Nadia Brandt", Role.MANAGER: "Marco Vidal", Role.ADMIN: "Ines Okafor"}
PAUSE = "You can pause your plan for up to three months.\n\n## How to pause\n\n1. Open **Plan**.\n2. Choose **Pause**."


@contextmanager
def open_small_desk(home: Path, *, knowledge: bool = False) -> Iterator[Any]:
    """The process's desk until the block ends; `desk.work` lists what was enqueued. With `knowledge`, articles and an index."""
    settings = Settings(home=home, demo=True)
    database = fresh(settings)
    event.listen(database.drawing, "before_execute", _only_reads)
    work = list[Any]()
    desk = SimpleNamespace(
        settings=settings, database=database, models={}, work=work, index=None, covered=lambda *_: desk.models,
        enqueue=lambda _session, *what, **_more: work.append(what), start=lambda _session, ticket: work.append(("triage", ticket.id)),
        judged=Judged(), readings=Readings(), ahead=Ahead(), gate=lambda _recorder, *_: DeskGate(database, settings),
    )  # fmt: skip
    try:
        with database.transaction() as session:
            _fill(session, desk)
        if knowledge:
            _publish(desk, home)
        office.use(cast(Any, desk))
        yield desk
    finally:
        office.use(None)
        desk.ahead.close()
        if desk.index:
            desk.index.close()
        database.close()


def _only_reads(_connection: Any, statement: Any, *_: Any) -> None:
    """What PostgreSQL refuses on the connections of screens must not pass here because the tests of screens run on SQLite."""
    locks, writes = getattr(statement, "_for_update_arg", None) is not None, getattr(statement, "is_dml", False)
    assert not locks and not writes, f"A screen reads over a connection that cannot write: {statement}"


def _fill(session: Session, desk: Any) -> None:
    session.add_all(
        User(email=f"{name.split()[0].lower()}@desk.example", name=name, role=role, demo=True) for role, name in PEOPLE.items()
    )
    session.add(User(email="old@desk.example", name="Olda Former", role=Role.STAFF))
    session.add(Category(slug="plans", title="Plans"))
    session.add(Customer(external_id="c1", name="Ann Lee", email="ann@customer.example"))
    session.flush()
    for number, text in enumerate(("How do I pause my plan?", "Where is my <b>parcel</b>?", "WIN a prize, click here")):
        spam = TicketPayload.model_validate({"subject": text, "body": text, "from": f"c{number}@customer.example"}).incoming(
            desk.settings
        )
        receive(
            session,
            spam.model_copy(update={"quarantine": QuarantineReason.SPAM if number == 2 else None}),
            desk.settings,
            enqueue=desk.start,
        )
    _runs(session)


def _publish(desk: Any, home: Path) -> None:
    desk.embedder, desk.index = embedder(), Index.open(home, desk.settings)
    desk.searcher = Searcher(desk.database, desk.index, desk.embedder)
    with desk.database.transaction() as session:
        for article, title, body in (
            ("pause", "Pause your plan", PAUSE),
            ("policy", "Refund policy", "Only managers decide refunds."),
        ):
            audience = "public" if article == "pause" else "internal"
            articles.save_version(
                session, article, title=title, body=body, author="system", category="plans", audience=audience, owner="Sofia"
            )
            articles.publish(session, article, author="system", embed=desk.embedder)
    desk.index.sync(desk.database)


def _runs(session: Session) -> None:
    tickets = list(session.exec(select(Ticket).order_by(Ticket.id)))  # type: ignore[arg-type]
    staff = session.exec(select(User).where(User.role == Role.STAFF)).first()
    assert staff
    tickets[0].assignee_id = staff.id
    for name, ticket in (("mine", tickets[0]), ("other", tickets[1])):
        session.add(
            Run(id=name, ticket_id=ticket.id or 0, status="ended", outcome="awaiting_approval", model="offline", ended_at=now())
        )
        session.flush()
        session.add(RunStep(
            run_id=name, ordinal=0, kind="model", role="writer", name="offline", seconds=0.02,
            request={"output": "Reply", "messages": [{"role": "user", "content": "Asked with <script>alert(1)</script> inside"}]},
            response={"text": '{"paragraphs": [{"style": "text", "sentences": [{"text": "Open Plan.", "passages": ["pause#0"]}]}]}', "usage": {}},
        ))  # fmt: skip


def person(desk: Any, role: Role) -> User:
    with desk.database.read() as session:
        user = session.exec(select(User).where(User.role == role).order_by(User.id)).first()  # type: ignore[arg-type]
        assert user
        return cast(User, user)


def opened(desk: Any, file: str, role: Role, *, user: User | None = None, **address: str) -> AppTest:
    """The screen as this role, or this very person, sees it at this address."""
    page = AppTest.from_file(str(Path(pages.__file__).with_name(file)), default_timeout=120)
    page.session_state["stand_in_user"] = (user or person(desk, role)).id
    for name, value in address.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def html(page: AppTest) -> str:
    """Everything that is written on the page as HTML."""
    return " ".join(str(getattr(element.proto, "body", "")) for element in page.get("html"))


def warnings(page: AppTest) -> str:
    return " ".join(element.value for element in [*page.warning, *page.error, *page.info])


def keys_of(page: AppTest) -> set[str]:
    """The keys of all widgets on the page."""
    widgets = [*page.button, *page.text_input, *page.text_area, *page.selectbox, *page.toggle, *page.slider, *page.checkbox]
    return {str(widget.key) for widget in widgets}
