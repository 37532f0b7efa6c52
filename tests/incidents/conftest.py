"""A desk on which several customers write of one outage, each ticket with the draft that agents left for a person."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session

from tests import desks
from tests.incidents.stories import OUTAGE, PEOPLE
from triage import replies
from triage.incidents import keeping
from triage.models import Draft, MasterDraft, Role, Status, User
from triage.office import Desk

Put = Callable[..., int]


@pytest.fixture
def staff(desk: Desk) -> User:
    with desk.database.transaction() as session:
        return desks.person(session)


@pytest.fixture
def manager(desk: Desk) -> User:
    with desk.database.transaction() as session:
        return desks.person(session, Role.MANAGER, "Mina")


@pytest.fixture
def put(desk: Desk) -> Put:
    """A ticket that waits with the agents' draft; gives its number. `plan` is theirs, the other fields are the ticket's."""

    def write(name: str, body: str, **fields: Any) -> int:
        with desk.database.transaction() as session:
            return put_in(session, name, body, **fields)

    return write


def put_in(
    session: Session,
    name: str,
    body: str,
    *,
    plan: dict[str, Any] | None = None,
    draft: dict[str, Any] | None = None,
    **fields: Any,
) -> int:
    """See `put`."""
    given = {"subject": body.split(".")[0][:60], "category": "app", "requester_name": f"{name} Example", **fields}
    subject, person = given.pop("subject"), given.pop("requester_name")
    row = desks.ticket(session, email=f"{name.lower()}@customer.example", body=body, **given)
    row.subject, row.requester_name = subject, person
    own = Draft(
        ticket_id=row.id or 0, episode_id=row.episode_id or 0, subject=f"Re: {subject}", body="Pair the kettle again.",
        plan={"questions": [body], "requested_actions": [], **(plan or {})}, **{"approver": row.approver, **(draft or {})},
    )  # fmt: skip
    replies.seal(session, own, row)
    row.status = fields.get("status", Status.AWAITING_APPROVAL)
    session.add(row)
    session.flush()
    return row.id or 0


@pytest.fixture
def outage(desk: Desk, put: Put, staff: User) -> tuple[int, list[int]]:
    """An open incident and its four members."""
    numbers = [put(name, body) for name, body in zip(PEOPLE, OUTAGE, strict=False)]
    with desk.database.transaction() as session:
        return keeping.start(session, staff, numbers, "The app cannot reach the service").id or 0, numbers


@pytest.fixture
def text(desk: Desk) -> Callable[..., MasterDraft]:
    """A text for an incident, as if the agents had written it."""

    def write(
        incident: int, body: str = "Hello {{name}},\n\nThe app service is down; we work on it.\n\nKind regards", **fields: Any
    ) -> MasterDraft:
        with desk.database.transaction() as session:
            master = MasterDraft(
                **{"incident_id": incident, "status": "waiting", "language": "en", "subject": "Outage", "body": body, **fields}
            )
            session.add(master)
            session.flush()
            return master

    return write
