"""One article as a line of the list: where it stands and how it is used."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from sqlmodel import Session, col, select

from knowledge_base import articles
from triage.models import Article, Category, Decision, Draft, now

STALE = timedelta(days=180)
USED = timedelta(days=90)
_MOST_DRAFTS = 20_000


@dataclass(frozen=True)
class ArticleRow:
    """One article in the list. `used` counts the replies of the last 90 days that cited it; `version` is the latest."""

    id: str
    title: str
    kind: str
    category: str
    audience: str
    language: str
    status: str
    owner: str
    used: int
    verified_on: date | None
    stale: bool
    version: int
    published: int | None

    @property
    def unpublished_changes(self) -> bool:
        return self.published is not None and self.published != self.version


def listing(session: Session) -> list[ArticleRow]:
    """Every article, by title."""
    titles, counts = category_titles(session), used(session)
    return [row(article, title, titles, counts) for article, title in articles.listing(session)]


def category_titles(session: Session) -> dict[str, str]:
    """Titles of the categories by slug, in the order of the titles."""
    return dict(session.exec(select(Category.slug, Category.title).order_by(Category.title)).all())


def used(session: Session) -> Counter[str]:
    """How many approved replies of the last 90 days cited each article."""
    approved = (
        select(Draft.article_versions)
        .join(Decision, col(Decision.draft_id) == Draft.id)
        .where(Decision.kind == "approve", col(Decision.undone_at).is_(None), col(Decision.created_at) >= now() - USED)
        .order_by(col(Decision.id).desc())
        .limit(_MOST_DRAFTS)
    )
    return Counter(article for cited in session.exec(approved) for article in cited)


def row(article: Article, title: str, titles: dict[str, str], used: Counter[str]) -> ArticleRow:
    return ArticleRow(
        article.id, title, article.kind, titles.get(article.category, article.category.replace("_", " ")), article.audience, article.language,
        article.status, article.owner, used[article.id], article.verified_on, _is_stale(article), article.latest_version, article.published_version,
    )  # fmt: skip


def _is_stale(article: Article) -> bool:
    checked = article.verified_on or article.updated_at.date()
    return now().date() - checked > STALE
