"""The knowledge base as people keep it: what there is, how it is used, and every change with who may make it."""

import io
import tempfile
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlmodel import Session, col, select

from knowledge_base import articles, importing
from knowledge_base.chunking import Chunk, chunks
from knowledge_base.embedding import Embed, as_encoder
from knowledge_base.importing import Report
from knowledge_base.reading import read_bytes
from knowledge_base.search import Hit, Searcher
from triage import audit
from triage.accounts import access
from triage.accounts.access import Permission
from triage.database import Database
from triage.errors import ConflictError, InputError
from triage.models import Article, ArticleVersion, Category, Decision, Draft, Notification, Role, User, now

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


@dataclass(frozen=True)
class ArticleView:
    """One article with its versions, newest first, and the names of who wrote them."""

    row: ArticleRow
    labels: list[str]
    versions: list[ArticleVersion]
    authors: dict[str, str]

    @property
    def latest(self) -> ArticleVersion:
        return self.versions[0]

    def version(self, number: int | None) -> ArticleVersion | None:
        return next((version for version in self.versions if version.number == number), None)


@dataclass(frozen=True)
class Tried:
    """A test search: what is found now, and how near the text being written would be, by meaning (0 to 1)."""

    hits: list[Hit]
    own: float | None = None
    own_heading: str = ""
    own_place: int | None = None


def listing(session: Session) -> list[ArticleRow]:
    """Every article, by title."""
    titles, used = category_titles(session), _used(session)
    return [_row(article, title, titles, used) for article, title in articles.listing(session)]


def load(session: Session, article_id: str) -> ArticleView:
    """One article; raises InputError when there is none."""
    article = session.get(Article, article_id)
    if article is None:
        raise InputError(f"There is no article {article_id[:80]}; it may have been renamed. Look it up in the list.")
    versions = articles.versions(session, article_id)
    row = _row(article, versions[0].title, category_titles(session), _used(session))
    people = {f"user:{number}": name for number, name in session.exec(select(User.id, User.name))}
    return ArticleView(row, list(article.labels), versions, people)


def category_titles(session: Session) -> dict[str, str]:
    """Titles of the categories by slug, in the order of the titles."""
    return dict(session.exec(select(Category.slug, Category.title).order_by(Category.title)).all())


def try_search(searcher: Searcher, query: str, *, internal: bool, k: int = 8, draft: tuple[str, str] | None = None) -> Tried:
    """What agents would be given for this question; `draft` is a (title, body) not yet published, held against it."""
    hits = searcher.search(query, k=k, audience="internal" if internal else "public")
    pieces = chunks(*draft) if draft and draft[1].strip() else []
    if not draft or not pieces:
        return Tried(hits)
    vectors = articles.passage_vectors(searcher.embedder, [(draft[0], piece.heading, piece.text) for piece in pieces])
    near = vectors @ np.asarray(searcher.embedder.encode([query])[0])
    best = int(near.argmax())
    return Tried(hits, float(near[best]), pieces[best].heading, 1 + sum(hit.meaning > near[best] + 1e-3 for hit in hits))


def pieces(title: str, body: str) -> list[Chunk]:
    """The passages that a text would be cut into."""
    return chunks(title, body) if body.strip() else []


# ---- changes ----------------------------------------------------------------------------------------------


def save(
    session: Session, user: User, article_id: str | None, *, base: int, title: str, body: str, note: str = "", **meta: Any
) -> ArticleVersion:
    """Save a draft version. `base` is the version that was being edited: raises ConflictError when a newer one exists."""
    access.require(user, Permission.EDIT_KNOWLEDGE)
    article = session.get(Article, article_id, with_for_update=True) if article_id else None
    if article and article.latest_version != base:
        raise ConflictError(
            f"Somebody saved version {article.latest_version} while you were editing version {base}. Your text is still here: "
            "compare it under Versions, then save again."
        )
    return articles.save_version(session, article_id, title=title, body=body, author=_actor(user), note=note, **meta)


def prepared(embed: Embed, view: ArticleView, number: int | None = None) -> Embed:
    """Vectors of a version made ahead of its publication, so that no transaction waits for them."""
    version = view.version(number) or view.latest
    return articles.prepare(embed, [(version.title, version.body)])


def publish(session: Session, user: User, article_id: str, *, embed: Embed, version: int | None = None) -> int:
    """Make a version what searches find; returns how many passages were new or changed."""
    access.require(user, Permission.EDIT_KNOWLEDGE)
    return articles.publish(session, article_id, author=_actor(user), embed=as_encoder(embed), version=version)


def unpublish(session: Session, user: User, article_id: str) -> None:
    access.require(user, Permission.EDIT_KNOWLEDGE)
    articles.unpublish(session, article_id, author=_actor(user))


def roll_back(session: Session, user: User, article_id: str, number: int) -> ArticleVersion:
    """Bring an old version's text back as a new draft version; nothing is lost and nothing is published yet."""
    access.require(user, Permission.EDIT_KNOWLEDGE)
    old = load(session, article_id).version(number)
    if old is None:
        raise InputError(f"This article has no version {number}.")
    note = f"Back to version {number}"
    return articles.save_version(session, article_id, title=old.title, body=old.body, author=_actor(user), note=note)


def confirm(session: Session, user: User, article_id: str) -> None:
    """Say that the article was read and is still right."""
    access.require(user, Permission.EDIT_KNOWLEDGE)
    article = session.get_one(Article, article_id)
    article.verified_on = now().date()
    session.add(article)
    audit.append(session, "article.verified", actor=_actor(user), article=article_id)


def suggest(session: Session, user: User, article_id: str | None, text: str) -> None:
    """Tell the administrators what an article should say; without an article, that one is missing."""
    access.require(user, Permission.SUGGEST_KNOWLEDGE)
    if not text.strip():
        raise InputError("Write what should change; a sentence is enough.")
    what = f"“{load(session, article_id).latest.title}”" if article_id else "a new article"
    session.add(Notification(role=Role.ADMIN, kind="knowledge", text=f"{user.name} on {what}: {text.strip()[:2000]}"))
    audit.append(session, "article.suggested", actor=_actor(user), article=article_id, text=text.strip()[:2000])


def suggestions(session: Session, *, limit: int = 30) -> list[tuple[str, datetime]]:
    """What people suggested, newest first."""
    newest = select(Notification.text, Notification.created_at).where(
        Notification.kind == "knowledge", col(Notification.read_at).is_(None)
    )
    return list(session.exec(newest.order_by(col(Notification.id).desc()).limit(limit)).all())


def settle_suggestions(session: Session, user: User) -> None:
    """Mark all suggestions as read."""
    access.require(user, Permission.EDIT_KNOWLEDGE)
    for note in session.exec(select(Notification).where(Notification.kind == "knowledge", col(Notification.read_at).is_(None))):
        note.read_at = now()
        session.add(note)


def import_files(
    database: Database, user: User, files: Sequence[tuple[str, bytes]], *, embed: Embed, published: bool, audience: str = "public"
) -> Report:
    """Import uploaded (name, bytes) files; a line of report an item."""
    access.require(user, Permission.EDIT_KNOWLEDGE)
    items = [(name, item) for name, data in files for item in read_bytes(data, name)]
    return importing.import_items(
        database, items, author=_actor(user), embed=embed, publish=published, meta={"audience": audience}
    )


def export_zip(session: Session, user: User) -> bytes:
    """Every article as Markdown with front matter, in one zip; importing it gives the same base."""
    access.require(user, Permission.READ_KNOWLEDGE)
    packed = io.BytesIO()
    with (
        tempfile.TemporaryDirectory(prefix="triage-export-") as folder,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        importing.export(session, Path(folder))
        for file in sorted(Path(folder).iterdir()):
            archive.write(file, file.name)
    return packed.getvalue()


# ---- reading ----------------------------------------------------------------------------------------------


def _used(session: Session) -> Counter[str]:
    """How many approved replies of the last 90 days cited each article."""
    approved = (
        select(Draft.article_versions)
        .join(Decision, col(Decision.draft_id) == Draft.id)
        .where(Decision.kind == "approve", col(Decision.undone_at).is_(None), col(Decision.created_at) >= now() - USED)
        .order_by(col(Decision.id).desc())
        .limit(_MOST_DRAFTS)
    )
    return Counter(article for cited in session.exec(approved) for article in cited)


def _row(article: Article, title: str, titles: dict[str, str], used: Counter[str]) -> ArticleRow:
    return ArticleRow(
        article.id, title, article.kind, titles.get(article.category, article.category.replace("_", " ")), article.audience, article.language,
        article.status, article.owner, used[article.id], article.verified_on, _is_stale(article), article.latest_version, article.published_version,
    )  # fmt: skip


def _is_stale(article: Article) -> bool:
    checked = article.verified_on or article.updated_at.date()
    return now().date() - checked > STALE


def _actor(user: User) -> str:
    return f"user:{user.id}"
