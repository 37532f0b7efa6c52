"""One article with everything that was ever written in it."""

from dataclasses import dataclass

from sqlmodel import Session, select

from knowledge_base import articles
from triage.errors import InputError
from triage.library.rows import ArticleRow, category_titles, row, used
from triage.models import Article, ArticleVersion, User


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


def load(session: Session, article_id: str) -> ArticleView:
    """One article; raises InputError when there is none."""
    article = session.get(Article, article_id)
    if article is None:
        raise InputError(f"There is no article {article_id[:80]}; it may have been renamed. Look it up in the list.")
    versions = articles.versions(session, article_id)
    line = row(article, versions[0].title, category_titles(session), used(session))
    people = {f"user:{number}": name for number, name in session.exec(select(User.id, User.name))}
    return ArticleView(line, list(article.labels), versions, people)
