"""Export of articles as Markdown files with front matter; importing them gives the same base.

An article is `ID.md` with its published text, or its latest when it is a draft. What waits as a draft behind a
published text is `ID.draft.md`. Its files lie beside it under `attachments/ID/`, and links to articles and files are
relative. The administrators' list of synonyms is `synonyms.yaml`.
"""

import logging
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO
from urllib.parse import quote

from sqlmodel import Session, col, select

from knowledge_base import linking, synonyms
from knowledge_base.frontmatter import write_document
from knowledge_base.naming import digest
from knowledge_base.source import SYNONYMS
from triage.models import Article, ArticleAlias, ArticleFile, ArticleVersion

logger = logging.getLogger(__name__)

Content = Callable[[ArticleFile], bytes]
_LONGEST_NAME = 200  # bytes that every disk takes


def export(session: Session, folder: Path, content: Content) -> int:
    """Write every article into a folder, which is made when missing; returns how many. Other files in it stay.

    `content` gives the bytes of an article's file; one that it cannot give (OSError) is left out with a warning.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for name, data in files(session, content):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        written += _is_article(name)
    return written


def export_zip(session: Session, file: IO[bytes], content: Content) -> int:
    """Write every article into a zip; returns how many."""
    written = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files(session, content):
            archive.writestr(name, data)
            written += _is_article(name)
    return written


def files(session: Session, content: Content) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each file, one by one."""
    if groups := synonyms.lists(session):
        yield SYNONYMS, synonyms.write(groups).encode()
    places = _Places(session)
    for article_id, stem in places.stems.items():
        article = session.get_one(Article, article_id)
        mine = []
        for file in _files_of(session, article_id):
            try:
                data = content(file)
            except OSError as error:
                logger.warning("%s, a file of %s, is left out of the export: %s", file.filename, article_id, error)
                places.files.pop(file.id or 0)
                continue
            mine.append(quote(places.files[file.id or 0]))
            yield places.files[file.id or 0], data
        shown = article.published_version or article.latest_version
        version = _version(session, article, shown)
        body = linking.rewritten(version.body, places.lead)
        text = write_document(article, version, published=article.published_version is not None, body=body, attachments=mine)
        yield f"{stem}.md", text.encode("utf-8", "replace")
        if article.latest_version != shown:
            version = _version(session, article, article.latest_version)
            body = linking.rewritten(version.body, places.lead)
            yield f"{stem}.draft.md", write_document(article, version, published=False, body=body).encode("utf-8", "replace")
        session.expunge_all()


class _Places:
    """Where each article and each file lies in an export."""

    def __init__(self, session: Session) -> None:
        taken: set[str] = {"synonyms", "attachments"}
        self.stems = {id: _stem(id, taken) for id in session.exec(select(Article.id).order_by(Article.id))}
        self._aliases = dict(session.exec(select(ArticleAlias.id, ArticleAlias.article_id)).all())
        self.files: dict[int, str] = {}
        names: set[str] = set()
        for file in session.exec(select(ArticleFile).where(col(ArticleFile.removed_at).is_(None)).order_by(col(ArticleFile.id))):
            self.files[file.id or 0] = _file_name(self.stems[file.article_id], file, names)

    def lead(self, target: str) -> str | None:
        """The relative link that a link in an article becomes; None when it stays."""
        number = target.removeprefix(linking.FILES)
        if number != target:
            place = self.files.get(int(number)) if number.isdecimal() and len(number) < 10 else None
            return quote(place) if place else None
        stem = self.stems.get(self._aliases.get(target, target))
        return f"{quote(stem)}.md" if stem else None


def _files_of(session: Session, article_id: str) -> list[ArticleFile]:
    wanted = (ArticleFile.article_id == article_id, col(ArticleFile.removed_at).is_(None))
    return list(session.exec(select(ArticleFile).where(*wanted).order_by(col(ArticleFile.id))))


def _file_name(stem: str, file: ArticleFile, taken: set[str]) -> str:
    """`attachments/ARTICLE/NAME`; one more folder for a second file of that name."""
    name = file.filename
    if len(name.encode("utf-8", "replace")) > _LONGEST_NAME:
        name = file.sha256[:12] + "." + name.rpartition(".")[2][:10]
    place = f"attachments/{stem}/{name}"
    if place.casefold() in taken:
        place = f"attachments/{stem}/{file.id}/{name}"
    taken.add(place.casefold())
    return place


def _is_article(name: str) -> bool:
    return "/" not in name and name.endswith(".md") and not name.endswith(".draft.md")


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
