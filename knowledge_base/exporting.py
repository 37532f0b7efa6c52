"""Export of articles as Markdown files with front matter; importing them gives the same base.

An article is `ID.md` with its published text, or its latest when it is a draft. What waits as a draft behind a
published text is `ID.draft.md`.
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from sqlmodel import Session, col, select

from knowledge_base.frontmatter import write_document
from knowledge_base.naming import digest
from triage.models import Article, ArticleVersion


def export(session: Session, folder: Path) -> int:
    """Write every article into a folder, which is made when missing; returns how many. Other files in it stay."""
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for name, text in files(session):
        (folder / name).write_bytes(text.encode("utf-8", "replace"))
        written += not name.endswith(".draft.md")
    return written


def export_zip(session: Session, file: IO[bytes]) -> int:
    """Write every article into a zip; returns how many."""
    written = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files(session):
            archive.writestr(name, text.encode("utf-8", "replace"))
            written += not name.endswith(".draft.md")
    return written


def files(session: Session) -> Iterator[tuple[str, str]]:
    """Name and text of each file, one by one."""
    taken: set[str] = set()
    for article_id in session.exec(select(Article.id).order_by(Article.id)).all():
        article = session.get_one(Article, article_id)
        shown = article.published_version or article.latest_version
        stem = _stem(article.id, taken)
        yield (
            f"{stem}.md",
            write_document(article, _version(session, article, shown), published=article.published_version is not None),
        )
        if article.latest_version != shown:
            yield f"{stem}.draft.md", write_document(article, _version(session, article, article.latest_version), published=False)
        session.expunge_all()


def _stem(article_id: str, taken: set[str]) -> str:
    """The name of an article's files: apart from others also where case does not count, and not one of a draft."""
    stem = article_id
    if stem.casefold() in taken or stem.endswith(".draft"):
        stem = f"{article_id}-{digest(article_id)}"
    taken.add(stem.casefold())
    return stem


def _version(session: Session, article: Article, number: int) -> ArticleVersion:
    return session.exec(
        select(ArticleVersion).where(col(ArticleVersion.article_id) == article.id, col(ArticleVersion.number) == number)
    ).one()
