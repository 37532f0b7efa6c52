"""Findings about articles: looked for as they change, dismissed until a text changes; and what grew stale."""

from datetime import date

import pytest
from sqlmodel import select

from knowledge_base import articles
from triage.errors import AccessError
from triage.improving import findings, stale
from triage.models import ArticleUse, Finding, User
from triage.office import Desk

TEXT = "You can return an order within 14 days of delivery when it is complete and clean."


def publish(desk: Desk, article: str, body: str, **meta: object) -> None:
    with desk.database.transaction() as session:
        articles.save_version(session, article, title="Returns, notes", body=body, author="Ines", **meta)
        articles.publish(session, article, author="Ines", embed=desk.embedder)


def found(desk: Desk, admin: User, state: str = "open") -> list[Finding]:
    with desk.database.read() as session:
        return findings.listing(session, admin, state=state)


def test_a_contradiction_is_found_when_an_article_is_published_and_goes_when_it_is_mended(desk: Desk, admin: User) -> None:
    findings.check_changed(desk)
    assert found(desk, admin) == [] and findings.check_changed(desk) == "no article changed"
    publish(desk, "notes", TEXT)
    assert findings.check_changed(desk) == "1 articles checked, 1 findings"
    (finding,) = found(desk, admin)
    sides = {finding.left_article: finding.left, finding.right_article: finding.right}
    assert set(sides) == {"notes", "return-an-order"} and finding.kind == "contradiction"
    said = {article: [side["said"][a:b] for a, b in side["marks"]] for article, side in sides.items()}  # type: ignore[index, misc, attr-defined]
    assert said == {"notes": ["14 days"], "return-an-order": ["30 days"]}
    publish(desk, "notes", TEXT.replace("14", "30"))
    findings.check_changed(desk)
    assert found(desk, admin) == []


def test_what_was_dismissed_stays_so_until_a_text_changes(desk: Desk, admin: User) -> None:
    publish(desk, "notes", TEXT)
    findings.check_changed(desk)
    number = found(desk, admin)[0].id or 0
    desk.database.run_now(lambda session: findings.dismiss(session, admin, number, "Only for dealers."))
    findings.check_all(desk)
    assert found(desk, admin) == [] and [f.id for f in found(desk, admin, "dismissed")] == [number]
    publish(desk, "notes", TEXT.replace("14", "10"))
    findings.check_all(desk)
    assert "10 days" in found(desk, admin)[0].why


def test_an_article_that_is_taken_back_takes_its_findings_along(desk: Desk, admin: User) -> None:
    publish(desk, "notes", TEXT)
    findings.check_changed(desk)
    with desk.database.transaction() as session:
        articles.unpublish(session, "notes", author="Ines")
    findings.check_changed(desk)
    assert found(desk, admin) == []
    assert findings.check_changed(desk) == "no article changed"


def test_only_administrators_settle_findings(desk: Desk, manager: User, admin: User) -> None:
    publish(desk, "notes", TEXT)
    findings.check_changed(desk)
    number = found(desk, manager)[0].id or 0
    with pytest.raises(AccessError):
        desk.database.run_now(lambda session: findings.dismiss(session, manager, number))
    desk.database.run_now(lambda session: findings.dismiss(session, admin, number))
    desk.database.run_now(lambda session: findings.reopen(session, admin, number))
    assert len(found(desk, admin)) == 1


def test_stale_articles_are_listed_with_every_reason(desk: Desk, admin: User) -> None:
    old = "The offer is valid until 31 March 2024. More in [the list](no-such-article)."
    publish(desk, "notes", old, verified_on=date(2024, 1, 2))
    with desk.database.transaction() as session:
        session.add(ArticleUse(article_id="notes", replies=9, sentences=10, edited=4))
    with desk.database.read() as session:
        (row,) = [row for row in stale.listing(session, admin) if row.id == "notes"]
    told = " ".join(row.reasons)
    assert row.replies == 9 and "Nobody confirmed it for" in told and "31 March 2024" in told and "4 of 10" in told
    assert len(row.reasons) == 4  # and the link


def test_a_date_that_somebody_confirmed_afterwards_is_no_reason(desk: Desk, admin: User) -> None:
    publish(desk, "notes", "It was free until 31 March 2024.", verified_on=date(2026, 11, 1))
    with desk.database.read() as session:
        assert [row for row in stale.listing(session, admin) if row.id == "notes"] == []
        assert session.exec(select(Finding)).first() is None
