"""Who lost a role since the page was opened changes nothing any more: services ask the database, not the page."""

from collections.abc import Callable

import pytest
from sqlmodel import Session

from tests.desks import person
from triage import taxonomy, teams
from triage.database import Database
from triage.errors import AccessError
from triage.models import Role, User


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
