"""Import of articles, with a line of report for every item.

An article is taken whole or not at all. What an item became is remembered by the place where it stood in its source
(`scope` and place), so that the next import finds the same article again: its title may have changed, and a file may
have moved when its text did not. What people changed in the desk since is never written over: it stays, or the new
text waits beside it as a draft. Everything is streamed: a batch of items is in memory at once.
"""

import re
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, Literal
from urllib.parse import urljoin

from sqlalchemy import or_, update
from sqlmodel import Session, col, select

from knowledge_base import articles, linking, reading, synonyms
from knowledge_base.embedding import Embed
from knowledge_base.frontmatter import Document, KeptFile
from knowledge_base.reading import File, Item
from knowledge_base.source import SYNONYMS, Source
from triage import audit
from triage.database import Database
from triage.errors import InputError
from triage.models import Article, ArticleAlias, ArticleFile, ArticleVersion, ImportedItem, new_id

Outcome = Literal["taken", "changed", "same", "held", "double", "missing", "removed", "refused"]
Keep = Callable[[str, bytes], KeptFile]
Inspect = Callable[[str, str], Sequence[str]]
Record = Callable[[Session, "list[Line]"], None]

_TOGETHER = 100  # items embedded at once and written in one transaction
_LARGEST_BATCH = 4_000_000  # characters
_LONGEST_BATCH = 2.0  # seconds that the first item of a batch waits for others: pages from the web come slowly
_MOST_FILES = 40  # of one article
_NEW = f"{linking.FILES}new-"  # and the number of a file that has no row yet
_EMBEDDED = re.compile(r"!\[([^\]]*)\]\(embedded:[^)]*\)")
_MISSING = "there is no such file or folder."
_WORDS: dict[str, str] = {"held": "held as drafts", "double": "double", "missing": "missing", "removed": "unpublished"}


@dataclass(frozen=True)
class Line:
    """What became of one item; `why` says what to do when it was not simply taken.

    taken, changed, same: as they say. held: saved as a draft because something in it needs a look. double: its text
    is an article already. missing: no longer in the source. removed: that, and unpublished. refused: cannot be used.
    """

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
        more = "".join(f", {count} {word}" for name, word in _WORDS.items() if (count := self.count(name)))  # type: ignore[arg-type]
        return f"{self.count('taken')} taken, {self.count('changed')} changed, {self.count('same')} the same{more}, {self.count('refused')} refused"


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


def import_paths(
    database: Database,
    paths: Sequence[Path],
    *,
    author: str,
    embed: Embed,
    publish: bool = True,
    meta: dict[str, Any] | None = None,
    inspect: Inspect | None = None,
    keep: Keep | None = None,
) -> Report:
    """Import files and folders; a single folder or zip is its own scope."""
    options = Options(author, publish, meta or {}, scope_of(paths), inspect=inspect, keep=keep)
    files = list(files_of(paths))
    with closing(Source(files)) as source:
        importer = Importer(database, embed, options, names=names_of(files) - source.brought, source=source)
        return importer.take(read_files(files, source.brought))


def scope_of(paths: Sequence[Path]) -> str:
    """The name of the source that a single folder or zip is; "" for loose files."""
    if len(paths) != 1:
        return ""
    path = paths[0].resolve()
    return path.name if path.is_dir() else path.stem if path.suffix.lower() == ".zip" else ""


def files_of(paths: Iterable[Path]) -> Iterator[tuple[str, File | InputError]]:
    """The files of files and folders, by name, drafts of an export last; hidden ones are left out.

    A link out of its folder is an error in its place, as is what does not exist.
    """
    for path in paths:
        if path.is_dir():
            root = path.resolve()
            found = [
                p for p in path.rglob("*") if p.is_file() and not any(part.startswith(".") for part in p.relative_to(path).parts)
            ]
            for file in sorted(found, key=lambda p: (p.name.endswith(".draft.md"), p)):
                name = file.relative_to(path).as_posix()
                if file.is_symlink() and not file.resolve().is_relative_to(root):
                    yield name, InputError("it is a link to a place outside the folder; copy the file itself.", source=name)
                else:
                    yield name, _file(file, name)
        elif path.exists():
            yield path.name, _file(path, path.name)
        else:
            yield str(path), InputError(_MISSING, source=str(path))


def names_of(files: Iterable[tuple[str, File | InputError]]) -> set[str]:
    """All places that are there to be looked into, known before anything is read."""
    names: set[str] = set()
    for name, file in files:
        if isinstance(file, File):
            names.update(reading.places(file))
        elif file.problem != _MISSING:
            names.add(name)
    return names


def read_files(files: Iterable[tuple[str, File | InputError]], brought: Container[str] = ()) -> Iterator[tuple[str, Item]]:
    """The items of these files, one by one; those that texts bring along are none."""
    for name, file in files:
        for item in reading.read(file, brought) if isinstance(file, File) else [file]:
            yield name, item


def _file(path: Path, name: str) -> File | InputError:
    try:
        return File.at(path, name)
    except OSError as error:
        return InputError(f"it cannot be read ({error.strerror}).", source=name)


@dataclass(frozen=True)
class _Decision:
    """What to do with one document: which article it is, and whether to save, publish, or only say why not."""

    outcome: Outcome
    article: str = ""
    why: str = ""
    save: bool = False
    publish: bool = False
    known: ImportedItem | None = None


class Importer:
    """One import. `names` are all places of the source when they are known beforehand: they tell a moved file from a copy.

    `source` has the files that texts show or link to. `record` is called with the lines of a batch in the transaction
    that writes its articles; `done` are places of items that this run wrote before it was cut off, and `stopped` is asked before each batch.
    """

    def __init__(
        self,
        database: Database,
        embed: Embed,
        options: Options,
        *,
        names: set[str] | None = None,
        record: Record | None = None,
        done: Callable[[Session, list[str]], set[str]] | None = None,
        stopped: Callable[[], bool] | None = None,
        source: Source | None = None,
    ) -> None:
        self.database, self.embed, self.options = database, embed, options
        self.names, self.record, self.done, self.stopped = names, record, done, stopped
        self.source = source
        self._ids: dict[str, str] = {}  # of articles that others link to, by place: known before they are written
        self._linked: dict[str, set[str]] = {}  # the places that link to a place
        self._texts: dict[str, str] = {}  # the place by the digest of its text, of the same
        self._extra: dict[str, list[Line]] = {}  # lines about the files of an item, by its place
        self.whole = True  # whether every container was read to its end

    def take(self, items: Iterable[tuple[str, Item]]) -> Report:
        """Import them all."""
        return Report([line for lines in self.steps(items) for line in lines])

    def steps(self, items: Iterable[tuple[str, Item]]) -> Iterator[list[Line]]:
        """Import them all, and give the lines of each batch once it is written.

        Embedding happens outside the transactions, each of which writes up to 100 articles.
        """
        for batch in _batches(items):
            if self.stopped and self.stopped():
                return
            yield self._write(batch)
        if self.source and SYNONYMS in self.source:
            yield self._synonyms(self.source)
        if self.options.scope and self.whole:
            yield self._absent()

    # ---- a batch ------------------------------------------------------------------------------------------

    def _write(self, batch: list[tuple[str, Item]]) -> list[Line]:
        texts: list[tuple[str, str]] = []
        with self.database.read() as session:
            batch = [(name, self._led(session, item)) for name, item in self._fresh(session, batch)]
            if self.options.publish:
                documents = [item for _, item in batch if isinstance(item, Document)]
                texts = [(item.title, item.body) for item in documents if self._decide(session, item).publish]
        prepared = articles.prepare(self.embed, texts) if texts else self.embed
        with self.database.transaction() as session:
            lines = [
                line for name, item in self._fresh(session, batch) for line in self._write_one(session, name, item, prepared)
            ]
            if self.record:
                self.record(session, lines)
        return lines

    def _fresh(self, session: Session, batch: list[tuple[str, Item]]) -> list[tuple[str, Item]]:
        """What of the batch has not been written by this run already."""
        written = self.done(session, [_place(*pair) for pair in batch]) if self.done else set()
        return [pair for pair in batch if _place(*pair) not in written]

    def _write_one(self, session: Session, name: str, item: Item, embed: Embed) -> list[Line]:
        """The lines of an item: its own, and those of its files that are refused."""
        line = self._refused(session, name, item) if isinstance(item, InputError) else self._write_article(session, item, embed)
        if line.outcome == "refused" and (linked := sorted(self._linked.get(line.source, ()))):
            line = replace(line, why=f"{line.why} Links to it lead nowhere: {_few(linked)}.".strip())
        extra = [] if isinstance(item, InputError) else self._extra.pop(item.place, [])
        return [line, *(replace(more, article=line.article) for more in extra)]

    def _write_article(self, session: Session, item: Document, embed: Embed) -> Line:
        """Save and publish one article inside a savepoint, so that a refused one leaves nothing behind."""
        place = item.place
        decision = self._decide(session, item)
        why = "; ".join(part for part in (decision.why, *item.notes) if part)
        if decision.outcome in ("refused", "double"):
            return Line(place, decision.outcome, decision.article, decision.why)
        try:
            with session.begin_nested():
                self._apply(session, item, decision, embed)
        except InputError as error:
            return Line(place, "refused", decision.article, error.problem)
        return Line(place, decision.outcome, decision.article, f"{why[0].upper()}{why[1:]}" if why else "")

    def _apply(self, session: Session, document: Document, decision: _Decision, embed: Embed) -> None:
        if decision.save:
            note = f"Imported from {document.place}" + (f"; {decision.why}" if decision.why else "")
            version = articles.save_version(
                session,
                decision.article,
                title=document.title,
                body=document.body,
                author=self.options.author,
                note=note,
                **{"source": document.place, **self._meta(document)},
            )
            version.body = self._with_files(session, version.article_id, document, add=True) or version.body
            session.add(version)
        if decision.publish:
            articles.publish(session, decision.article, author=self.options.author, embed=embed)
        row = decision.known or ImportedItem(scope=self.options.scope, source=document.place, article_id="", digest="")
        article = session.get_one(Article, decision.article)
        if decision.save or not row.version or row.article_id != article.id:
            row.version = article.latest_version
        row.scope, row.source, row.article_id = self.options.scope, document.place, article.id
        row.digest, row.run = document.digest, self.options.run
        session.add(row)
        session.flush()

    def _refused(self, session: Session, name: str, error: InputError) -> Line:
        """A line for what cannot be read; the articles it gave earlier stay, and are not missing."""
        place = error.source or name
        if error.line is None and place == name and (place not in (self.names or ()) or place.endswith(".zip")):
            self.whole = False  # nobody knows what stood in it
        start = place.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        ours = (
            col(ImportedItem.scope) == self.options.scope,
            or_(col(ImportedItem.source) == place, col(ImportedItem.source).like(f"{start}#%", escape="\\")),
        )
        known = session.exec(select(ImportedItem.article_id).where(*ours).limit(1)).first()
        session.execute(update(ImportedItem).where(*ours).values(run=self.options.run))
        why = error.problem[:1].upper() + error.problem[1:]
        why += " What it gave at an earlier import stays as it was." if known and not error.line else ""
        return Line(f"{place}:{error.line}" if error.line else place, "refused", known or "", why)

    # ---- links and files ----------------------------------------------------------------------------------

    def _led(self, session: Session, item: Item) -> Item:
        """The item with its links leading to articles and to its files, which are kept from now on.

        A link that leads nowhere stays as it was written, and is named in the item's line.
        """
        if isinstance(item, InputError):
            return item
        gathered = _Files(self.options.keep)
        nowhere: list[str] = []
        source = self.source if self.source and item.place in self.source else None

        def lead(target: str) -> str | None:
            if target.startswith("embedded:"):
                name = target.removeprefix("embedded:")
                return gathered.take(f"{item.place}/{name}", lambda: item.embedded[name]) if name in item.embedded else None
            return self._lead(session, item, source, target, gathered, nowhere) if source else None

        body = linking.rewritten(item.body, lead)
        for target in item.attachments if source else ():
            lead(target)
        left = len(_EMBEDDED.findall(body)) if item.embedded else 0
        body = _EMBEDDED.sub(r"\1", body) if left else body
        notes = [f"{left} picture{'s' * (left > 1)} left out"] if left else []
        notes += [f"links that lead nowhere: {_few(list(dict.fromkeys(nowhere)))}"] if nowhere else []
        self._extra[item.place] = gathered.refused
        return replace(item, body=body, notes=(*item.notes, *notes), files=tuple(gathered.kept), said=item.digest)

    def _lead(
        self, session: Session, item: Document, source: Source, target: str, gathered: "_Files", nowhere: list[str]
    ) -> str | None:
        """Where a link of a text leads now; None when it stays."""
        path = linking.path_of(target, item.place)
        if path is None:
            return None
        place = source.find(path)
        if place is None:
            return self._elsewhere(session, item, target, nowhere)
        if place not in source.brought and target not in item.attachments:
            self._linked.setdefault(place, set()).add(item.place)
            if found := self._id_at(session, source, place):
                return found
        return gathered.take(place, lambda: source.content(place))

    def _elsewhere(self, session: Session, item: Document, target: str, nowhere: list[str]) -> str | None:
        """A link to what is not in the source: an article here, a file here, or an address that a page meant."""
        number = target.removeprefix(linking.FILES)
        if target.startswith(linking.FILES) and number.isdecimal() and len(number) < 10:
            file = session.get(ArticleFile, int(number))
            if file is not None and file.removed_at is None:
                return None
        elif self._exists(session, target):
            return None
        elif item.base:
            return urljoin(item.base, target)
        nowhere.append(target)
        return None

    def _id_at(self, session: Session, source: Source, place: str) -> str:
        """The id of the article that the file at a place is or becomes; "" when it becomes none."""
        if place not in self._ids:
            try:
                read = next(reading.read(File.of(source.content(place), place)), None)
            except InputError:
                read = None
            if not isinstance(read, Document):
                return ""
            found = self._find(session, read)
            self._ids[place] = found.article if isinstance(found, _Decision) else found[0]
            self._texts.setdefault(read.digest, place)
        return self._ids[place]

    def _with_files(self, session: Session, article_id: str, document: Document, add: bool = False) -> str | None:
        """The text with links to the article's files; None when one is not there yet, unless they are to be added."""
        numbers: dict[str, int | None] = {}
        for position, kept in enumerate(document.files):
            same = (
                ArticleFile.article_id == article_id,
                ArticleFile.sha256 == kept.sha256,
                ArticleFile.filename == kept.filename,
            )
            row = session.exec(select(ArticleFile).where(*same, col(ArticleFile.removed_at).is_(None))).first()
            if row is None and not add:
                return None
            if row is None:
                row = ArticleFile(article_id=article_id, **asdict(kept))
                session.add(row)
                session.flush()
                audit.append(
                    session, "article.file_added", actor=self.options.author, article=article_id, file=row.id, name=row.filename
                )
            numbers[f"{_NEW}{position}"] = row.id
        return linking.rewritten(document.body, lambda target: f"{linking.FILES}{numbers[target]}" if target in numbers else None)

    def _synonyms(self, source: Source) -> list[Line]:
        """Add the administrators' list of an export to this desk's."""
        with self.database.transaction() as session:
            if self.done and self.done(session, [SYNONYMS]):
                return []
            lines = [self._synonym_line(session, source)]
            if self.record:
                self.record(session, lines)
        return lines

    def _synonym_line(self, session: Session, source: Source) -> Line:
        try:
            groups = synonyms.read(source.content(SYNONYMS))
        except InputError as error:
            return Line(SYNONYMS, "refused", why=error.problem)
        there = synonyms.lists(session)
        new = [group for group in groups if group not in there]
        problems = []
        for group in new:
            try:
                synonyms.add(session, group, author=self.options.author)
            except InputError as error:
                problems.append(error.problem)
        if problems and len(problems) == len(groups):
            return Line(SYNONYMS, "refused", why=" ".join(problems[:5]))
        why = f"{len(new) - len(problems)} new groups of synonyms. " + " ".join(problems[:5]) if new else ""
        return Line(SYNONYMS, "taken" if len(new) > len(problems) else "same", why=why.strip())

    # ---- which article, and what of it changes ------------------------------------------------------------

    def _decide(self, session: Session, document: Document) -> _Decision:
        found = self._find(session, document)
        if isinstance(found, _Decision):
            return found
        article_id, known, moved = found
        article = session.get(Article, article_id)
        findings = list(self.options.inspect(document.title, document.body)) if self.options.inspect else []
        wants = self.options.publish and document.status == "published"
        publish = wants and not findings
        held = f"Held as a draft: {'; '.join(findings)}. Read it, then publish it." if findings else ""
        if article is None:
            return _Decision("held" if held else "taken", article_id, held, save=True, publish=publish, known=known)
        latest = _version(session, article, article.latest_version)
        if self._says(session, article, latest, document) or (wants and self._is_published_so(session, article, document)):
            return self._unchanged(article, latest, wants, publish, held, moved, known)
        edited = known is not None and article.latest_version > self._last_imported(session, article_id)
        if edited and known and known.digest == document.digest:
            return _Decision("same", article_id, "it was edited here since, which stays", known=known)
        if edited:
            why = "it was changed here as well: the text of the source waits as a draft, compare the two under Versions"
            return _Decision("held", article_id, held or why, save=True, known=known)
        return _Decision("held" if held else "changed", article_id, held or moved, save=True, publish=publish, known=known)

    def _unchanged(
        self,
        article: Article,
        latest: ArticleVersion,
        wants: bool,
        publish: bool,
        held: str,
        moved: str,
        known: ImportedItem | None,
    ) -> _Decision:
        if article.published_version is not None or not (wants or held):
            return _Decision("same", article.id, moved, known=known)
        if latest.published_at is not None:
            return _Decision("same", article.id, "it was taken out of all searches here, and stays so", known=known)
        if held:
            return _Decision("held", article.id, held, known=known)
        return _Decision("changed", article.id, "published; its text is the same", publish=publish, known=known)

    def _find(self, session: Session, document: Document) -> tuple[str, ImportedItem | None, str] | _Decision:
        """The id of the article that a document is, what is known of its place, and where it moved from."""
        known = session.exec(
            select(ImportedItem).where(ImportedItem.scope == self.options.scope, ImportedItem.source == document.place)
        ).first()
        if known and known.run == self.options.run:
            return _Decision(
                "refused", known.article_id, f"{document.place} was met twice in this import; give one another name."
            )
        if document.given:
            return self._by_id(session, document, known)
        if known and self._exists(session, known.article_id):
            return self._current(session, known.article_id), known, ""
        if adopted := self._same_elsewhere(session, document):
            return adopted.article_id, adopted, ""
        first = self._texts.get(document.digest, document.place)
        if first != document.place:
            return _Decision("double", self._ids[first], f"Its text is the same as that of {first}; it was taken once.")
        if twin := session.exec(select(ImportedItem).where(ImportedItem.digest == document.digest)).first():
            return self._twin(session, document, twin)
        return self._free_id(session, document), None, ""

    def _by_id(
        self, session: Session, document: Document, known: ImportedItem | None
    ) -> tuple[str, ImportedItem | None, str] | _Decision:
        """A document that names its id is that article; the draft of a published one may come after it."""
        other = session.exec(
            select(ImportedItem).where(ImportedItem.article_id == document.id, ImportedItem.run == self.options.run)
        ).first()
        if other and not (document.status == "draft" and document.place.endswith(".draft.md")):
            return _Decision("refused", document.id, f"Its id {document.id} was already used by {other.source}; give it another.")
        return self._current(session, document.id), known if known and known.article_id == document.id else None, ""

    def _same_elsewhere(self, session: Session, document: Document) -> ImportedItem | None:
        """The item at the same place of a source by another name, such as last month's zip, when its title is the same."""
        for row in session.exec(
            select(ImportedItem).where(ImportedItem.source == document.place, ImportedItem.run != self.options.run)
        ):
            article = session.get(Article, row.article_id)
            if article and _version(session, article, article.latest_version).title == " ".join(document.title.split()):
                return row
        return None

    def _twin(self, session: Session, document: Document, twin: ImportedItem) -> tuple[str, ImportedItem | None, str] | _Decision:
        """The same text is known from another place: the file moved there, or it is a copy."""
        file = twin.source.partition("#")[0]
        gone = self.names is not None and not {twin.source, file} & self.names and twin.run != self.options.run
        if gone and twin.scope == self.options.scope and self._exists(session, twin.article_id):
            return twin.article_id, twin, f"moved here from {twin.source}"
        if not self._exists(session, twin.article_id):
            return self._free_id(session, document), None, ""
        return _Decision("double", twin.article_id, f"Its text is the same as that of {twin.source}; it was taken once.")

    def _free_id(self, session: Session, document: Document) -> str:
        """The id made from the place, unless an article that came from elsewhere has it."""
        from knowledge_base.naming import digest

        if promised := self._ids.get(document.place):
            return promised
        article = session.get(Article, document.id)
        taken = session.exec(select(ImportedItem.id).where(ImportedItem.article_id == document.id).limit(1)).first()
        free = article is None or (article.source == document.place and taken is None)
        if free and document.id not in self._ids.values():
            return document.id
        return f"{document.id[:100]}-{digest(self.options.scope + '/' + document.place)}"

    def _exists(self, session: Session, article_id: str) -> bool:
        return session.get(Article, self._current(session, article_id)) is not None

    def _current(self, session: Session, article_id: str) -> str:
        """The id of the article now: it may have been renamed."""
        if session.get(Article, article_id) is None and (alias := session.get(ArticleAlias, article_id)):
            return alias.article_id
        return article_id

    def _last_imported(self, session: Session, article_id: str) -> int:
        """The newest version of an article that an import saved."""
        return max(session.exec(select(ImportedItem.version).where(ImportedItem.article_id == article_id)), default=0)

    def _meta(self, document: Document) -> dict[str, Any]:
        return {**self.options.meta, **document.meta}

    def _says(self, session: Session, article: Article, version: ArticleVersion, document: Document) -> bool:
        """Whether a version has this text, and the article these properties."""
        body = self._with_files(session, article.id, document)
        if body is None:
            return False
        title, body = " ".join(document.title.split()), body.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
        return (version.title, version.body) == (title, body) and articles.has_properties(article, self._meta(document))

    def _is_published_so(self, session: Session, article: Article, document: Document) -> bool:
        number = article.published_version
        return number is not None and self._says(session, article, _version(session, article, number), document)

    # ---- what the source no longer holds ------------------------------------------------------------------

    def _absent(self) -> list[Line]:
        """A line for each article that an earlier import of this scope brought and this one did not meet."""
        with self.database.transaction() as session:
            gone = session.exec(
                select(ImportedItem)
                .where(ImportedItem.scope == self.options.scope, ImportedItem.run != self.options.run)
                .order_by(col(ImportedItem.source))
            ).all()
            lines = [line for row in gone if (line := self._absent_one(session, row))]
            if self.record:
                self.record(session, lines)
        return lines

    def _absent_one(self, session: Session, row: ImportedItem) -> Line | None:
        article = session.get(Article, self._current(session, row.article_id))
        met = session.exec(
            select(ImportedItem.id)
            .where(ImportedItem.article_id == row.article_id, ImportedItem.run == self.options.run)
            .limit(1)
        ).first()
        if article is None or met is not None:
            session.delete(row)
            return None
        if article.published_version is None:
            return Line(row.source, "missing", article.id, "No longer in the source; the article is a draft.")
        if not self.options.prune:
            return Line(
                row.source, "missing", article.id, "No longer in the source; still published. Unpublish it if it is obsolete."
            )
        articles.unpublish(session, article.id, author=self.options.author)
        return Line(row.source, "removed", article.id, "No longer in the source: unpublished; its versions stay.")


class _Files:
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
                if len(self.kept) == _MOST_FILES:
                    raise InputError(f"an article has at most {_MOST_FILES} files; this one is beyond them.")
                kept = self._keep(PurePosixPath(place).name, content())
            except InputError as error:
                why = f"{error.problem[:1].upper()}{error.problem[1:]} The text that shows it is taken without it."
                self.refused.append(Line(place, "refused", why=why))
            else:
                self._links[place] = f"{_NEW}{len(self.kept)}"
                self.kept.append(kept)
        return self._links[place]


def _few(names: Sequence[str]) -> str:
    return ", ".join(name[:120] for name in names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _place(name: str, item: Item) -> str:
    """What the line of an item is called: unique within a run."""
    if isinstance(item, InputError):
        return f"{item.source or name}:{item.line}" if item.line else item.source or name
    return item.place


def _version(session: Session, article: Article, number: int) -> ArticleVersion:
    return session.exec(
        select(ArticleVersion).where(ArticleVersion.article_id == article.id, ArticleVersion.number == number)
    ).one()


def _batches(items: Iterable[tuple[str, Item]]) -> Iterator[list[tuple[str, Item]]]:
    batch: list[tuple[str, Item]] = []
    size, begun = 0, time.monotonic()
    for name, item in items:
        batch.append((name, replace(item, place=item.place or name) if isinstance(item, Document) else item))
        size += len(item.body) + sum(map(len, item.embedded.values())) if isinstance(item, Document) else 0
        if len(batch) == _TOGETHER or size > _LARGEST_BATCH or time.monotonic() - begun > _LONGEST_BATCH:
            yield batch
            batch, size, begun = [], 0, time.monotonic()
    if batch:
        yield batch
