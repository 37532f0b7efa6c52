"""What an import does with each document: which article it is, and what of it changes. Nothing is written here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlmodel import Session, select

from knowledge_base import articles
from knowledge_base.frontmatter import Document
from knowledge_base.import_files import Keep, linked
from knowledge_base.import_report import Outcome
from knowledge_base.naming import digest
from triage.models import Article, ArticleAlias, ArticleVersion, ImportedItem, new_id

Inspect = Callable[[str, str], Sequence[str]]

_REMEMBERED = 200  # findings: those of a batch, which is decided on before it is embedded and again when it is written


@dataclass(frozen=True)
class Options:
    """How to import. `meta` holds properties for articles that do not say their own (such as audience).

    `scope` names the source as a whole: what an earlier import of the same scope met and this one does not is
    reported missing, and with `prune` unpublished. `inspect(title, body)` gives what speaks against publishing an
    article unread. `keep` keeps the bytes of a file and raises InputError for one that is not taken; without it, files
    that texts show or link to are left where they are. `run` names this import: an item that it wrote before a crash is
    not written again.
    """

    author: str
    publish: bool = True
    meta: Mapping[str, Any] = field(default_factory=dict)
    scope: str = ""
    prune: bool = False
    inspect: Inspect | None = None
    keep: Keep | None = None
    run: str = field(default_factory=new_id)


@dataclass(frozen=True)
class Decision:
    """What to do with one document: which article it is, and whether to save, publish, or only say why not."""

    outcome: Outcome
    article: str = ""
    why: str = ""
    save: bool = False
    publish: bool = False
    known: ImportedItem | None = None


class Plan:
    """Decides by what is known of the source's places. `names` are all places of the source, when they are known beforehand.

    `ids` holds the ids of articles that others link to, by place, and `texts` their places by the digest of their text:
    both are promised before the articles are written.
    """

    def __init__(self, options: Options, names: set[str] | None) -> None:
        self.options, self.names = options, names
        self._findings = lru_cache(_REMEMBERED)(options.inspect or _nothing)
        self.ids: dict[str, str] = {}
        self.texts: dict[str, str] = {}
        self._promised: set[str] = set()

    def promise(self, place: str, article_id: str, digest: str) -> None:
        """That the text at a place is or becomes this article."""
        self.ids[place] = article_id
        self._promised.add(article_id)
        self.texts.setdefault(digest, place)

    def decide(self, session: Session, document: Document) -> Decision:
        found = self.find(session, document)
        if isinstance(found, Decision):
            return found
        article_id, known, moved = found
        article = session.get(Article, article_id)
        findings = self._findings(document.title, document.body)
        wants = self.options.publish and document.status == "published"
        publish = wants and not findings
        held = f"Held as a draft: {'; '.join(findings)}. Read it, then publish it." if findings else ""
        if article is None:
            return Decision("held" if held else "taken", article_id, held, save=True, publish=publish, known=known)
        latest = _version(session, article, article.latest_version)
        if self._says(session, article, latest, document) or (wants and self._is_published_so(session, article, document)):
            return self._unchanged(article, latest, wants, publish, held, moved, known)
        edited = known is not None and article.latest_version > self._last_imported(session, article_id)
        if edited and known and known.digest == document.digest:
            return Decision("same", article_id, "it was edited here since, which stays", known=known)
        if edited:
            why = "it was changed here as well: the text of the source waits as a draft, compare the two under Versions"
            return Decision("held", article_id, held or why, save=True, known=known)
        return Decision("held" if held else "changed", article_id, held or moved, save=True, publish=publish, known=known)

    def _unchanged(
        self,
        article: Article,
        latest: ArticleVersion,
        wants: bool,
        publish: bool,
        held: str,
        moved: str,
        known: ImportedItem | None,
    ) -> Decision:
        if article.published_version is not None or not (wants or held):
            return Decision("same", article.id, moved, known=known)
        if latest.published_at is not None:
            return Decision("same", article.id, "it was taken out of all searches here, and stays so", known=known)
        if held:
            return Decision("held", article.id, held, known=known)
        return Decision("changed", article.id, "published; its text is the same", publish=publish, known=known)

    def find(self, session: Session, document: Document) -> tuple[str, ImportedItem | None, str] | Decision:
        """The id of the article that a document is, what is known of its place, and where it moved from."""
        known = session.exec(
            select(ImportedItem).where(ImportedItem.scope == self.options.scope, ImportedItem.source == document.place)
        ).first()
        if known and known.run == self.options.run:
            return Decision("refused", known.article_id, f"{document.place} was met twice in this import; give one another name.")
        if document.given:
            return self._by_id(session, document, known)
        if known and self.exists(session, known.article_id):
            return self.current(session, known.article_id), known, ""
        if adopted := self._same_elsewhere(session, document):
            return adopted.article_id, adopted, ""
        first = self.texts.get(document.digest, document.place)
        if first != document.place:
            return Decision("double", self.ids[first], f"Its text is the same as that of {first}; it was taken once.")
        if twin := session.exec(select(ImportedItem).where(ImportedItem.digest == document.digest)).first():
            return self._twin(session, document, twin)
        return self._free_id(session, document), None, ""

    def _by_id(
        self, session: Session, document: Document, known: ImportedItem | None
    ) -> tuple[str, ImportedItem | None, str] | Decision:
        """A document that names its id is that article; the draft of a published one may come after it."""
        other = session.exec(
            select(ImportedItem).where(ImportedItem.article_id == document.id, ImportedItem.run == self.options.run)
        ).first()
        if other and not (document.status == "draft" and document.place.endswith(".draft.md")):
            return Decision("refused", document.id, f"Its id {document.id} was already used by {other.source}; give it another.")
        return self.current(session, document.id), known if known and known.article_id == document.id else None, ""

    def _same_elsewhere(self, session: Session, document: Document) -> ImportedItem | None:
        """The item at the same place of a source by another name, such as last month's zip, when its title is the same."""
        for row in session.exec(
            select(ImportedItem).where(ImportedItem.source == document.place, ImportedItem.run != self.options.run)
        ):
            article = session.get(Article, row.article_id)
            if article and _version(session, article, article.latest_version).title == " ".join(document.title.split()):
                return row
        return None

    def _twin(self, session: Session, document: Document, twin: ImportedItem) -> tuple[str, ImportedItem | None, str] | Decision:
        """The same text is known from another place: the file moved there, or it is a copy."""
        file = twin.source.partition("#")[0]
        gone = self.names is not None and not {twin.source, file} & self.names and twin.run != self.options.run
        if gone and twin.scope == self.options.scope and self.exists(session, twin.article_id):
            return twin.article_id, twin, f"moved here from {twin.source}"
        if not self.exists(session, twin.article_id):
            return self._free_id(session, document), None, ""
        return Decision("double", twin.article_id, f"Its text is the same as that of {twin.source}; it was taken once.")

    def _free_id(self, session: Session, document: Document) -> str:
        """The id made from the place, unless an article that came from elsewhere has it."""
        if promised := self.ids.get(document.place):
            return promised
        article = session.get(Article, document.id)
        taken = session.exec(select(ImportedItem.id).where(ImportedItem.article_id == document.id).limit(1)).first()
        free = article is None or (article.source == document.place and taken is None)
        if free and document.id not in self._promised:
            return document.id
        return f"{document.id[:100]}-{digest(self.options.scope + '/' + document.place)}"

    def exists(self, session: Session, article_id: str) -> bool:
        return session.get(Article, self.current(session, article_id)) is not None

    def current(self, session: Session, article_id: str) -> str:
        """The id of the article now: it may have been renamed."""
        if session.get(Article, article_id) is None and (alias := session.get(ArticleAlias, article_id)):
            return alias.article_id
        return article_id

    def _last_imported(self, session: Session, article_id: str) -> int:
        """The newest version of an article that an import saved."""
        return max(session.exec(select(ImportedItem.version).where(ImportedItem.article_id == article_id)), default=0)

    def meta(self, document: Document) -> dict[str, Any]:
        return {**self.options.meta, **document.meta}

    def _says(self, session: Session, article: Article, version: ArticleVersion, document: Document) -> bool:
        """Whether a version has this text, and the article these properties."""
        body = linked(session, article.id, document)
        if body is None:
            return False
        title, body = " ".join(document.title.split()), body.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
        return (version.title, version.body) == (title, body) and articles.has_properties(article, self.meta(document))

    def _is_published_so(self, session: Session, article: Article, document: Document) -> bool:
        number = article.published_version
        return number is not None and self._says(session, article, _version(session, article, number), document)


def _version(session: Session, article: Article, number: int) -> ArticleVersion:
    return session.exec(
        select(ArticleVersion).where(ArticleVersion.article_id == article.id, ArticleVersion.number == number)
    ).one()


def _nothing(_title: str, _body: str) -> Sequence[str]:
    return ()
