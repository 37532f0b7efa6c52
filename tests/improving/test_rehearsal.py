"""What would this break: the real flow on the new passages, and nothing of it reaches a ticket or a customer."""

from typing import Any

import pytest
from sqlmodel import Session, SQLModel, col, select

from knowledge_base import articles
from tests.test_flow import worked_on
from triage.database.sealed import Sealed
from triage.errors import AccessError, ConflictError, InputError
from triage.llm.scripted import ScriptedModel
from triage.models import Passage, Rehearsal, RehearsedTicket, Run, Ticket, User
from triage.office import Desk
from triage.rehearsal import asking, doing

QUESTION = "How do I descale my kettle with Kalkweg?"
MAY_GROW = {"rehearsal", "rehearsedticket", "span", "auditevent", "dbos"}


def save(desk: Desk, body: str, article: str = "descale-your-kettle") -> int:
    with desk.database.transaction() as session:
        title = articles.versions(session, article)[0].title
        return articles.save_version(session, article, title=title, body=body, author="Ines").number


def everything(desk: Desk) -> dict[str, list[Any]]:
    """Every row of every table that a rehearsal has no business with."""
    with desk.database.read() as session:
        tables = [table for table in SQLModel.metadata.sorted_tables if table.name not in MAY_GROW]
        return {table.name: sorted(map(str, session.execute(select(table)).all())) for table in tables}  # type: ignore[call-overload]


async def rehearsed(desk: Desk, admin: User, number: int) -> asking.Report:
    with desk.database.transaction() as session:
        asked = asking.start(session, admin, desk, "descale-your-kettle", number)
    await doing.rehearse(desk, asked.id or 0)
    with desk.database.read() as session:
        report = asking.report(session, admin, "descale-your-kettle", number)
    assert report
    return report


async def test_a_changed_step_changes_the_reply_and_nothing_else_in_the_desk(desk: Desk, admin: User) -> None:
    await worked_on(desk, QUESTION)
    await worked_on(desk, "How can I return my order?")
    number = save(desk, desk_text(desk).replace("30 minutes", "45 minutes"))
    before = everything(desk)
    report = await rehearsed(desk, admin, number)
    assert (report.rehearsal.status, report.summary, report.done) == ("done", "1 change", 1)
    (row,) = report.tickets
    assert "30 minutes" in str(row.before["body"]) and "45 minutes" in str(row.after["body"])
    assert everything(desk) == before
    with desk.database.read() as session:  # what serves is still the published version
        texts = session.exec(select(Passage.text).where(Passage.article_id == "descale-your-kettle")).all()
    assert any("30 minutes" in text for text in texts)


def desk_text(desk: Desk) -> str:
    with desk.database.read() as session:
        return articles.versions(session, "descale-your-kettle")[0].body


async def test_an_article_that_no_longer_answers_lets_the_ticket_escalate(desk: Desk, admin: User) -> None:
    await worked_on(desk, QUESTION)
    report = await rehearsed(desk, admin, save(desk, "Moved to the manual of the toaster.", "descale-your-kettle"))
    assert report.summary in ("1 would now be escalated", "1 change")
    assert "Kalkweg." not in str(report.tickets[0].after["body"])


async def test_a_version_that_says_the_same_changes_nothing(desk: Desk, admin: User) -> None:
    await worked_on(desk, QUESTION)
    assert (await rehearsed(desk, admin, save(desk, desk_text(desk) + "\n"))).summary == "1 the same"


async def test_the_conversation_is_the_one_the_draft_answered(desk: Desk, admin: User) -> None:
    from tests.desks import say

    ticket, _ = await worked_on(desk, QUESTION)
    with desk.database.transaction() as session:
        say(session, session.get_one(Ticket, ticket.id), "Thanks, that is all!")
    report = await rehearsed(desk, admin, save(desk, desk_text(desk).replace("30 minutes", "45 minutes")))
    assert "45 minutes" in str(report.tickets[0].after["body"])


async def test_a_rehearsal_goes_on_after_a_crash_and_ends_when_it_is_stopped(desk: Desk, admin: User) -> None:
    for _ in range(3):
        await worked_on(desk, QUESTION)
    number = save(desk, desk_text(desk).replace("30 minutes", "45 minutes"))
    with desk.database.transaction() as session:
        asked = asking.start(session, admin, desk, "descale-your-kettle", number)
        done = session.exec(select(RehearsedTicket).order_by(col(RehearsedTicket.id))).first()
        assert done
        done.verdict, done.before, done.after = "same", {"kept": True}, {}
        session.get_one(Rehearsal, asked.id).status = "running"
    with desk.database.read() as session, pytest.raises(ConflictError):
        asking.start(session, admin, desk, "descale-your-kettle", number)
    await doing.rehearse(desk, asked.id or 0)
    with desk.database.read() as session:
        report = asking.report(session, admin, "descale-your-kettle", number)
        assert report and report.done == report.rehearsal.wanted and report.summary.startswith("1 the same")
    with desk.database.transaction() as session:
        again = asking.start(session, admin, desk, "descale-your-kettle", number)
        asking.stop(session, admin, again.id or 0)
    assert await doing.rehearse(desk, again.id or 0) == "nothing to do"


async def test_the_agents_of_a_rehearsal_cannot_write(desk: Desk, admin: User) -> None:
    await worked_on(desk, QUESTION)
    sealed = Sealed(desk.database, "A rehearsal may only read.")
    with pytest.raises(ConflictError), sealed.transaction():
        pass

    def tamper(session: Any) -> None:
        session.exec(select(Ticket)).first().subject = "changed"

    with pytest.raises(ConflictError):
        await sealed.run(tamper)
    with desk.database.read() as session:
        assert "changed" not in session.exec(select(Ticket.subject)).all()


async def test_only_administrators_rehearse_and_there_must_be_something_to_draft(desk: Desk, admin: User, manager: User) -> None:
    number = save(desk, "New text.")
    for user, error in ((manager, AccessError), (admin, InputError)):
        with desk.database.read() as session, pytest.raises(error):
            asking.start(session, user, desk, "descale-your-kettle", number)
    with desk.database.read() as session, pytest.raises(InputError):
        asking.start(session, admin, desk, "descale-your-kettle", 99)
    with desk.database.read() as session:
        assert asking.forecast(session, admin, desk, "descale-your-kettle") == asking.Forecast(0, 0.0, "offline")


async def test_with_a_paid_model_the_cost_is_told_before_and_a_draft_that_still_stands_is_not_paid_again(
    desk: Desk, admin: User
) -> None:
    await worked_on(desk, QUESTION)
    with desk.database.transaction() as session:
        session.exec(select(Run)).one().cost_usd = 0.03
    desk.models["writer"] = [ScriptedModel([]), *desk.models["writer"]]
    with desk.database.read() as session:
        assert asking.forecast(session, admin, desk, "descale-your-kettle") == asking.Forecast(1, 0.03, "scripted")
    with desk.database.transaction() as session:
        articles.publish(session, "descale-your-kettle", author="Ines", embed=desk.embedder, version=save_in(session))
    with desk.database.read() as session:
        assert asking.forecast(session, admin, desk, "descale-your-kettle").usd == 0.06


def save_in(session: Session) -> int:
    text = articles.versions(session, "descale-your-kettle")[0]
    return articles.save_version(session, text.article_id, title=text.title, body=f"{text.body} Rinse.", author="Ines").number
