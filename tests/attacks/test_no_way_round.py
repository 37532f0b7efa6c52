"""Staff cannot decide a sensitive draft by any route, and what was approved is what goes out, once."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlmodel import Session, select
from streamlit.testing.v1 import AppTest

from tests.desks import Enqueued, person, recorder_of, say, ticket, waiting_draft
from tests.homes import lay
from triage import approval, delivery, replies
from triage.database import Database, open_database
from triage.desk import triage
from triage.errors import AccessError, AlreadyDecided, ApprovalVoid, ConflictError, GuardError, InputError, TriageError
from triage.models import Decision, DecisionKind, Draft, Outbox, Role, Run, Status, Ticket, User
from triage.office import Desk
from triage.settings import Settings, load_settings
from triage.tickets import work

K = DecisionKind
INBOX = Path(__file__).parents[2] / "pages" / "inbox.py"


def decide(session: Session, settings: Settings, user: User, draft: Draft, kind: K = K.APPROVE, **given: Any) -> Decision:
    given = {"seal": draft.seal, **given}
    return approval.decide(session, recorder_of([]), settings, user, draft.id or 0, kind=kind, **given)


def nothing_left(session: Session) -> bool:
    return not session.exec(select(Outbox)).all()


# ---- staff and sensitive drafts ---------------------------------------------------------------------------

SENSITIVE: dict[str, dict[str, dict[str, Any]]] = {
    "draft is a manager's": {"draft": {"approver": "manager"}},
    "ticket is a manager's": {"ticket": {"approver": "manager"}},
    "holding reply": {"draft": {"kind": "holding"}},
}


def sensitive(session: Session, how: str) -> tuple[Ticket, Draft]:
    row = ticket(session, **SENSITIVE[how].get("ticket", {}))
    return row, waiting_draft(session, row, **SENSITIVE[how].get("draft", {}))


def _approve(session: Session, settings: Settings, staff: User, row: Ticket, draft: Draft) -> None:
    decide(session, settings, staff, draft)


def _edit(session: Session, settings: Settings, staff: User, row: Ticket, draft: Draft) -> None:
    decide(session, settings, staff, draft, body="My own words.")


def _reject(session: Session, settings: Settings, staff: User, row: Ticket, draft: Draft) -> None:
    decide(session, settings, staff, draft, K.REJECT, reason="other")


def _close(session: Session, settings: Settings, staff: User, row: Ticket, draft: Draft) -> None:
    work.resolve(session, staff, row.id or 0)


def _write_own(session: Session, settings: Settings, staff: User, row: Ticket, draft: Draft) -> None:
    decide(session, settings, staff, replies.write_reply(session, staff, row.id or 0, "My own words."))


def _escalate_first(session: Session, settings: Settings, staff: User, row: Ticket, draft: Draft) -> None:
    decide(session, settings, staff, draft, K.ESCALATE, comment="look")
    decide(session, settings, staff, session.get_one(Draft, row.draft_id))


def _escalate_and_write(session: Session, settings: Settings, staff: User, row: Ticket, draft: Draft) -> None:
    decide(session, settings, staff, draft, K.ESCALATE, comment="look")
    _write_own(session, settings, staff, row, draft)


def _prepare_first(session: Session, settings: Settings, staff: User, row: Ticket, draft: Draft) -> None:
    decide(session, settings, staff, work.prepare(session, staff, row.id or 0, "My own words."))


def _undo_the_managers(session: Session, settings: Settings, staff: User, row: Ticket, draft: Draft) -> None:
    decision = decide(session, settings, person(session, Role.MANAGER, "Mina"), draft)
    outbox = session.exec(select(Outbox)).one()
    try:
        approval.undo(session, staff, decision.id or 0)
    finally:
        session.delete(outbox)
        session.flush()


def _settle(session: Session, settings: Settings, staff: User, row: Ticket, draft: Draft) -> None:
    delivery.settle(session, None, staff, 1, was_sent=False)  # type: ignore[arg-type]


ROUTES: list[Callable[[Session, Settings, User, Ticket, Draft], None]] = [
    _approve, _edit, _reject, _close, _write_own, _escalate_first, _escalate_and_write, _prepare_first, _undo_the_managers, _settle,
]  # fmt: skip


@pytest.fixture(scope="module")
def home_of_module(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = load_settings(home=tmp_path_factory.mktemp("home"))
    lay(settings.home)
    return settings


@pytest.fixture
def sqlite(home_of_module: Settings) -> Any:
    database = open_database(home_of_module)
    yield database
    database.close()


@pytest.mark.parametrize("how", SENSITIVE)
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.__name__.strip("_"))
def test_no_service_lets_staff_decide_a_sensitive_draft(sqlite: Database, home_of_module: Settings, how: str, route: Any) -> None:
    with Session(sqlite.engine, expire_on_commit=False) as session, session.begin() as transaction:
        staff = person(session)
        row, draft = sensitive(session, how)
        with pytest.raises(AccessError):
            route(session, home_of_module, staff, row, draft)
        assert nothing_left(session)
        transaction.rollback()


async def test_asking_for_changes_does_not_make_a_sensitive_draft_routine(desk: Desk) -> None:
    """Staff escalates a routine draft, or hands it to a manager, and then asks the agents for another version."""
    from tests.test_flow import worked_on

    for number, hand_over in enumerate(("escalate", "hand to manager")):
        row, draft = await worked_on(desk, f"How do I descale my kettle? {'It is an old one. ' * number}")
        assert draft and draft.approver == "staff"
        with desk.database.transaction() as session:
            staff = person(session, name=f"Sam{number}")
            if hand_over == "escalate":
                decide(session, desk.settings, staff, draft, K.ESCALATE, comment="I am not sure")
            else:
                work.hand_to_manager(session, staff, row.id or 0)
            newest = session.get_one(Draft, session.get_one(Ticket, row.id).draft_id)
            decision = approval.decide(
                session,
                desk.enqueue,
                desk.settings,
                staff,
                newest.id or 0,
                kind=K.REQUEST_CHANGES,
                seal=newest.seal,
                comment="shorter",
            )
            run_id = session.exec(select(Run.id).where(Run.ticket_id == row.id, Run.status == "running")).one()
        await triage(desk, run_id, decision.id)
        with desk.database.transaction() as session:
            newest = session.get_one(Draft, session.get_one(Ticket, row.id).draft_id)
            assert newest.status == "waiting" and newest.version > draft.version
            with pytest.raises(AccessError):
                decide(session, desk.settings, staff, newest)


def test_a_rejected_sensitive_ticket_stays_a_managers(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        staff, manager, row = person(session), person(session, Role.MANAGER, "Mina"), ticket(session)
        decide(session, settings, staff, waiting_draft(session, row), K.ESCALATE, comment="He is upset")
        decide(session, settings, manager, session.get_one(Draft, row.draft_id), K.REJECT, reason="wrong tone")
        own = replies.write_reply(session, staff, row.id or 0, "My own words.")
        with pytest.raises(AccessError):
            decide(session, settings, staff, own)
        assert nothing_left(session)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_inbox_shows_staff_no_way_to_send_and_its_action_is_refused(desk: Desk) -> None:
    with desk.database.transaction() as session:
        staff = person(session)
        row, draft = sensitive(session, "draft is a manager's")

    page = AppTest.from_file(str(INBOX), default_timeout=60)
    page.session_state["stand_in_user"] = staff.id
    page.query_params["ticket"] = str(row.id)
    page.run()
    assert not page.exception
    labels = " | ".join(button.label for button in page.button)
    assert "Approve" not in labels and "Send" not in labels, labels

    def force(user, ticket, draft):  # type: ignore[no-untyped-def]  # runs as a script of its own
        from pages.parts import deciding, state

        deciding.approve(user, ticket, draft, draft.seal, onward=False)
        assert not state.sent()

    forced = AppTest.from_function(force, args=(staff, row, draft))
    forced.session_state["stand_in_user"] = staff.id
    forced.run()
    assert not forced.exception
    with desk.database.read() as session:
        assert nothing_left(session) and session.exec(select(Decision)).all() == []


def test_the_api_has_no_route_that_decides(database: Database, settings: Settings) -> None:
    from triage.api import create

    paths = create(settings, database, lambda: None).openapi()["paths"]
    writing = {path for path, methods in paths.items() if set(methods) - {"get", "head", "options"}}
    assert writing and not any(
        word in path for path in writing for word in ("decid", "decision", "approve", "draft", "sign", "deliver", "outbox")
    )


# ---- stale pages ------------------------------------------------------------------------------------------


def test_a_stale_tab_and_a_second_tab_are_refused(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        row, staff = ticket(session), person(session)
        first = waiting_draft(session, row)
        stale = first.seal
        second = replies.renew(session, first, cause="edited elsewhere", body="Newer words.")
        with pytest.raises(ConflictError):  # the tab that still shows the first version
            decide(session, settings, staff, first, seal=stale)
        with pytest.raises(ApprovalVoid):  # the newest draft under the old version's seal
            decide(session, settings, staff, second, seal=stale)
        decide(session, settings, staff, second)
        with pytest.raises(AlreadyDecided):  # the second tab
            decide(session, settings, staff, second)
        assert len(session.exec(select(Outbox)).all()) == 1


# ---- properties -------------------------------------------------------------------------------------------

CHANGES = st.sampled_from(["subject", "body", "recipient", "address", "thread", "articles", "seal"])


@given(change=CHANGES, noise=st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=30))
@hypothesis_settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_approval_survives_a_changed_argument(sqlite: Database, home_of_module: Settings, change: str, noise: str) -> None:
    with Session(sqlite.engine, expire_on_commit=False) as session, session.begin() as transaction:
        row, staff = ticket(session), person(session)
        draft = waiting_draft(session, row)
        seal = draft.seal
        if change in ("subject", "body"):
            setattr(draft, change, getattr(draft, change) + noise)
        elif change == "recipient":
            draft.recipient = noise
        elif change == "address":
            row.requester_email = noise
        elif change == "thread":
            say(session, row, noise)
        elif change == "articles":
            draft.article_versions = {noise: 1}
        else:
            seal = noise
        session.add_all([draft, row])
        session.flush()
        with pytest.raises((ApprovalVoid, GuardError, InputError)):
            decide(session, home_of_module, staff, draft, seal=seal)
        assert nothing_left(session)
        transaction.rollback()


@given(words=st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=40))
@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_goes_out_is_what_the_person_sent(sqlite: Database, home_of_module: Settings, words: str) -> None:
    with Session(sqlite.engine, expire_on_commit=False) as session, session.begin() as transaction:
        row, staff = ticket(session), person(session)
        try:
            decide(session, home_of_module, staff, waiting_draft(session, row), body=words)
        except (GuardError, InputError):
            assert nothing_left(session)
        else:
            outbox = session.exec(select(Outbox)).one()
            assert (outbox.body, outbox.recipient) == (words.strip(), row.requester_email)
        transaction.rollback()


def test_a_decision_is_applied_once_whoever_clicks_at_the_same_time(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        people = [person(session, name=f"P{n}") for n in range(8)]
        draft = waiting_draft(session, ticket(session))
    start, told, enqueued = threading.Barrier(len(people)), list[str](), Enqueued()
    kinds = [K.APPROVE, K.REJECT, K.ESCALATE, K.APPROVE] * 2

    def click(user: User, kind: K) -> None:
        start.wait()
        try:
            with database.transaction() as session:
                approval.decide(
                    session, recorder_of(enqueued), settings, user, draft.id or 0, kind=kind, seal=draft.seal, reason="other"
                )
            told.append("done")
        except TriageError as error:
            told.append(type(error).__name__)

    threads = [threading.Thread(target=click, args=pair) for pair in zip(people, kinds, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(told) == sorted(["done"] + ["AlreadyDecided"] * 7)
    with database.read() as session:
        decision = session.exec(select(Decision)).one()
        assert len(session.exec(select(Outbox)).all()) == (1 if decision.kind == K.APPROVE else 0)
        status = session.exec(select(Ticket.status)).one()
        assert status == {K.APPROVE: Status.APPROVED, K.REJECT: Status.REJECTED, K.ESCALATE: Status.ESCALATED}[K(decision.kind)]
