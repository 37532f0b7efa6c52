"""Import and export of articles, with a line of report for every item.

An article is taken whole or not at all, and again from the same source it becomes a new version, not a double.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sqlmodel import Session, col, select

from knowledge_base import articles
from knowledge_base.embedding import Embed
from knowledge_base.frontmatter import Document, write_document
from knowledge_base.reading import LARGEST_ZIP, Item, read_bytes
from triage.database import Database
from triage.errors import InputError
from triage.models import Article, ArticleVersion

Outcome = Literal["taken", "changed", "same", "refused"]
_TOGETHER = 100  # articles embedded at once and written in one transaction


@dataclass(frozen=True)
class Line:
    """What became of one item; `why` says what to do when it was refused."""

    source: str
    outcome: Outcome
    article: str = ""
    why: str = ""


@dataclass
class Report:
    lines: list[Line] = field(default_factory=list)

    def count(self, outcome: Outcome) -> int:
        return sum(line.outcome == outcome for line in self.lines)

    @property
    def refused(self) -> list[Line]:
        return [line for line in self.lines if line.outcome == "refused"]

    def __str__(self) -> str:
        return f"{self.count('taken')} taken, {self.count('changed')} changed, {self.count('same')} the same, {self.count('refused')} refused"


def import_paths(
    database: Database,
    paths: Iterable[Path],
    *,
    author: str,
    embed: Embed,
    publish: bool = True,
    meta: dict[str, Any] | None = None,
) -> Report:
    """Import files and folders; `meta` holds properties for articles that do not say their own (such as audience).

    Embedding happens outside the transactions, each of which writes up to 100 articles.
    """
    return import_items(database, _items(paths), author=author, embed=embed, publish=publish, meta=meta)


def import_items(
    database: Database,
    items: Iterable[tuple[str, Item]],
    *,
    author: str,
    embed: Embed,
    publish: bool = True,
    meta: dict[str, Any] | None = None,
) -> Report:
    """Import (source, document or error) pairs, as `read_bytes` gives them; an id met twice is refused the second time."""
    report, waiting, seen = Report(), list[tuple[str, Document]](), dict[str, str]()
    for source, item in items:
        if isinstance(item, InputError):
            report.lines.append(Line(item.source or source, "refused", why=str(item)))
        elif item.id in seen:
            report.lines.append(
                Line(source, "refused", item.id, f"Its id {item.id} was already used by {seen[item.id]}; give it another.")
            )
        else:
            seen[item.id] = source
            waiting.append((source, item))
        if len(waiting) == _TOGETHER:
            report.lines += _write(database, waiting, author, embed, publish, meta or {})
            waiting = []
    report.lines += _write(database, waiting, author, embed, publish, meta or {})
    return report


def export(session: Session, folder: Path) -> int:
    """Write every article as a Markdown file with front matter; importing the folder gives the same base. Returns how many."""
    folder.mkdir(parents=True, exist_ok=True)
    found = articles.listing(session)
    for article, _ in found:
        number = article.published_version or article.latest_version
        version = session.exec(
            select(ArticleVersion).where(col(ArticleVersion.article_id) == article.id, col(ArticleVersion.number) == number)
        ).one()
        text = write_document(article, version, published=article.published_version is not None)
        (folder / f"{article.id}.md").write_text(text, "utf-8")
    return len(found)


def _items(paths: Iterable[Path]) -> Iterator[tuple[str, Item]]:
    for path in paths:
        if path.is_dir():
            files = sorted(
                p for p in path.rglob("*") if p.is_file() and not any(part.startswith(".") for part in p.relative_to(path).parts)
            )
            for file in files:
                yield from _file(file, str(file.relative_to(path)))
        elif path.exists():
            yield from _file(path, path.name)
        else:
            yield str(path), InputError("there is no such file or folder.", source=str(path))


def _file(path: Path, name: str) -> Iterator[tuple[str, Item]]:
    try:
        if (size := path.stat().st_size) > LARGEST_ZIP:
            raise InputError(f"it has {size:,} bytes and at most {LARGEST_ZIP:,} are read; split it.", source=name)
        data = path.read_bytes()
    except OSError as error:
        yield name, InputError(f"it cannot be read ({error.strerror}).", source=name)
        return
    except InputError as error:
        yield name, error
        return
    for item in read_bytes(data, name):
        yield name, item


def _write(
    database: Database, waiting: list[tuple[str, Document]], author: str, embed: Embed, publish: bool, meta: dict[str, Any]
) -> list[Line]:
    if not waiting:
        return []
    with database.read() as session:
        changed = [d for _, d in waiting if publish and d.status == "published" and not _stands(session, d, meta, publish)]
    prepared = articles.prepare(embed, [(d.title, d.body) for d in changed]) if changed else embed
    with database.transaction() as session:
        return [_write_one(session, source, document, author, prepared, publish, meta) for source, document in waiting]


def _write_one(
    session: Session, source: str, document: Document, author: str, embed: Embed, publish: bool, meta: dict[str, Any]
) -> Line:
    """Save and publish one article inside a savepoint, so that a refused one leaves nothing behind."""
    known = session.get(Article, document.id)
    if _stands(session, document, meta, publish):
        return Line(source, "same", document.id)
    try:
        with session.begin_nested():
            properties = {**meta, "source": source, **document.meta}
            articles.save_version(
                session,
                document.id,
                title=document.title,
                body=document.body,
                author=author,
                note=f"Imported from {source}",
                **properties,
            )
            if publish and document.status == "published":
                articles.publish(session, document.id, author=author, embed=embed)
    except InputError as error:
        return Line(source, "refused", document.id, str(error))
    return Line(source, "changed" if known else "taken", document.id)


def _stands(session: Session, document: Document, meta: dict[str, Any], publish: bool) -> bool:
    """Whether the base already holds just this, and published if that is wanted."""
    article = session.get(Article, document.id)
    wants_publication = publish and document.status == "published"
    if article is None or (wants_publication and article.published_version != article.latest_version):
        return False
    try:
        return articles.is_same(session, document.id, document.title, document.body, {**meta, **document.meta})
    except InputError:
        return False
