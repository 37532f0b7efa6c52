"""Grouping the questions that ended without support into gaps.

`refresh` is incremental: it embeds only questions that are new, groups all of them anew when anything changed, and
gives each group the id that most of its questions had, so that what people decided about a gap outlives the grouping.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from statistics import median
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, func, or_, select

from knowledge_base import clusters
from knowledge_base.embedding import Vectors
from knowledge_base.gloss import fold, gloss, small_words
from knowledge_base.lexical import words
from knowledge_base.search import Hit
from triage import audit
from triage.improving import handling, questions
from triage.improving.questions import WINDOW, Question
from triage.models import Article, CategoryExample, Gap, GapQuestion, Passage, Role, now
from triage.notifications.telling import tell

if TYPE_CHECKING:
    from triage.office import Desk

T = TypeVar("T")
LOOKED_AT = timedelta(days=28)  # the minutes of these weeks make the minutes a week
HALF = timedelta(days=14)
_BACK = 3  # questions since it was closed that open a gap again
_LOOKED_UP = 200  # gaps for which the nearest article is looked up, those that cost most
_NEAR = 0.55  # nearness (cosine) above which an article is about the matter
_BATCH = 512


@dataclass(frozen=True)
class _Known:
    """A stored question without its vector."""

    id: int
    source: str
    text: str
    language: str
    minutes: float
    asked_at: datetime
    gap_id: int | None


# ---- making them ------------------------------------------------------------------------------------------


def refresh(desk: "Desk") -> str:
    """Bring questions and gaps to what the desk knows now; nothing is embedded inside a transaction."""
    since = now() - WINDOW
    with desk.database.read() as session:
        demands = questions.demands(session, since)
        times = handling.measure(session, since, without_support={d.episode for d in demands.values() if d.episode})
        stored = {(row[0], row[1]) for row in session.exec(select(GapQuestion.source, GapQuestion.embedder))}
        have = {source for source, embedder in stored if embedder == desk.embedder.name}
        new = [demand for demand in demands.values() if f"{demand.source}:0" not in have]
    learned = sum(_learn(desk, some) for some in _batched(new, _BATCH))
    changed = desk.database.run_now(lambda session: _follow(session, demands, times))
    with desk.database.read() as session:
        ungrouped = session.exec(select(GapQuestion.id).where(col(GapQuestion.gap_id).is_(None)).limit(1)).first()
    if learned or changed or ungrouped is not None:
        _group(desk)
    desk.database.run_now(_settle)
    return f"{learned} new demands without support"


def _learn(desk: "Desk", demands: Sequence[questions.Demand]) -> int:
    """Embed and store the questions of these demands, in place of what was stored of them; returns how many demands asked something."""
    with desk.database.read() as session:
        found = questions.questions(session, demands)
    vectors = desk.embedder.encode([_embedded(question) for question in found])
    with suppress(IntegrityError):  # another process stored them meanwhile
        desk.database.run_now(lambda session: _keep(session, found, vectors, desk.embedder.name))
    return len({question.demand.source for question in found})


def _keep(session: Session, found: list[Question], vectors: Vectors, embedder: str) -> None:
    sources = [question.source for question in found]
    old = {row.source: row for row in session.exec(select(GapQuestion).where(col(GapQuestion.source).in_(sources)))}
    for question, vector in zip(found, vectors, strict=True):
        row = old.get(question.source) or GapQuestion(source=question.source)
        row.ticket_id, row.text, row.language = question.demand.ticket, question.text, question.language
        row.signals, row.asked_at = sorted(question.demand.signals), question.demand.asked_at
        row.minutes, row.embedder, row.vector = question.share, embedder, vector.tobytes()
        session.add(row)


def _embedded(question: Question) -> str:
    """What is compared: an English reading, so that a question is the same in every language."""
    return gloss(question.text, question.language or "en") or question.text


def _follow(session: Session, demands: dict[str, questions.Demand], times: handling.Handling) -> int:
    """Bring signs and minutes of the stored questions to what is known now; those that grew old or were answered go."""
    lost = {source: times.lost(demand.episode) if demand.episode else 0.0 for source, demand in demands.items()}
    known = [minutes for source, minutes in lost.items() if minutes is not None and demands[source].episode]
    expected = median(known) if known else 0.0
    columns = (GapQuestion.id, GapQuestion.source, GapQuestion.minutes, GapQuestion.estimated, GapQuestion.signals)
    rows = session.execute(select(*columns)).all()  # type: ignore[call-overload]
    asked = Counter(_demand(row.source) for row in rows)
    gone, changes = [], []
    for row in rows:
        source = _demand(row.source)
        if source not in demands:
            gone.append(row.id)
            continue
        minutes = lost[source]
        share, told = round((expected if minutes is None else minutes) / asked[source], 3), sorted(demands[source].signals)
        if (share, minutes is None, told) != (row.minutes, row.estimated, row.signals):
            changes.append({"id": row.id, "minutes": share, "estimated": minutes is None, "signals": told})
    for some in _batched(gone, _BATCH):
        session.execute(delete(GapQuestion).where(col(GapQuestion.id).in_(some)))
    if changes:
        session.execute(update(GapQuestion), changes)
    return len(gone) + len(changes)


def _batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    left = iter(items)
    while some := list(islice(left, size)):
        yield some


def _demand(source: str) -> str:
    """The demand of a question: episode:12 of episode:12:0."""
    return source.rpartition(":")[0]


def _group(desk: "Desk") -> None:
    """Group all questions anew and store what each group is."""
    with desk.database.read() as session:
        columns = (GapQuestion.id, GapQuestion.source, GapQuestion.text, GapQuestion.language, GapQuestion.minutes, GapQuestion.asked_at, GapQuestion.gap_id)  # fmt: skip
        rows = [_Known(*row) for row in session.execute(select(*columns).order_by(GapQuestion.id)).all()]  # type: ignore[call-overload]
        vectors = _vectors(session.exec(select(GapQuestion.vector).order_by(col(GapQuestion.id))).all())
        field = _vectors(session.exec(select(CategoryExample.vector)).all())
    if not rows:
        desk.database.run_now(_forget_empty)
        return
    groups = [[rows[n] for n in group] for group in clusters.stars(vectors, background=field)]
    known: dict[int, set[Any]] = defaultdict(set)
    for row in rows:
        if row.gap_id is not None:
            known[row.gap_id].add(row.id)
    names = clusters.keep_names(known, [{row.id for row in group} for group in groups])
    terms = clusters.key_terms([[f"{row.language}\n{row.text}" for row in group] for group in groups], words=_terms)
    shown = [_described(group, kept) for group, kept in zip(groups, terms, strict=True)]
    order = sorted(range(len(groups)), key=lambda n: (-shown[n]["minutes"], -shown[n]["size"], n))
    for n, near in zip(order, _nearest(desk, [shown[n] for n in order[:_LOOKED_UP]]), strict=False):
        shown[n] |= near
    desk.database.run_now(lambda session: _store(session, groups, names, shown, known))


def _vectors(stored: Sequence[bytes]) -> Vectors:
    kept = [vector for vector in stored if vector]
    return np.stack([np.frombuffer(vector, np.float32) for vector in kept]) if kept else np.zeros((0, 0), np.float32)


def _terms(text: str) -> list[str]:
    """The words of "language\\ntext" that carry matter, as they were written."""
    language, _, said = text.partition("\n")
    found = [word.surface.lower() for word in words(said, language or "en")]
    return [word for word in found if len(word) > 2 and not word.isdigit() and word.isalnum() and fold(word) not in small_words()]


def _described(group: list[_Known], terms: list[str]) -> dict[str, Any]:
    moment = now()
    weeks = LOOKED_AT / timedelta(days=7)
    return {
        "title": questions.asked(group[0].text),
        "terms": terms,
        "languages": [language for language, _ in Counter(row.language for row in group if row.language).most_common()],
        "size": len(group),
        "minutes": round(sum(row.minutes for row in group if row.asked_at > moment - LOOKED_AT) / weeks, 2),
        "recent": sum(row.asked_at > moment - HALF for row in group),
        "earlier": sum(moment - 2 * HALF < row.asked_at <= moment - HALF for row in group),
    }


# ---- the nearest article ----------------------------------------------------------------------------------


def _nearest(desk: "Desk", shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each gap the article nearest to its question, and what would make it be found."""
    if not shown:
        return []
    asked = [gloss(gap["title"], (gap["languages"] or ["en"])[0]) or gap["title"] for gap in shown]
    found = desk.searcher.search_many(asked, k=6, audience="internal")
    with desk.database.read() as session:
        return [_advice(session, gap, hits) for gap, hits in zip(shown, found, strict=True)]


def _advice(session: Session, gap: dict[str, Any], hits: list[Hit]) -> dict[str, Any]:
    """The nearest article and whether it is there but not found: in another language, kept from customers, in other words."""
    nothing = {"near_article": "", "near_heading": "", "nearness": 0.0, "advice": "missing", "words": []}
    if not hits:
        return nothing
    best = max(hits, key=lambda hit: hit.meaning)
    near = {"near_article": best.article, "near_heading": best.heading, "nearness": round(best.meaning, 3)}
    if best.meaning < _NEAR:
        return nothing | near
    if best.audience != "public":
        return near | {"advice": "internal", "words": []}
    languages = set(gap["languages"]) or {"en"}
    if best.language not in languages and not _translated(session, best.article, languages):
        return near | {"advice": "language", "words": sorted(languages)}
    text = session.exec(select(Passage.text).where(Passage.article_id == best.article)).all()
    held = {word.key for piece in [best.title, *text] for word in words(piece, best.language)}
    lacking = [term for term in gap["terms"] if not {word.key for word in words(term, best.language)} & held]
    return near | {"advice": "words", "words": lacking}


def _translated(session: Session, article_id: str, languages: set[str]) -> bool:
    """Whether the article is published in one of these languages, too."""
    article = session.get(Article, article_id)
    root = (article.translation_of or article.id) if article else article_id
    family = or_(Article.id == root, Article.translation_of == root)
    there = select(Article.id).where(family, col(Article.language).in_(languages), col(Article.published_version).is_not(None))
    return session.exec(there.limit(1)).first() is not None


# ---- storing them -----------------------------------------------------------------------------------------


def _store(
    session: Session, groups: list[list[_Known]], names: list[int | None], shown: list[dict[str, Any]], known: dict[int, set[Any]]
) -> None:
    """Write the gaps; a piece that broke off one that was dismissed or closed takes its state along."""
    gaps = {gap.id: gap for gap in session.exec(select(Gap))}
    decided = {row.id: row.gap_id for group in groups for row in group}
    found: list[str] = []
    for group, name, values in zip(groups, names, shown, strict=True):
        gap = gaps.get(name) or _piece_of(gaps, [decided[row.id] for row in group])
        is_new = gap.id is None and gap.state == "open"
        for field, value in values.items():
            setattr(gap, field, value)
        session.add(gap)
        session.flush()
        found += [gap.title] * is_new
        moved = [row.id for row in group if row.gap_id != gap.id]
        for some in _batched(moved, _BATCH):
            session.execute(update(GapQuestion).where(col(GapQuestion.id).in_(some)).values(gap_id=gap.id))
    _forget_empty(session)
    if found:
        named = "; ".join(f"“{title}”" for title in found[:3]) + ("; …" if len(found) > 3 else "")
        tell(session, "gap", f"Customers ask what no article answers: {named}", role=Role.STAFF)


def _piece_of(gaps: dict[int | None, Gap], former: list[int | None]) -> Gap:
    name, count = Counter(former).most_common(1)[0]
    parent = gaps.get(name)
    if parent is None or parent.state not in ("dismissed", "closed") or 2 * count <= len(former):
        return Gap()
    return Gap(state=parent.state, reason=parent.reason, closed_by=parent.closed_by, changed_by=parent.changed_by, changed_at=parent.changed_at)  # fmt: skip


def _forget_empty(session: Session) -> None:
    """A gap without questions goes, unless somebody decided something about it."""
    filled = select(GapQuestion.gap_id).where(col(GapQuestion.gap_id).is_not(None))
    session.execute(delete(Gap).where(col(Gap.id).not_in(filled), col(Gap.state) == "open"))
    empty = {"size": 0, "minutes": 0.0, "recent": 0, "earlier": 0}
    session.execute(update(Gap).where(col(Gap.id).not_in(filled)).values(**empty))


def _settle(session: Session) -> None:
    """A gap whose article was published is closed by it; one that goes on being asked about is open again."""
    for gap in session.exec(select(Gap).where(col(Gap.state).in_(("writing", "closed")))).all():
        article = session.get(Article, gap.draft_article or gap.closed_by)
        if gap.state == "writing" and article is not None and article.published_version is not None:
            gap.state, gap.closed_by, gap.changed_at, gap.reason = "closed", article.id, now(), ""
            audit.append(session, "gap.closed", actor="clock", gap=gap.id, article=article.id)
        elif gap.state == "writing" and (article is None or article.status == "archived"):
            gap.state, gap.draft_article = "open", ""
        elif gap.state == "closed" and (asked := _since(session, gap)) >= _BACK:
            gap.state, gap.reason, gap.changed_at = "open", f"Asked {asked} times since {gap.closed_by} was to answer it.", now()
            audit.append(session, "gap.came_back", actor="clock", gap=gap.id, questions=asked)
        session.add(gap)


def _since(session: Session, gap: Gap) -> int:
    asked = select(func.count()).where(GapQuestion.gap_id == gap.id, col(GapQuestion.asked_at) > (gap.changed_at or now()))
    return session.exec(asked).one()
