"""One article with everything that belongs to it."""

from dataclasses import dataclass, field

from sqlmodel import Session, col, func, or_, select

from knowledge_base import articles
from triage.errors import InputError
from triage.library import listing
from triage.library.listing import ArticleRow
from triage.models import Article, ArticleAlias, ArticleFile, ArticleReview, ArticleVersion, Draft, User


@dataclass(frozen=True)
class Translation:
    """The same article in another language."""

    id: str
    language: str
    title: str
    published: bool


@dataclass(frozen=True)
class ArticleView:
    """One article with its versions, newest first, its files and translations, and the names of people in it.

    `review` is the latest word on the latest version; `behind` says whether the original was published anew
    after this translation was last changed.
    """

    row: ArticleRow
    labels: list[str]
    versions: list[ArticleVersion]
    names: dict[str, str]
    category: str = ""
    product: list[str] = field(default_factory=list)
    translation_of: str = ""
    translations: list[Translation] = field(default_factory=list)
    files: list[ArticleFile] = field(default_factory=list)
    review: ArticleReview | None = None
    behind: bool = False

    @property
    def latest(self) -> ArticleVersion:
        return self.versions[0]

    def version(self, number: int | None) -> ArticleVersion | None:
        return next((version for version in self.versions if version.number == number), None)

    def name(self, author: str | int | None) -> str:
        """Who that is, in words: an author as versions keep it, or a person's number."""
        key = f"user:{author}" if isinstance(author, int) else author or ""
        return self.names.get(key, key or "the system")


def load(session: Session, article_id: str) -> ArticleView:
    """One article, also by an id that it had before; raises InputError when there is none."""
    article = session.get(Article, article_id) or session.get(Article, current_id(session, article_id))
    if article is None:
        raise InputError(f"There is no article {article_id[:80]}. Look it up in the list.")
    row = listing.one(session, article.id)
    assert row
    people = {f"user:{number}": name for number, name in session.exec(select(User.id, User.name))}
    return ArticleView(
        row, list(article.labels), articles.versions(session, article.id), people, article.category, list(article.product), article.translation_of,
        translations(session, article), _files(session, article.id), _review(session, article), _behind(session, article),
    )  # fmt: skip


def current_id(session: Session, article_id: str) -> str:
    """The id that the article has now; an unknown id comes back as it is."""
    alias = session.get(ArticleAlias, article_id[:200])
    return alias.article_id if alias else article_id


def translations(session: Session, article: Article) -> list[Translation]:
    """The other languages of an article, by language."""
    root = article.translation_of or article.id
    latest = (col(ArticleVersion.article_id) == Article.id) & (col(ArticleVersion.number) == Article.latest_version)
    found = session.exec(
        select(Article, ArticleVersion.title)
        .join(ArticleVersion, latest)
        .where(or_(Article.id == root, Article.translation_of == root), Article.id != article.id, Article.status != "archived")
        .order_by(Article.language, col(Article.id))
    )
    return [Translation(other.id, other.language, title, other.published_version is not None) for other, title in found]


def waiting_drafts(session: Session, article_id: str) -> list[int]:
    """The tickets whose waiting draft cites the article, oldest first."""
    version = col(Draft.article_versions)[article_id].as_string()
    statement = select(Draft.ticket_id).where(Draft.status == "waiting", version.is_not(None))
    return list(session.exec(statement.order_by(col(Draft.ticket_id))))


def _files(session: Session, article_id: str) -> list[ArticleFile]:
    statement = select(ArticleFile).where(ArticleFile.article_id == article_id, col(ArticleFile.removed_at).is_(None))
    return list(session.exec(statement.order_by(func.lower(ArticleFile.filename), col(ArticleFile.id))))


def _review(session: Session, article: Article) -> ArticleReview | None:
    asked = (ArticleReview.article_id == article.id, ArticleReview.number == article.latest_version)
    return session.exec(select(ArticleReview).where(*asked).order_by(col(ArticleReview.id).desc())).first()


def _behind(session: Session, article: Article) -> bool:
    original = session.get(Article, article.translation_of) if article.translation_of else None
    if original is None or original.published_version is None:
        return False
    published = session.exec(
        select(ArticleVersion.created_at).where(
            ArticleVersion.article_id == original.id, ArticleVersion.number == original.published_version
        )
    ).first()
    changed = session.exec(select(func.max(ArticleVersion.created_at)).where(ArticleVersion.article_id == article.id)).one()
    return bool(published and changed and published > changed)
