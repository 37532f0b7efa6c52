"""From questions without an answer to an article in review, and what a new version would break: in a real browser."""

import re

from playwright.sync_api import expect
from sqlmodel import col, func, select

from knowledge_base import articles
from tests.browser.conftest import Visit
from tests.browser.desk import RunningDesk, until
from triage.models import AT_WORK, Article, ArticleReview, Draft, Gap, Message, Outbox, RehearsedTicket, Run

CUSTOMER = "kim@rehearsal.example"
ASKED = "Any plans to ship to Norway? I live in Bergen and would buy a Duo tomorrow."


def test_from_a_gap_to_a_drafted_article_in_review(desk: RunningDesk, visit: Visit) -> None:
    asked = [desk.send(f"{name}@fjord.example", "Will you sell in Norway?", ASKED) for name in ("kari", "ola")]
    until(lambda: all(desk.ticket(number)["status"] not in AT_WORK for number in asked), "the agents to end")
    admin = visit("admin")
    admin.goto("Knowledge")
    admin.page.get_by_role("radio", name="Gaps and health").click()
    admin.button("Look again now").click()
    admin.page.get_by_role("row").filter(has_text="Norway").click()
    admin.says("What was asked")
    expect(admin.page.get_by_role("link", name=re.compile(r"^#\d+ .*Norway")).first).to_be_visible()
    admin.button("Draft an article from these tickets").click()
    admin.says("waits for another administrator")
    expect(admin.page.get_by_role("heading", level=1).filter(has_text="Norway").first).to_be_visible()  # the preview has it too
    with desk.database.read() as session:
        gap = session.exec(select(Gap).where(Gap.state == "writing")).one()
        article = session.get_one(Article, gap.draft_article)
        assert article.published_version is None and article.status == "draft"
        assert session.exec(select(ArticleReview.status).where(ArticleReview.article_id == article.id)).one() == "waiting"


def test_what_a_version_would_break_is_shown_and_nothing_is_sent_or_written(desk: RunningDesk, visit: Visit) -> None:
    desk.drafted(CUSTOMER, "Descaling", "Hello,\n\nhow often should I descale my Lark One, and what do I use for it?\n\nKim")
    with desk.database.transaction() as session:
        newest = session.exec(select(Draft).order_by(col(Draft.id).desc())).first()
        assert newest and newest.article_versions
        article = next(name for name in newest.article_versions if "descale" in name)
        published = articles.versions(session, article)[0]
        body = f"Ask a technician at the workshop.\n\n{published.body.replace('ClearCal', 'Kalkfrei')}"
        number = articles.save_version(session, article, title=published.title, body=body, author="test").number
    until(lambda: _nothing_on_its_way(desk), "the mails that other people approved to leave")
    before = _counted(desk)
    admin = visit("admin")
    admin.goto("Knowledge")
    admin.page.get_by_role("textbox", name=re.compile("Find")).first.fill(article)
    admin.page.keyboard.press("Enter")
    admin.page.get_by_role("row").filter(has_text=article).first.click()
    admin.page.get_by_role("radio", name="What would this change?").click()
    admin.button("Draft the last").click()
    admin.says(re.compile(r"\d+ change"))
    expect(admin.page.locator("summary").filter(has_text="changes").first).to_be_visible()
    admin.page.locator("summary").filter(has_text="changes").first.click()
    expect(admin.page.locator("ins").filter(visible=True).first).to_be_visible()
    assert _counted(desk) == before
    with desk.database.read() as session:
        assert session.get_one(Article, article).published_version != number
        rehearsed = session.exec(select(RehearsedTicket).where(RehearsedTicket.verdict == "changed")).all()
        assert any("Kalkfrei" in str(row.after) for row in rehearsed)


def _nothing_on_its_way(desk: RunningDesk) -> bool:
    with desk.database.read() as session:
        moving = col(Outbox.status).in_(("held", "sending")), col(Outbox.scheduled).is_(False)
        return session.exec(select(Outbox.id).where(*moving)).first() is None


def _counted(desk: RunningDesk) -> dict[str, int]:
    """What a rehearsal must not add to."""
    with desk.database.read() as session:
        return {
            table.__name__: session.exec(select(func.count()).select_from(table)).one() for table in (Draft, Message, Outbox, Run)
        }
