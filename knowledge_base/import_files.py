"""The files that imported texts show or link to: kept by their bytes, and linked by their number in the database."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import PurePosixPath

from sqlmodel import Session, col, select

from knowledge_base import linking
from knowledge_base.frontmatter import Document, KeptFile
from knowledge_base.import_report import Line
from triage import audit
from triage.errors import InputError
from triage.models import ArticleFile

Keep = Callable[[str, bytes], KeptFile]

_MOST = 40  # files of one article
_NEW = f"{linking.FILES}new-"  # and the number of a file that has no row yet


class Gathered:
    """The files that one text brings along: each is kept once, and linked by its number among them."""

    def __init__(self, keep: Keep | None) -> None:
        self._keep = keep
        self._links: dict[str, str | None] = {}
        self.kept: list[KeptFile] = []
        self.refused: list[Line] = []

    def take(self, place: str, content: Callable[[], bytes]) -> str | None:
        """The link to a file; None for one that is refused, which gets a line."""
        if self._keep is None:
            return None
        if place not in self._links:
            self._links[place] = None
            try:
                if len(self.kept) == _MOST:
                    raise InputError(f"an article has at most {_MOST} files; this one is beyond them.")
                kept = self._keep(PurePosixPath(place).name, content())
            except InputError as error:
                why = f"{error.problem[:1].upper()}{error.problem[1:]} The text that shows it is taken without it."
                self.refused.append(Line(place, "refused", why=why))
            else:
                self._links[place] = f"{_NEW}{len(self.kept)}"
                self.kept.append(kept)
        return self._links[place]


def linked(session: Session, article_id: str, document: Document, *, add_as: str = "") -> str | None:
    """The text with links to the article's files; None when one is not there yet, unless somebody is named who adds it."""
    numbers: dict[str, int | None] = {}
    for position, kept in enumerate(document.files):
        same = (
            ArticleFile.article_id == article_id,
            ArticleFile.sha256 == kept.sha256,
            ArticleFile.filename == kept.filename,
        )
        row = session.exec(select(ArticleFile).where(*same, col(ArticleFile.removed_at).is_(None))).first()
        if row is None and not add_as:
            return None
        if row is None:
            row = ArticleFile(article_id=article_id, **asdict(kept))
            session.add(row)
            session.flush()
            audit.append(session, "article.file_added", actor=add_as, article=article_id, file=row.id, name=row.filename)
        numbers[f"{_NEW}{position}"] = row.id
    return linking.rewritten(document.body, lambda target: f"{linking.FILES}{numbers[target]}" if target in numbers else None)
