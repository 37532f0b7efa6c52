"""What a new desk still lacks, and who has seen the tour."""

from sqlmodel import select

from triage.accounts import users
from triage.database import Database
from triage.first_steps import end_tour, first_steps, tour_is_due
from triage.models import AuditEvent, Role, Ticket
from triage.settings import Settings


def test_a_new_desk_lacks_everything_and_what_is_there_is_told(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        users.create(session, email="first@desk.example", name="First", role=Role.ADMIN, actor="test")
        new = first_steps(session, settings)
        assert not (new.articles or new.tickets or new.people or new.mail)
        users.create(session, email="second@desk.example", name="Second", role=Role.STAFF, actor="test")
        session.add(Ticket(subject="One"))
        session.flush()
        now = first_steps(session, settings.model_copy(update={"smtp_host": "mail.example"}))
        assert now.tickets and now.people and now.mail and not now.articles


def test_the_tour_is_over_for_good_and_on_record(database: Database) -> None:
    with database.transaction() as session:
        user = users.create(session, email="first@desk.example", name="First", role=Role.STAFF, actor="test")
        assert tour_is_due(user)
        end_tour(session, user)
        end_tour(session, user)
    with database.read() as session:
        assert not tour_is_due(users.by_email(session, "first@desk.example"))
        assert len(session.exec(select(AuditEvent).where(AuditEvent.kind == "tour_ended")).all()) == 1
