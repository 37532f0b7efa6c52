"""Gaps and health on the knowledge screen: read by managers, acted on by administrators, hidden from others."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlmodel import select

from knowledge_base import articles
from tests.pages.desk import html, keys_of, open_small_desk, opened, person, warnings
from triage.improving import findings, gaps, grouping
from triage.llm import models_for
from triage.models import Article, Draft, Episode, Gap, Rehearsal, RehearsedTicket, Role, Ticket, now

CONTRADICTING = "You can pause your plan for up to six months. Open Plan and choose Pause."


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with open_small_desk(tmp_path_factory.mktemp("gaps"), knowledge=True) as opened_desk:
        opened_desk.models = models_for(opened_desk.settings)
        with opened_desk.database.transaction() as session:
            for ticket in session.exec(select(Ticket).where(Ticket.status != "quarantined")).all():
                episode = session.get_one(Episode, ticket.episode_id)
                episode.escalation_reason, episode.escalated_at = "missing_knowledge", now()
            articles.save_version(
                session, "notes", title="Pausing, notes", body=CONTRADICTING, author="system", audience="internal"
            )
            articles.publish(session, "notes", author="system", embed=opened_desk.embedder)
        grouping.refresh(opened_desk)
        findings.check_changed(opened_desk)
        yield opened_desk


def gap_of(desk: Any, words: str) -> int:
    with desk.database.read() as session:
        return next(gap.id or 0 for gap in session.exec(select(Gap)) if words in gap.title)


def test_staff_do_not_see_the_part_and_managers_only_read_it(desk: Any) -> None:
    assert "minutes a week" not in html(opened(desk, "knowledge.py", Role.STAFF, part="gaps"))
    page = opened(desk, "knowledge.py", Role.MANAGER, part="gaps", often="1")
    assert "a week lost on them" in html(page) and "gaps_look" not in keys_of(page)
    one = opened(desk, "knowledge.py", Role.MANAGER, part="gaps", gap=str(gap_of(desk, "pause")))
    assert "What was asked" in html(one) and not {key for key in keys_of(one) if key.startswith("gap_")}
    found = opened(desk, "knowledge.py", Role.MANAGER, part="gaps", show="conflicts")
    assert not {key for key in keys_of(found) if key.startswith("finding_")}


def test_words_of_customers_are_never_markup(desk: Any) -> None:
    page = html(opened(desk, "knowledge.py", Role.ADMIN, part="gaps", gap=str(gap_of(desk, "parcel"))))
    assert "<b>parcel</b>" not in page and "&lt;b&gt;parcel" in page


def test_a_gap_becomes_a_draft_that_waits_for_a_review(desk: Any) -> None:
    number = gap_of(desk, "pause")
    page = opened(desk, "knowledge.py", Role.ADMIN, part="gaps", gap=str(number))
    page.button(key="gap_draft").click().run()
    assert not page.exception
    with desk.database.read() as session:
        gap = session.get_one(Gap, number)
        assert gap.state == "writing" and session.get_one(Article, gap.draft_article).published_version is None
    assert page.query_params["article"] == gap.draft_article
    again = opened(desk, "knowledge.py", Role.ADMIN, part="gaps", gap=str(number))
    assert "A draft waits for its review" in html(again) and "gap_draft" not in keys_of(again)


def test_a_gap_is_dismissed_with_a_reason_and_opened_again(desk: Any) -> None:
    number = gap_of(desk, "parcel")
    page = opened(desk, "knowledge.py", Role.ADMIN, part="gaps", gap=str(number))
    page.button(key="gap_dismiss").click().run()
    assert "Write why this needs no article" in warnings(page)
    page.text_input(key=f"gap_why_{number}").set_value("A single case.").run()
    page.button(key="gap_dismiss").click().run()
    assert "A single case." in html(page) and not page.exception
    page.button(key="gap_reopen").click().run()
    with desk.database.read() as session:
        assert [gap.id for gap in gaps.listing(session, person(desk, Role.ADMIN))] == [number]


def test_a_contradiction_is_shown_side_by_side_and_dismissed(desk: Any) -> None:
    page = opened(desk, "knowledge.py", Role.ADMIN, part="gaps", show="conflicts")
    assert '<mark class="b">three months</mark>' in html(page) and '<mark class="b">six months</mark>' in html(page)
    page.button(key=next(key for key in keys_of(page) if key.startswith("finding_dismiss"))).click().run()
    assert not page.exception and "Nothing found" in html(page)


def test_what_a_version_would_change_is_told_before_and_kept_after(desk: Any) -> None:
    assert "Nothing rests on this article yet" in html(opened(desk, "knowledge.py", Role.ADMIN, article="policy", tab="break"))
    with desk.database.transaction() as session:
        ticket = session.exec(select(Ticket)).first()
        draft = Draft(ticket_id=ticket.id, episode_id=ticket.episode_id, body="Three months.", article_versions={"pause": 1})
        session.add(draft)
    page = opened(desk, "knowledge.py", Role.ADMIN, article="pause", tab="break")
    assert "costs nothing: the offline engine" in html(page)
    page.button(key="rehearsal_start").click().run()
    assert "0 of 1 ticket drafted again" in html(page) and desk.work[-1][:2] == ("chore", "rehearse-1")
    with desk.database.transaction() as session:
        row = session.exec(select(RehearsedTicket)).one()
        side = {"kind": "reply", "status": "", "sentences": [{"kind": "fact", "supported": True}], "articles": ["pause"]}
        row.verdict, row.before, row.after = (
            "changed",
            side | {"body": "For three months."},
            side | {"body": "For <i>six</i> months."},
        )
        session.get_one(Rehearsal, row.rehearsal_id).status = "done"
    shown = html(opened(desk, "knowledge.py", Role.ADMIN, article="pause", tab="break"))
    assert (
        "1 change." in shown
        and "<del>three </del>" in shown
        and "&lt;i&gt;six&lt;/i&gt;" in shown
        and "1 of 1 fact supported" in shown
    )


def test_only_administrators_rehearse(desk: Any) -> None:
    assert "rehearsal_start" not in keys_of(opened(desk, "knowledge.py", Role.MANAGER, article="pause", tab="break"))
