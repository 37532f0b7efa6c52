"""Reporting a bad answer: once, with a reason, told to the team, and settled by who sees figures."""

import pytest
from sqlmodel import select

from tests.desks import person, ticket, waiting_draft
from triage.database import Database
from triage.errors import AccessError, ConflictError, InputError
from triage.learning import bad_answers
from triage.models import AuditEvent, BadAnswer, Notification, Role, Run, Status


def test_an_answer_is_reported_once_told_to_the_team_and_settled(database: Database) -> None:
    with database.transaction() as session:
        row, user, boss = (
            ticket(session, status=Status.AWAITING_APPROVAL),
            person(session),
            person(session, Role.MANAGER, name="Mo"),
        )
        session.add(Run(id="r", ticket_id=row.id or 0, status="ended"))
        session.flush()
        draft = waiting_draft(session, row, run_id="r")
        first = bad_answers.report(session, user, "wrong_fact", ticket_id=row.id, comment="It is six months.")
        again = bad_answers.report(session, user, "wrong_fact", ticket_id=row.id)
        by_run = bad_answers.report(session, boss, "tone", run_id="r")
        assert first.id == again.id and by_run.about == first.about == f"draft:{draft.id}" and first.run_id == "r"
        told = session.exec(select(Notification).where(Notification.kind == "wrong_reported")).all()
        assert len(told) == 2 and "Nadia reports a bad answer: states something that is not so: It is six months." in told[0].text
        assert len(session.exec(select(AuditEvent).where(AuditEvent.kind == "answer.reported")).all()) == 2
        assert bad_answers.listing(session, user)[1] == 1 and bad_answers.listing(session, boss)[1] == 2
        assert bad_answers.listing(session, boss, reason="tone")[0][0].by == "Mo"
        with pytest.raises(AccessError):
            bad_answers.settle(session, user, first.id or 0, "article")
        bad_answers.settle(session, boss, first.id or 0, "article")
        with pytest.raises(ConflictError, match="settled"):
            bad_answers.settle(session, boss, first.id or 0, "case")
        assert [r.report.id for r in bad_answers.listing(session, boss, taken="article")[0]] == [first.id]
        for wrong in (
            {"reason": "ugly", "ticket_id": row.id},
            {"reason": "tone", "ticket_id": 99},
            {"reason": "tone", "run_id": "x"},
        ):
            with pytest.raises(InputError):
                bad_answers.report(session, user, **wrong)  # type: ignore[arg-type]
        other = ticket(session, email="else@customer.example")
        with pytest.raises(InputError, match="not answered"):
            bad_answers.report(session, user, "tone", ticket_id=other.id)
        session.add(Run(id="theirs", ticket_id=other.id or 0, status="ended"))
        session.flush()
        with pytest.raises(AccessError):
            bad_answers.report(session, user, "tone", run_id="theirs")
        assert len(session.exec(select(BadAnswer)).all()) == 2
