"""Gaps: grouped by meaning, ranked by the minutes lost, and what people decided about one outlives the grouping."""

from datetime import timedelta

import pytest
from sqlmodel import select

from knowledge_base import articles
from tests.improving.conftest import ANSWER, QUESTIONS, Ask
from triage.errors import AccessError, ConflictError, InputError
from triage.improving import gaps, grouping
from triage.improving.questions import WINDOW
from triage.models import Episode, Gap, GapQuestion, GuardVerdict, Role, SearchRecord, User, clock_at, now
from triage.office import Desk


def listed(desk: Desk, admin: User, state: str = "open") -> list[Gap]:
    grouping.refresh(desk)
    with desk.database.read() as session:
        return gaps.listing(session, admin, state=state)


def test_questions_of_one_matter_are_one_gap_with_a_readable_title(desk: Desk, admin: User, ask: Ask) -> None:
    numbers = [ask(question, answer=ANSWER) for question in QUESTIONS]
    ask("Which guarantee do you give on the lid?")
    first, *others = listed(desk, admin)
    assert first.size == 4 and first.title in QUESTIONS and "norway" in first.terms and first.advice == "missing"
    assert len(others) == 1 and others[0].size == 1
    with desk.database.read() as session:
        view = gaps.load(session, admin, first.id or 0)
    assert {question.ticket_id for question in view.questions} == set(numbers)
    assert {tuple(question.signals) for question in view.questions} == {("escalated",)}


def test_minutes_lost_are_the_handling_time_beyond_the_usual(desk: Desk, admin: User, ask: Ask) -> None:
    for question in QUESTIONS:
        ask(question, answer=ANSWER, seconds=240)
    gap = listed(desk, admin)[0]
    assert gap.minutes == pytest.approx(
        4 * 4 / 4, abs=0.05
    )  # four of four minutes in the last four weeks, nothing usual to take off
    with desk.database.read() as session:
        assert {question.estimated for question in session.exec(select(GapQuestion))} == {False}


def test_what_nobody_handled_yet_counts_as_much_as_the_others(desk: Desk, admin: User, ask: Ask) -> None:
    ask(QUESTIONS[0], answer=ANSWER, seconds=120)
    ask(QUESTIONS[3])
    gap = listed(desk, admin)[0]
    assert gap.minutes == pytest.approx((2 + 2) / 4, abs=0.05)


def test_a_second_look_embeds_and_changes_nothing(desk: Desk, admin: User, ask: Ask) -> None:
    for question in QUESTIONS:
        ask(question)
    before = [(gap.id, gap.title, gap.size) for gap in listed(desk, admin)]
    assert grouping.refresh(desk) == "0 new demands without support"
    assert [(gap.id, gap.title, gap.size) for gap in listed(desk, admin)] == before


def test_a_dismissed_gap_stays_dismissed_when_questions_come_and_go(desk: Desk, admin: User, ask: Ask) -> None:
    for question in QUESTIONS[:3]:
        ask(question, created_at=now() - WINDOW + timedelta(hours=1))
    number = listed(desk, admin)[0].id or 0
    desk.database.run_now(lambda session: gaps.dismiss(session, admin, number, "We will never ship there."))
    ask(QUESTIONS[3])
    ask("Do you deliver to Bergen in Norway?")
    (dismissed,) = listed(desk, admin, "dismissed")
    assert (dismissed.id, dismissed.size, dismissed.reason) == (number, 5, "We will never ship there.") and listed(
        desk, admin
    ) == []
    with clock_at(now() + timedelta(days=1)):  # the first three are older than what is looked at
        (dismissed,) = listed(desk, admin, "dismissed")
    assert (dismissed.id, dismissed.size) == (number, 2)


def test_a_published_article_closes_its_gap_and_more_questions_open_it_again(desk: Desk, admin: User, ask: Ask) -> None:
    for question in QUESTIONS[:2]:
        ask(question)
    number = listed(desk, admin)[0].id or 0
    with desk.database.transaction() as session:
        version = articles.save_version(
            session, "norway", title="Shipping to Norway", body="We do not ship to Norway yet.", author="Ines"
        )
        gaps.writing(session, admin, number, version.article_id)
    assert [gap.id for gap in listed(desk, admin, "writing")] == [number]
    with desk.database.transaction() as session:
        articles.publish(session, "norway", author="Ines", embed=desk.embedder)
    (closed,) = listed(desk, admin, "closed")
    assert (closed.id, closed.closed_by) == (number, "norway")
    with clock_at(now() + timedelta(days=2)):
        for question in QUESTIONS[1:]:
            ask(question, created_at=now() - timedelta(hours=1))
        (back,) = listed(desk, admin)
    assert back.id == number and "Asked 3 times since norway" in back.reason


def test_an_article_that_is_there_but_not_found_is_named_with_the_words_it_lacks(desk: Desk, admin: User, ask: Ask) -> None:
    for _ in range(2):
        ask("How do I decalcify the kettle, is there limescale remover?")
    gap = listed(desk, admin)[0]
    assert (gap.near_article, gap.advice) == ("descale-your-kettle", "words") and "decalcify" in gap.words


def test_what_a_guard_stopped_is_no_gap(desk: Desk, admin: User, ask: Ask) -> None:
    number = ask(QUESTIONS[0])
    with desk.database.transaction() as session:
        session.add(GuardVerdict(ticket_id=number, stage="input", rule="injection", verdict="flag"))
    assert listed(desk, admin) == []


def test_searches_without_an_answer_are_questions_too(desk: Desk, admin: User, ask: Ask) -> None:
    number = ask("Which colours are there?")
    with desk.database.transaction() as session:
        episode = session.exec(select(Episode).where(Episode.ticket_id == number)).one()
        episode.escalation_reason = None
        session.add(SearchRecord(source="agents", query="colours", decision="abstain", ticket_id=number, episode_id=episode.id))
        session.add(SearchRecord(source="trial", query="shipping to Norway", hits=0, user_id=admin.id))
    signals = {gap.title: gap.id for gap in listed(desk, admin)}
    assert set(signals) == {"Which colours are there?", "shipping to Norway"}


def test_no_personal_data_is_kept_with_a_question(desk: Desk, admin: User, ask: Ask) -> None:
    ask("I am Priya Raman, priya@customer.example, order KT-10001: do you ship to Norway?")
    with desk.database.read() as session:
        grouping.refresh(desk)
        text = session.exec(select(GapQuestion.text)).one()
    assert not any(word in text for word in ("Priya", "Raman", "@", "10001")) and text.endswith("do you ship to Norway?")


def test_managers_read_gaps_and_only_administrators_decide(desk: Desk, admin: User, manager: User, ask: Ask) -> None:
    ask(QUESTIONS[0])
    number = listed(desk, manager)[0].id or 0
    staff = User(id=99, email="s@desk.example", name="Sam", role=Role.STAFF)
    with desk.database.read() as session, pytest.raises(AccessError):
        gaps.listing(session, staff)
    for change in (
        lambda s: gaps.dismiss(s, manager, number, "no"),
        lambda s: gaps.close(s, manager, number, "descale-your-kettle"),
    ):
        with pytest.raises(AccessError):
            desk.database.run_now(change)
    with pytest.raises(InputError):
        desk.database.run_now(lambda session: gaps.dismiss(session, admin, number, "  "))
    with pytest.raises(InputError):
        desk.database.run_now(lambda session: gaps.close(session, admin, number, "nowhere"))
    desk.database.run_now(lambda session: gaps.close(session, admin, number, "descale-your-kettle"))
    with pytest.raises(ConflictError):
        desk.database.run_now(lambda session: gaps.close(session, admin, number, "descale-your-kettle"))


def test_a_translation_counts_as_being_there(desk: Desk) -> None:
    with desk.database.read() as session:
        assert not grouping._translated(session, "descale-your-kettle", {"de"})
    with desk.database.transaction() as session:
        german = {"language": "de", "translation_of": "descale-your-kettle"}
        articles.save_version(session, "kettle-de", title="Kocher", body="Siehe Anleitung.", author="Ines", **german)
    with desk.database.transaction() as session:
        assert not grouping._translated(session, "descale-your-kettle", {"de"})
        articles.publish(session, "kettle-de", author="Ines", embed=desk.embedder)
    with desk.database.read() as session:
        assert grouping._translated(session, "descale-your-kettle", {"de", "fr"})
