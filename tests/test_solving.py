"""The second pool, on both databases: what was approved and delivered helps with the next like question."""

import pytest
from sqlmodel import Session, select

from tests.desks import person, say
from tests.test_flow import come_in, seen, worked_on
from triage import approval, delivery, replies, solving
from triage.desk import triage
from triage.models import DecisionKind, Draft, Outbox, PrecedentUse, Run, RunStep, SolvedCase, Status, Ticket, User
from triage.office import Desk
from triage.tickets import ticket_view

QUESTION = "How do I descale my kettle with Kalkweg? My number is +31 20 123 4567. Priya Raman"


def approve(desk: Desk, draft: Draft, body: str | None = None) -> tuple[User, int, int]:
    """Approve a draft; gives who did, the decision's and the outbox's number."""
    with desk.database.transaction() as session:
        user = session.exec(select(User)).first() or person(session)
        decision = approval.decide(
            session, desk.enqueue, desk.settings, user, draft.id or 0, kind=DecisionKind.APPROVE, seal=draft.seal, body=body
        )
        return user, decision.id or 0, session.exec(select(Outbox.id).where(Outbox.decision_id == decision.id)).one() or 0


async def solved(desk: Desk, body: str = QUESTION) -> Ticket:
    ticket, draft = await worked_on(desk, body)
    assert draft
    _, _, outbox_id = approve(desk, draft, f"{draft.body}\n\nWe write to priya@customer.example. Nadia")
    assert await delivery.deliver(desk, outbox_id) == "sent"
    return ticket


def cases(session: Session) -> list[SolvedCase]:
    return list(session.exec(select(SolvedCase).order_by(SolvedCase.id)))  # type: ignore[arg-type]


async def test_only_a_delivered_reply_is_kept_and_without_personal_data(desk: Desk) -> None:
    ticket, draft = await worked_on(desk, QUESTION)
    assert draft
    user, decision_id, _ = approve(desk, draft)
    with desk.database.transaction() as session:
        assert cases(session) == []  # approved, not delivered
        renewed = approval.undo(session, user, decision_id)
    _, _, outbox_id = approve(desk, renewed, f"{renewed.body}\n\nWe write to priya@customer.example. Nadia")
    assert await delivery.deliver(desk, outbox_id) == "sent"
    with desk.database.read() as session:
        [case] = cases(session)
    assert (case.ticket_id, case.language, case.category) == (ticket.id, "en", "cleaning")
    assert "descale-your-kettle" in case.articles and "Kalkweg" in case.answer and "descale" in case.question
    for text in (case.question, case.answer):
        assert not [gone for gone in ("Priya", "4567", "@", user.name) if gone in text]


async def test_the_next_like_question_is_shown_the_case_and_cites_only_articles(desk: Desk) -> None:
    first = await solved(desk)
    again, draft = await worked_on(desk, "How should I descale the kettle with Kalkweg?")
    assert draft
    with desk.database.read() as session:
        view = ticket_view.load(session, again.id or 0)
        step = session.exec(select(RunStep).join(Run).where(Run.ticket_id == again.id, RunStep.name == "knowledge")).one()
        known = set(session.exec(select(SolvedCase.id)))
    [(case, score)] = view.precedents
    assert case.ticket_id == first.id and score > 0.55 and case.id in known
    assert step.response["precedents"] and {str(c["article"]) for c in draft.citations} <= {"descale-your-kettle"}
    cited = {passage for sentence in draft.sentences for passage in sentence["passages"]}  # type: ignore[attr-defined]
    assert cited <= {str(c["passage"]) for c in draft.citations} | {"customer"}
    other, _ = await worked_on(desk, "How do I pair the kettle with the app?")
    with desk.database.read() as session:
        assert ticket_view.load(session, other.id or 0).precedents == []


async def test_a_case_rests_while_the_customer_has_come_back_and_makes_way_for_the_correction(desk: Desk) -> None:
    first = await solved(desk)
    assert desk.solved.search(["How do I descale the kettle with Kalkweg?"])
    assert not desk.solved.search(["How do I descale the kettle with Kalkweg?"], besides=first.id)
    await worked_on(desk, "How do I descale a kettle with Kalkweg?")  # is shown the case
    with desk.database.transaction() as session:
        ticket = session.get_one(Ticket, first.id)
        ticket.status = Status.REOPENED
        session.add(ticket)
    assert not desk.solved.search(["How do I descale the kettle with Kalkweg?"])
    with desk.database.transaction() as session:
        [old] = cases(session)
        ticket = session.get_one(Ticket, first.id)
        ticket.status = Status.AWAITING_APPROVAL
        say(session, ticket, "That was wrong. How do I descale it?")
        user = session.exec(select(User)).first()
        assert user
        draft = replies.write_reply(session, user, first.id or 0, "Please use two sachets of Kalkweg.")
    _, _, outbox_id = approve(desk, draft)
    assert await delivery.deliver(desk, outbox_id) == "sent"
    with desk.database.read() as session:
        [new] = cases(session)
        assert new.decision_id != old.decision_id and "two sachets" in new.answer
        assert session.exec(select(PrecedentUse)).all() == []
    assert [found.answer for found in desk.solved.search(["That was wrong. How do I descale it?"])] == [new.answer]


@pytest.mark.parametrize("body", [
    "I returned my order KT-10001. Please refund the 49.00 EUR to my card now.",
    "Do you sponsor football clubs in Brazil, and whom would I ask about a partnership?",
])  # fmt: skip
async def test_a_refused_action_and_a_holding_reply_are_no_precedents(desk: Desk, body: str) -> None:
    ticket_id, run_id = come_in(desk, body)
    await triage(desk, run_id)
    _, draft = seen(desk.database, ticket_id)
    assert draft
    with desk.database.transaction() as session:
        ticket = session.get_one(Ticket, ticket_id)
        decision = approval.Decision(
            draft_id=draft.id or 0, ticket_id=ticket_id, episode_id=draft.episode_id, user_id=person(session).id or 0,
            kind=DecisionKind.APPROVE, seal=draft.seal, body=draft.body,
        )  # fmt: skip
        assert solving.keep(session, decision, draft, ticket) is None


async def test_what_was_delivered_before_there_was_a_pool_is_brought_in_once(desk: Desk) -> None:
    first = await solved(desk)
    with desk.database.transaction() as session:
        solving.forget(session, first)
        assert cases(session) == []
        assert solving.backfill(session) == "1 solved cases kept" and len(cases(session)) == 1
        assert solving.backfill(session) == "0 solved cases kept"
    assert desk.solved.embed() == 1 and desk.solved.embed() == 0
