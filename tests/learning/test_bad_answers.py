"""Reporting a bad answer: once, with a reason, told to the team, and settled by who sees figures."""

import pytest
from sqlmodel import select

from tests.desks import person, ticket, waiting_draft
from triage.database import Database
from triage.errors import AccessError, ConflictError, InputError
from triage.learning import bad_answers, cases
from triage.models import AuditEvent, BadAnswer, Decision, EvaluationCase, Notification, Role, Run, Status


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


def test_a_report_becomes_an_evaluation_case_without_personal_data(database: Database) -> None:
    with database.transaction() as session:
        row, user, boss = (
            ticket(session, status=Status.AWAITING_APPROVAL),
            person(session),
            person(session, Role.MANAGER, name="Mo"),
        )
        draft = waiting_draft(session, row)
        report = bad_answers.report(
            session, user, "wrong_fact", ticket_id=row.id, comment="Priya was told three months; it is six."
        )
        assert cases.sent_instead(session, report) is None
        with pytest.raises(InputError, match="would have been right"):
            bad_answers.settle(session, boss, report.id or 0, "case")
        assert report.taken_as == "" and not session.exec(select(EvaluationCase)).all()
        as_it_was = Decision(
            draft_id=draft.id or 0, ticket_id=row.id or 0, episode_id=draft.episode_id, user_id=user.id or 0, kind="approve", seal="",
            body=draft.body, edit_distance=0.0,
        )  # fmt: skip
        session.add(as_it_was)
        session.flush()
        assert cases.sent_instead(session, report) is None  # the bad answer itself went out
        as_it_was.body, as_it_was.edit_distance = "Hello Priya, use ClearCal every six months. Nadia", 0.3
        session.add(as_it_was)
        session.flush()
        bad_answers.settle(session, boss, report.id or 0, "case")
        case = session.exec(select(EvaluationCase)).one()
        assert report.taken_as == "case" and case.source == "report" and case.made_by == boss.id
        assert "How do I descale it?" in case.question and "every six months" in case.expected
        assert not any(name in f"{case.expected}{case.properties}" for name in ("Priya", "Nadia"))
        assert case.properties["report"] == report.id and case.properties["reason"] == "wrong_fact"
        again = bad_answers.report(session, boss, "tone", ticket_id=row.id)
        bad_answers.settle(session, boss, again.id or 0, "case", right="Every six months, gladly.")
        assert [case.expected for case in session.exec(select(EvaluationCase).order_by(EvaluationCase.id))][
            1
        ] == "Every six months, gladly."  # type: ignore[arg-type]
        assert cases.listing(session, boss)[1] == 2 and '"from": "report"' in cases.export(session)
