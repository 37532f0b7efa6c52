"""A newcomer to the demo finds a few unread notifications, the most pressing ones."""

from sqlmodel import select

from tests.desks import person, ticket
from triage.database import Database
from triage.demo import greeting
from triage.models import Notification, Role, Status
from triage.notifications import reading
from triage.notifications.telling import tell


def test_the_demo_leaves_the_most_pressing_unread(database: Database) -> None:
    with database.transaction() as session:
        manager = person(session, Role.MANAGER)
        manager.demo = True
        rows = [
            ticket(session, source_id=f"demo-{n}", priority="urgent" if n == 7 else "low", status=Status.ESCALATED)
            for n in range(12)
        ]
        rows[0].status = Status.TRIAGING
        for row in rows:
            tell(session, "escalated", f"#{row.id}", role=Role.MANAGER, ticket_id=row.id)
        tell(session, "style", "A suggestion", role=Role.MANAGER)
        session.flush()
        assert not greeting.calm(session)  # an agent is at work still
        rows[0].status = Status.ESCALATED
        session.flush()
        assert greeting.calm(session)
        assert reading.unread(session, manager) == greeting.LEFT + 1
        left = session.exec(select(Notification.ticket_id).where(reading.is_unread(session, manager))).all()
        assert rows[7].id in left and None in left
