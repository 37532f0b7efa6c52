"""Groups: who may make them, what is routed to them, and that a mandatory route comes before the category's."""

from collections.abc import Iterator

import pytest
from sqlmodel import Session

from knowledge_base.embedding import embedder
from triage import taxonomy, teams
from triage.database import Database
from triage.errors import AccessError, ConflictError, InputError
from triage.models import Category, CategoryExample, Message, Role, Status, Ticket, User
from triage.tickets import inbox
from triage.tickets.inbox import View


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.transaction() as opened:
        yield opened


def someone(session: Session, role: Role) -> User:
    person = User(email=f"{role}@example.org", name=str(role), role=role)
    session.add(person)
    session.flush()
    return person


def test_only_administrators_change_groups_and_categories(session: Session) -> None:
    admin, manager, staff = (someone(session, role) for role in (Role.ADMIN, Role.MANAGER, Role.STAFF))
    teams.add(session, admin, "Billing")
    taxonomy.save(session, admin, "", title="Invoices", description="", default_priority="normal", team="Billing")
    for person in (manager, staff):
        for change in (
            lambda who: teams.add(session, who, "Other"),
            lambda who: teams.remove(session, who, "Billing"),
            lambda who: teams.set_members(session, who, "Billing", []),
            lambda who: teams.set_route(session, who, "press", "Billing"),
            lambda who: taxonomy.save(session, who, "invoices", title="x", description="", default_priority="low", team=""),
            lambda who: taxonomy.add_example(session, who, "invoices", "text", embedder()),
            lambda who: taxonomy.remove(session, who, "invoices"),
            lambda who: taxonomy.learn(session, who, lambda *_: None),
        ):
            with pytest.raises(AccessError):
                change(person)
    assert taxonomy.load(session, manager).rows[0].category.team == "Billing"
    with pytest.raises(AccessError):
        taxonomy.load(session, staff)


def test_a_mandatory_route_comes_before_the_category_and_the_gravest_before_others(session: Session) -> None:
    admin = someone(session, Role.ADMIN)
    for name in ("Billing", "Legal", "Security"):
        teams.add(session, admin, name)
    teams.set_route(session, admin, "legal_threat", "Legal")
    teams.set_route(session, admin, "security_incident", "Security")
    assert teams.team_for(session, "Billing", []) == "Billing"
    assert teams.team_for(session, "Billing", ["legal_threat"]) == "Legal"
    assert teams.team_for(session, "Billing", ["legal_threat", "security_incident"]) == "Security"
    assert teams.team_for(session, "Billing", ["press"]) == "Billing"
    teams.set_route(session, admin, "legal_threat", "")
    assert teams.team_for(session, "", ["legal_threat"]) == ""
    with pytest.raises(InputError):
        teams.set_route(session, admin, "weather", "Legal")


def test_people_see_what_is_routed_to_their_groups(session: Session) -> None:
    admin, staff = someone(session, Role.ADMIN), someone(session, Role.STAFF)
    for name in ("Billing", "Orders"):
        teams.add(session, admin, name)
    teams.set_members(session, admin, "Billing", [staff.id or 0, staff.id or 0])
    tickets = [Ticket(subject=name, team=name, status=Status.AWAITING_APPROVAL) for name in ("Billing", "Orders", "")]
    session.add_all(tickets)
    session.flush()
    assert [row.subject for row in inbox.listing(session, staff, View.GROUPS).rows] == ["Billing"]
    assert inbox.counts(session, staff)[View.GROUPS] == 1 and teams.of(session, staff) == ["Billing"]
    teams.hand(session, staff, tickets[1].id or 0, "Billing")
    assert inbox.counts(session, staff)[View.GROUPS] == 2
    teams.remove(session, admin, "Billing")
    assert inbox.counts(session, staff)[View.GROUPS] == 0 and tickets[0].team == ""


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "billing"])
def test_names_that_cannot_be_used_are_refused(session: Session, name: str) -> None:
    admin = someone(session, Role.ADMIN)
    teams.add(session, admin, "Billing")
    with pytest.raises(InputError):
        teams.add(session, admin, name)


def test_a_ticket_becomes_an_example_once(session: Session) -> None:
    admin, staff = someone(session, Role.ADMIN), someone(session, Role.STAFF)
    for title in ("Invoices", "Parcels"):
        taxonomy.save(session, admin, "", title=title, description="", default_priority="normal", team="")
    ticket = Ticket(subject="Where is it?", category="invoices")
    session.add(ticket)
    session.flush()
    session.add(Message(ticket_id=ticket.id or 0, body="The parcel has not come."))
    session.flush()
    with pytest.raises(AccessError):
        taxonomy.add_ticket(session, staff, ticket.id or 0, "parcels", embedder())
    example = taxonomy.add_ticket(session, admin, ticket.id or 0, "parcels", embedder())
    assert example.text == "Where is it?\nThe parcel has not come." and ticket.category == "parcels"
    with pytest.raises(InputError, match="already"):
        taxonomy.add_ticket(session, admin, ticket.id or 0, "parcels", embedder())
    with pytest.raises(ConflictError, match="1 tickets"):
        taxonomy.remove(session, admin, "parcels")
    taxonomy.remove_example(session, admin, example.id or 0)
    taxonomy.refile(session, staff, ticket.id or 0, "invoices")
    taxonomy.remove(session, admin, "parcels")
    session.flush()
    assert session.get(Category, "parcels") is None and session.get(CategoryExample, example.id) is None
