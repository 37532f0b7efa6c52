"""Forks: the first steps as they were, something changed, live from there; and nothing of them leaves the desk."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select

from tests.desks import person
from tests.replay.test_replaying import QUESTION, VERIFIED, steps_of, with_service, worked
from triage import delivery, dossiers, handover, proposals, replies
from triage.desk import triage
from triage.errors import AccessError, ConflictError, Divergence, InputError
from triage.learning.metrics import Window, report
from triage.models import Decision, DecisionKind, Draft, Outbox, Role, Run, RunPremise, RunStep, Ticket, User
from triage.office import Desk
from triage.outcome import Blocked
from triage.replay.changes import Changes
from triage.replay.comparing import compare
from triage.replay.forking import fork
from triage.runs import refuse_fork
from triage.sla.plan import desk_hours

SQLITE = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)


def admin(desk: Desk) -> User:
    with desk.database.transaction() as session:
        return person(session, Role.ADMIN, name="Ada")


def where(desk: Desk, run_id: str, role: str) -> int:
    return next(step.ordinal for step in steps_of(desk, run_id) if step.role == role and step.kind == "model")


def run_of(desk: Desk, run_id: str) -> tuple[Run, dict[str, Any]]:
    with desk.database.read() as session:
        return session.get_one(Run, run_id), dict(session.get_one(RunPremise, run_id).ending)


async def test_a_fork_takes_steps_over_and_goes_live_with_another_prompt(desk: Desk) -> None:
    run_id = await worked(desk, QUESTION)
    at = where(desk, run_id, "writer")
    fork_id = await fork(desk, admin(desk), run_id, at, Changes(prompts={"writer": "Write for {company} in haiku."}))
    was, now = steps_of(desk, run_id), steps_of(desk, fork_id)
    assert [s.request_hash for s in was[:at]] == [s.request_hash for s in now[:at]]
    assert "in haiku" in str(now[at].request) and "in haiku" not in str(was[at].request)
    run, ending = run_of(desk, fork_id)
    assert (run.parent_id, run.forked_at, run.status) == (run_id, at, "ended") and "Kalkweg" in ending["body"]
    with desk.database.read() as session:
        compared = compare(session, session.exec(select(User)).one(), run_id, fork_id)
    assert compared.first.startswith(f"They first differ at step {at + 1}, “Writer drafts”, in request.messages[0].content")
    marked = [line for line in compared.pairs[at].differences[0].lines if not line.same]
    assert any("haiku" in piece.text for line in marked for piece in line.after)


async def test_a_fork_tries_another_article_model_and_result(desk: Desk) -> None:
    with_service(desk)
    run_id = await worked(desk, QUESTION, **VERIFIED)
    user = admin(desk)
    search = next(step.ordinal for step in steps_of(desk, run_id) if step.name == "knowledge")
    body = "Descale the kettle every two weeks with Kalkweg."
    other = await fork(desk, user, run_id, search, Changes(article="descale-your-kettle", article_body=body))
    assert "two weeks" in run_of(desk, other)[1]["body"]
    assert "two weeks" not in str([step.response for step in steps_of(desk, run_id)])
    offline = await fork(desk, user, run_id, where(desk, run_id, "writer"), Changes(models={"writer": "offline"}))
    assert steps_of(desk, offline)[where(desk, run_id, "writer")].name == "offline"
    order = next(step.ordinal for step in steps_of(desk, run_id) if step.name == "order_status")
    lost = await fork(desk, user, run_id, order + 1, Changes(result={"number": "KT-10001", "status": "lost"}))
    assert steps_of(desk, lost)[order].response == {"result": {"number": "KT-10001", "status": "lost"}}
    asked = next(step for step in steps_of(desk, lost)[order + 1 :] if step.kind == "model")
    assert '"status": "lost"' in str(asked.request)


@SQLITE
async def test_a_fork_that_cannot_be_made_says_why(desk: Desk) -> None:
    run_id = await worked(desk, QUESTION)
    user = admin(desk)
    with desk.database.transaction() as session:
        staff = person(session)
    for changes, steps, said in (
        (Changes(), 0, "changes something"),
        (Changes(prompts={"poet": "x"}), 0, "no agent called 'poet'"),
        (Changes(models={"writer": "gpt-9"}), 0, "no model service is set up"),
        (Changes(result={"a": 1}), 0, "at least one step"),
        (Changes(prompts={"writer": "x"}), 99, "take over 0 to"),
        (Changes(article="kettles", article_body="x"), 0, "no article kettles"),
    ):
        with pytest.raises(InputError, match=said):
            await fork(desk, user, run_id, steps, changes)
    with pytest.raises(AccessError):
        await fork(desk, staff, run_id, 1, Changes(prompts={"writer": "x"}))
    with desk.database.transaction() as session:
        first = session.exec(select(RunStep).where(RunStep.run_id == run_id, RunStep.ordinal == 0)).one()
        first.kind = "model"
        session.add(first)
    with pytest.raises(Divergence, match="taken over"):
        await fork(desk, user, run_id, 1, Changes(prompts={"writer": "x"}))
    with desk.database.read() as session:
        assert {run.status for run in session.exec(select(Run).where(col(Run.forked_at).is_not(None)))} <= {"failed", "ended"}


async def test_a_fork_changes_nothing_but_itself_and_no_metric_counts_it(desk: Desk) -> None:
    run_id = await worked(desk, "I returned my order KT-10001. Please refund the 49.00 EUR to my card now.")
    with_service(desk)
    user = admin(desk)
    before = _figures(desk)
    fork_id = await fork(desk, user, run_id, 0, Changes(prompts={"writer": "Write for {company}."}))
    assert run_of(desk, fork_id)[0].cost_usd > 0
    after = _figures(desk)
    assert before == after


def _figures(desk: Desk) -> dict[str, Any]:
    """Every metric, and every row that a run may leave behind."""
    tables = (
        "ticket",
        "draft",
        "outbox",
        "blockedaction",
        "proposal",
        "episode",
        "searchrecord",
        "passageuse",
        "guardverdict",
        "notification",
    )
    with desk.database.read() as session:
        figures: dict[str, Any] = {name: session.connection().execute(text(f"SELECT * FROM {name}")).all() for name in tables}
        figures["metrics"] = report(session, Window.last(30, desk_hours(session)))
    return figures


async def test_a_fork_can_be_sent_by_no_route(desk: Desk) -> None:
    """Every service between an outcome and a mail refuses it, even when a row of it got in by other ways."""
    run_id = await worked(desk, QUESTION)
    fork_id = await fork(desk, admin(desk), run_id, 1, Changes(prompts={"writer": "Write for {company}."}))
    with desk.database.transaction() as session:
        run = session.get_one(Run, fork_id)
        ticket = session.get_one(Ticket, run.ticket_id)
        former = session.get_one(Draft, ticket.draft_id)
        draft = Draft(ticket_id=former.ticket_id, episode_id=former.episode_id, run_id=fork_id, body="Hello", subject="Re: it")
        decision = Decision(
            ticket_id=former.ticket_id,
            episode_id=former.episode_id,
            draft_id=former.id or 0,
            user_id=1,
            kind=DecisionKind.APPROVE,
        )
        blocked = [Blocked("issue_refund", "payments", "KT-1", "5", "because")]
        refused: list[Any] = [
            lambda: refuse_fork(session, fork_id),
            lambda: replies.seal(session, draft, ticket),
            lambda: replies.renew(session, draft, cause="again"),
            lambda: replies.post(session, desk.settings, draft, ticket, decision),
            lambda: dossiers.lay_down(session, ticket, run, blocked),
            lambda: proposals.lay_down(session, ticket, run, []),
        ]
        for way in refused:
            with pytest.raises(ConflictError, match="is a fork"):
                way()
        session.expunge(draft) if draft in session else None
        run.status = "running"
        session.add(run)
        session.flush()
        assert handover.begin(session, desk.database, fork_id, None, desk.settings, desk.models) is None
        assert handover.abandon(session, desk.settings, fork_id, _outcome()) == "nothing to do"
        run.status = "ended"
    assert await triage(desk, fork_id) == "nothing to do"
    with desk.database.transaction() as session:
        outbox_id = _smuggled(session, desk, fork_id)
    assert await delivery.deliver(desk, outbox_id) in ("failed", "nothing to do")
    assert not list((desk.settings.home / "mail").rglob("*.triage*")) and not _sent(desk)


def _outcome() -> Any:
    from triage import judging

    return judging.broke(KeyError("x"))


def _smuggled(session: Session, desk: Desk, fork_id: str) -> int:
    """An approved reply whose draft is then said to come from the fork, as no service would write it."""
    from triage import approval

    run = session.get_one(Run, fork_id)
    ticket = session.get_one(Ticket, run.ticket_id)
    draft = session.get_one(Draft, ticket.draft_id)
    user = person(session, Role.MANAGER, name="Mo")
    approval.decide(session, desk.enqueue, desk.settings, user, draft.id or 0, kind=DecisionKind.APPROVE, seal=draft.seal)
    draft.run_id = fork_id
    session.add(draft)
    outbox = session.exec(select(Outbox)).one()
    outbox.send_after = ticket.created_at
    session.add(outbox)
    return outbox.id or 0


def _sent(desk: Desk) -> list[Any]:
    folder = desk.settings.home / "mail" / "sent" / "new"
    return list(folder.iterdir()) if folder.exists() else []
