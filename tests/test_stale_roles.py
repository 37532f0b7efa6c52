"""Who lost a role since the page was opened changes nothing any more: services ask the database, not the page."""

import json
from collections.abc import Callable
from typing import cast

import pytest
from sqlmodel import Session, col, func, select

from tests.desks import person
from tests.library.desk import embed, write
from triage import administration, taxonomy, teams
from triage.database import Database
from triage.errors import AccessError
from triage.library import editing, files, imports, naming, publishing, review, suggestions, synonyms
from triage.library.editing import Text
from triage.models import Role, Ticket, User, now
from triage.office import Desk
from triage.rehearsal import asking
from triage.settings import Settings
from triage.tickets import new_tickets
from triage.tickets.new_tickets import Written

WRITTEN = Written(token="t1", subject="Cold milk", body="The milk is cold.", address="bo@customer.example")


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "change",
    [
        lambda session, user: teams.add(session, user, "Night shift"),
        lambda session, user: teams.set_route(session, user, "billing", "Night shift"),
        lambda session, user: taxonomy.remove(session, user, "billing"),
        lambda session, user: taxonomy.learn(session, user, lambda *_: None),
    ],
    ids=["team", "route", "category", "learn"],
)
def test_a_former_administrator_with_an_open_page_is_refused(
    database: Database, change: Callable[[Session, User], object]
) -> None:
    with database.transaction() as session:
        remembered = User(**person(session, Role.ADMIN, "Ada").model_dump())
        session.get_one(User, remembered.id).role = Role.STAFF
    with pytest.raises(AccessError), database.transaction() as session:
        change(session, remembered)


OLD = Text("Pause", "Wait a week.")
WRITES: dict[str, Callable[[Session, User, Settings], object]] = {
    "turn a switch": lambda s, u, _: administration.turn(s, u, "articles_need_review", True),
    "turn a rule": lambda s, u, _: administration.turn(s, u, "every_draft_needs_manager", True),
    "list people": lambda s, u, _: administration.people(s, u),
    "invite": lambda s, u, _: administration.invite(s, u, email="x@desk.example", name="X", role=Role.ADMIN),
    "invite again": lambda s, u, _: administration.invite_again(s, u, u.id or 0),
    "set role": lambda s, u, _: administration.set_role(s, u, u.id or 0, Role.ADMIN),
    "enable": lambda s, u, _: administration.set_enabled(s, u, u.id or 0, True),
    "list keys": lambda s, u, _: administration.keys(s, u),
    "create a key": lambda s, u, _: administration.create_key(s, u, "mine"),
    "revoke a key": lambda s, u, _: administration.revoke_key(s, u, "abc"),
    "rename": lambda s, u, _: naming.rename(s, u, "pause", "break"),
    "ask for review": lambda s, u, _: review.ask(s, u, "pause"),
    "approve": lambda s, u, _: review.approve(s, u, "pause", number=1),
    "give back": lambda s, u, _: review.give_back(s, u, "pause", number=1, comment="No."),
    "withdraw": lambda s, u, _: review.withdraw(s, u, "pause"),
    "publish": lambda s, u, _: publishing.publish(s, u, "pause", embed=embed),
    "approve and publish": lambda s, u, _: publishing.approve_and_publish(s, u, "pause", number=1, comment="", embed=embed),
    "unpublish": lambda s, u, _: publishing.unpublish(s, u, "pause"),
    "archive": lambda s, u, _: publishing.archive(s, u, "pause"),
    "restore": lambda s, u, _: publishing.restore(s, u, "pause"),
    "audience": lambda s, u, _: publishing.set_audience(s, u, "pause", "internal"),
    "confirm": lambda s, u, _: publishing.confirm(s, u, "pause"),
    "add synonyms": lambda s, u, _: synonyms.add(s, u, "pause, break"),
    "remove synonyms": lambda s, u, _: synonyms.remove(s, u, 1),
    "add a file": lambda s, u, settings: files.add(s, settings, u, "pause", "a.txt", "text/plain", b"a"),
    "remove a file": lambda s, u, _: files.remove(s, u, 1),
    "keep a copy": lambda s, u, _: editing.keep(s, u, "pause", OLD, base=1, revision=0),
    "save": lambda s, u, _: editing.save(s, u, "pause", base=1, title="Pause", body="Wait."),
    "finish": lambda s, u, _: editing.finish(s, u, "pause", OLD, base=1),
    "roll back": lambda s, u, _: editing.roll_back(s, u, "pause", 1),
    "suggest": lambda s, u, _: suggestions.suggest(s, u, "pause", "Say more."),
    "settle suggestions": lambda s, u, _: suggestions.settle(s, u),
    "stop an import": lambda s, u, _: imports.stop(s, u, "none"),
    "go on with an import": lambda s, u, _: imports.go_on(s, u, cast(Desk, None), "none"),
    "stop a rehearsal": lambda s, u, _: asking.stop(s, u, 1),
    "write a ticket": lambda s, u, settings: new_tickets.create(s, u, settings, lambda *_: None, WRITTEN),
}  # fmt: skip


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("lost", ["role", "account"])
def test_every_change_asks_what_the_person_may_now(database: Database, settings: Settings, lost: str) -> None:
    with database.transaction() as session:
        write(session, "pause")
        remembered = User(**person(session, Role.ADMIN, "Ada").model_dump())
        _lose(session, remembered, lost)
    for name, change in WRITES.items():
        if lost == "role" and name in ("suggest", "write a ticket"):
            continue  # staff may
        with pytest.raises(AccessError), database.transaction() as session:
            change(session, remembered, settings)
            pytest.fail(f"{name} was done")


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_an_upload_ends_when_the_account_is_switched_off_meanwhile(database: Database, settings: Settings) -> None:
    mails = "\n".join(json.dumps({"id": f"m{n}", "from": "bo@customer.example", "subject": f"Cold {n}", "body": "It is cold."}) for n in range(3))  # fmt: skip
    with database.transaction() as session:
        remembered = User(**person(session).model_dump())
    taking = new_tickets.take_file(database, remembered, settings, lambda *_: None, "m.jsonl", mails.encode())
    assert next(taking).receipt
    with database.transaction() as session:
        _lose(session, remembered, "account")
    with pytest.raises(AccessError):
        next(taking)
    with pytest.raises(AccessError):
        next(new_tickets.take_file(database, remembered, settings, lambda *_: None, "m.jsonl", mails.encode()))
    with database.read() as session:
        assert session.exec(select(func.count(col(Ticket.id)))).one() == 1


def _lose(session: Session, user: User, lost: str) -> None:
    row = session.get_one(User, user.id)
    row.role, row.disabled_at = (Role.STAFF, None) if lost == "role" else (row.role, now())
    session.add(row)
