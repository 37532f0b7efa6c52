"""The list of articles, filtered, sorted and cut into pages by the database."""

import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import String, cast, false, func
from sqlmodel import Session, and_, col, or_, select

from triage.database import fulltext
from triage.models import Article, ArticleReview, ArticleUse, ArticleVersion, Category, now

PAGE = 50
_MOST_WORDS = 32  # that are looked for of what somebody pastes
STALE = timedelta(days=180)


@dataclass(frozen=True)
class ArticleRow:
    """One article in the list; `version` is the latest, `published` the one that searches find.

    Of the last 90 days: `used` replies cite it, and of their `sentences` that rest on it people changed `edited`.
    """

    id: str
    title: str
    kind: str = "article"
    category: str = ""
    audience: str = "public"
    language: str = "en"
    status: str = "draft"
    owner: str = ""
    used: int = 0
    sentences: int = 0
    edited: int = 0
    verified_on: date | None = None
    stale: bool = False
    version: int = 0
    published: int | None = None
    in_review: bool = False
    updated_at: datetime | None = None

    @property
    def unpublished_changes(self) -> bool:
        return self.published is not None and self.published != self.version


@dataclass(frozen=True)
class Filter:
    """What is asked of the list; "" asks nothing. `state` and `attention` are names of `STATES` and `ATTENTION`."""

    find: str = ""
    state: str = ""
    category: str = ""
    audience: str = ""
    language: str = ""
    owner: str = ""
    attention: str = ""
    sort: str = "title"
    page: int = 1


@dataclass(frozen=True)
class Page:
    rows: list[ArticleRow]
    total: int
    page: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE))


@dataclass(frozen=True)
class Overview:
    """How many articles there are of each kind, archived ones apart, and what values filters can take."""

    total: int
    published: int
    in_review: int
    stale: int
    archived: int
    categories: list[str]
    languages: list[str]
    owners: list[str]


_REVIEWED = select(ArticleReview.article_id).where(ArticleReview.status == "waiting")
_replies, _edited = func.coalesce(ArticleUse.replies, 0), func.coalesce(ArticleUse.edited, 0)
_SORTS: dict[str, Any] = {
    "title": func.lower(ArticleVersion.title),
    "state": col(Article.status),
    "category": col(Article.category),
    "language": col(Article.language),
    "owner": func.lower(Article.owner),
    "used": _replies,
    "edited": _edited,
    "verified": func.coalesce(col(Article.verified_on), date(1970, 1, 1)),
    "changed": col(Article.updated_at),
}
SORTS = tuple(_SORTS)
STATES = ("published", "draft", "changed", "review", "archived")
ATTENTION = ("stale", "unverified", "unused", "edited", "unowned")


def listing(session: Session, wanted: Filter | None = None) -> Page:
    """One page of articles; `sort` is a name of `SORTS`, with "-" before it from the other end."""
    wanted = wanted or Filter()
    conditions = _conditions(session, wanted)
    found = _joined(select(Article.id)).where(*conditions)
    total = session.exec(select(func.count()).select_from(found.subquery())).one()
    page = min(max(1, wanted.page), max(1, -(-total // PAGE)))
    statement = _joined(_COLUMNS).where(*conditions).order_by(*_order(wanted.sort)).limit(PAGE).offset((page - 1) * PAGE)
    titles = category_titles(session)
    return Page([_row(titles, *line) for line in session.exec(statement)], total, page)


def one(session: Session, article_id: str) -> ArticleRow | None:
    """The line of one article."""
    line = session.exec(_joined(_COLUMNS).where(Article.id == article_id)).first()
    return _row(category_titles(session), *line) if line else None


def overview(session: Session) -> Overview:
    """Figures of the whole base and the values that filters can take."""
    here = Article.status != "archived"

    def count(*conditions: Any) -> int:
        return session.exec(select(func.count()).select_from(Article).where(*conditions)).one()

    def values(column: Any) -> list[str]:
        return sorted(session.exec(select(column).where(here, column != "").distinct()).all(), key=str.casefold)

    return Overview(
        count(here), count(col(Article.published_version).is_not(None)), count(here, col(Article.id).in_(_REVIEWED)),
        count(here, _stale()), count(Article.status == "archived"), values(Article.category), values(Article.language), values(Article.owner),
    )  # fmt: skip


def category_titles(session: Session) -> dict[str, str]:
    """Titles of the categories by slug, in the order of the titles."""
    return dict(session.exec(select(Category.slug, Category.title).order_by(Category.title)).all())


_COLUMNS = select(Article, ArticleVersion.title, ArticleUse, col(Article.id).in_(_REVIEWED))


def _joined(statement: Any) -> Any:
    latest = (col(ArticleVersion.article_id) == Article.id) & (col(ArticleVersion.number) == Article.latest_version)
    return (
        statement.select_from(Article)
        .join(ArticleVersion, latest)
        .outerjoin(ArticleUse, col(ArticleUse.article_id) == Article.id)
    )


def _conditions(session: Session, wanted: Filter) -> list[Any]:
    conditions = _found(session, wanted.find)
    conditions.append(_STATE.get(wanted.state, Article.status != "archived"))
    for name in ("category", "audience", "language", "owner"):
        if value := getattr(wanted, name):
            conditions.append(getattr(Article, name) == value)
    if wanted.attention in ATTENTION:
        conditions.append(_attention(wanted.attention))
    return conditions


def _found(session: Session, find: str) -> list[Any]:
    """Every word stands in title, text, id, owner or labels; the last one may still be being written."""
    words = fulltext.words_of(find)[-_MOST_WORDS:]
    if find.strip() and not words:
        return [false()]
    return [_holds(session, word, begins=word == words[-1]) for word in words]


def _holds(session: Session, word: str, *, begins: bool) -> Any:
    labels = cast(col(Article.labels), String)
    escaped = json.dumps(word)[1:-1]  # as SQLite has labels beyond ASCII
    places = [(col(Article.id), word), (col(Article.owner), word), (labels, word), (labels, escaped)]
    short = [place.icontains(part, autoescape=True) for place, part in places[: 4 if escaped != word else 3]]
    return or_(fulltext.holds(session, word, ArticleVersion.title, ArticleVersion.body, begins=begins), *short)


_STATE: dict[str, Any] = {
    "published": col(Article.published_version).is_not(None),
    "draft": and_(col(Article.published_version).is_(None), Article.status != "archived"),
    "changed": col(Article.published_version) < Article.latest_version,
    "review": col(Article.id).in_(_REVIEWED),
    "archived": Article.status == "archived",
}


def _attention(name: str) -> Any:
    return {
        "stale": _stale(),
        "unverified": col(Article.verified_on).is_(None),
        "unused": and_(col(Article.published_version).is_not(None), _replies == 0),
        "edited": _edited > 0,
        "unowned": Article.owner == "",
    }[name]


def _stale() -> Any:
    limit = now().date() - STALE
    midnight = datetime.combine(limit, time.min, now().tzinfo)
    unchecked = and_(col(Article.verified_on).is_(None), col(Article.updated_at) < midnight)
    return and_(Article.status != "archived", or_(col(Article.verified_on) < limit, unchecked))


def _order(sort: str) -> list[Any]:
    key, sign = _SORTS.get(sort.removeprefix("-"), _SORTS["title"]), sort.startswith("-")
    return [key.desc() if sign else key.asc(), _SORTS["title"].asc(), col(Article.id).asc()]


def _row(titles: dict[str, str], article: Article, title: str, use: ArticleUse | None, in_review: bool) -> ArticleRow:
    return ArticleRow(
        article.id, title, article.kind, titles.get(article.category, article.category.replace("_", " ")), article.audience, article.language,
        article.status, article.owner, use.replies if use else 0, use.sentences if use else 0, use.edited if use else 0, article.verified_on,
        _is_stale(article), article.latest_version, article.published_version, bool(in_review), article.updated_at,
    )  # fmt: skip


def _is_stale(article: Article) -> bool:
    checked = article.verified_on or article.updated_at.date()
    return article.status != "archived" and now().date() - checked > STALE
