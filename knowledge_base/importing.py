"""Import of articles, with a line of report for every item.

An article is taken whole or not at all. What an item became is remembered by the place where it stood in its source
(`scope` and place), so that the next import finds the same article again: its title may have changed, and a file may
have moved when its text did not. What people changed in the desk since is never written over: it stays, or the new
text waits beside it as a draft. Everything is streamed: a batch of items is in memory at once.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import or_, update
from sqlmodel import Session, col, select

from knowledge_base import articles, synonyms
from knowledge_base.embedding import Embed
from knowledge_base.frontmatter import Document
from knowledge_base.import_files import Keep, linked
from knowledge_base.import_links import Links
from knowledge_base.import_places import files_of, names_of, read_files, scope_of
from knowledge_base.import_plan import Decision, Inspect, Options, Plan
from knowledge_base.import_report import Line, Report, few
from knowledge_base.reading import Item
from knowledge_base.source import SYNONYMS, Source
from triage.database import Database
from triage.errors import InputError
from triage.models import Article, ImportedItem

Record = Callable[[Session, list[Line]], None]

_TOGETHER = 100  # items embedded at once and written in one transaction
_LARGEST_BATCH = 4_000_000  # characters
_LONGEST_BATCH = 2.0  # seconds that the first item of a batch waits for others: pages from the web come slowly


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
        self.plan = Plan(options, names)
        self.links = Links(self.plan, source, options.keep)
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
            batch = [(name, self.links.led(session, item)) for name, item in self._fresh(session, batch)]
            if self.options.publish:
                documents = [item for _, item in batch if isinstance(item, Document)]
                texts = [(item.title, item.body) for item in documents if self.plan.decide(session, item).publish]
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
        if line.outcome == "refused" and (places := sorted(self.links.linked.get(line.source, ()))):
            line = replace(line, why=f"{line.why} Links to it lead nowhere: {few(places)}.".strip())
        extra = [] if isinstance(item, InputError) else self.links.refused.pop(item.place, [])
        return [line, *(replace(more, article=line.article) for more in extra)]

    def _write_article(self, session: Session, item: Document, embed: Embed) -> Line:
        """Save and publish one article inside a savepoint, so that a refused one leaves nothing behind."""
        place = item.place
        decision = self.plan.decide(session, item)
        why = "; ".join(part for part in (decision.why, *item.notes) if part)
        if decision.outcome in ("refused", "double"):
            return Line(place, decision.outcome, decision.article, decision.why)
        try:
            with session.begin_nested():
                self._apply(session, item, decision, embed)
        except InputError as error:
            return Line(place, "refused", decision.article, error.problem)
        return Line(place, decision.outcome, decision.article, f"{why[0].upper()}{why[1:]}" if why else "")

    def _apply(self, session: Session, document: Document, decision: Decision, embed: Embed) -> None:
        if decision.save:
            note = f"Imported from {document.place}" + (f"; {decision.why}" if decision.why else "")
            version = articles.save_version(
                session,
                decision.article,
                title=document.title,
                body=document.body,
                author=self.options.author,
                note=note,
                **{"source": document.place, **self.plan.meta(document)},
            )
            version.body = linked(session, version.article_id, document, add_as=self.options.author) or version.body
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
        article = session.get(Article, self.plan.current(session, row.article_id))
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


def _place(name: str, item: Item) -> str:
    """What the line of an item is called: unique within a run."""
    if isinstance(item, InputError):
        return f"{item.source or name}:{item.line}" if item.line else item.source or name
    return item.place


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
