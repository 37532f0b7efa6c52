"""What people and agents tell about the knowledge base without being asked: searches, clicks, votes, what was kept.

Two tables: a SearchRecord for each question asked, a PassageUse for each passage that agents were given for a draft.
`kept_rate` sums the second up for ranking; searches without an answer are where articles are missing.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from rapidfuzz import fuzz
from sqlalchemy import case, func
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, select

from knowledge_base.lexical import words
from triage.database.rows import insert_many
from triage.models import Draft, PassageUse, SearchRecord, now

AGENTS, TRIAL = "agents", "trial"  # who searched: the agents for a ticket, a person trying it out
COUNTED = timedelta(days=180)
_SAME_MATTER = timedelta(minutes=30)  # within which a person's like search counts as a repeated one
_ALIKE = 0.5  # share of words that two searches for the same have in common
_SURVIVED = 75  # of 100: how alike a sentence and its place in the sent text are when it was only touched up
_MATTERS = ("wrong facts", "does not answer")  # reasons for rejecting a draft that speak against its passages
_WEIGHT = 5.0  # cases that a rate's prior counts for
_USUAL = 0.8  # kept rate of a base without any decision


# ---- searches ---------------------------------------------------------------------------------------------


def searched(
    session: Session, query: str, *, source: str, hits: int, top: float = 0.0, article: str = "", decision: str = "",
    confidence: float = 0.0, **of: Any,
) -> SearchRecord:  # fmt: skip
    """Record one search; `of` names the ticket_id, episode_id, run_id, user_id, language and category it belongs to."""
    record = SearchRecord(
        source=source, query=query[:2_000], hits=hits, top=round(top, 4), article=article, decision=decision,
        confidence=round(confidence, 4), **of,
    )  # fmt: skip
    record.repeats = _repeated(session, record)
    session.add(record)
    return record


def asked(session: Session, searches: Iterable[dict[str, Any]]) -> None:
    """Record the searches of a ticket's first run, which can repeat no earlier ones; each as `searched` takes it."""
    insert_many(
        session,
        SearchRecord,
        (
            {
                **search,
                "query": search["query"][:2_000],
                "top": round(search["top"], 4),
                "confidence": round(search["confidence"], 4),
            }
            for search in searches
        ),
    )


def _repeated(session: Session, record: SearchRecord) -> int | None:
    """The newest earlier search of the same ticket (in another run) or, within half an hour, of the same person for much the same."""
    earlier = select(SearchRecord.id, SearchRecord.query).order_by(col(SearchRecord.id).desc()).limit(20)
    if record.ticket_id is not None:
        others = (col(SearchRecord.run_id) != record.run_id) | col(SearchRecord.run_id).is_(None)
        earlier = earlier.where(SearchRecord.ticket_id == record.ticket_id, others)
    elif record.user_id is not None:
        earlier = earlier.where(SearchRecord.user_id == record.user_id, SearchRecord.at > now() - _SAME_MATTER)
    else:
        return None
    asked = _keys(record.query)
    return next((number for number, query in session.exec(earlier) if _alike(asked, _keys(query))), None)


def _keys(query: str) -> frozenset[str]:
    return frozenset(word.key for word in words(query))


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one and other) and len(one & other) / len(one | other) >= _ALIKE


# ---- passages ---------------------------------------------------------------------------------------------


def given(session: Session, draft: Draft, passages: Iterable[Any]) -> None:
    """Record the passages that the agents had for a draft, best first, each with id, article, version and score."""
    cited = {str(citation.get("passage")) for citation in draft.citations}
    rows = [
        {
            "draft_id": draft.id, "ticket_id": draft.ticket_id, "passage": passage.id, "article": passage.article,
            "version": passage.version, "rank": rank, "score": passage.score, "cited": passage.id in cited,
        }
        for rank, passage in enumerate(passages, 1)
    ]  # fmt: skip
    insert_many(session, PassageUse, rows)


def decided(session: Session, draft: Draft, kind: str, *, body: str = "", reason: str = "") -> None:
    """Record what a decision says about the cited passages: kept when a sentence that rests on them was sent, touched up or not.

    A draft rejected for its facts speaks against all of them; any other decision says nothing.
    """
    if kind == "approve":
        verdicts = _survivors(draft.sentences, body)
    elif kind == "reject" and reason in _MATTERS:
        verdicts = dict.fromkeys(_resting(draft.sentences), False)
    else:
        return
    uses = _uses(session, draft, verdicts)
    for passage, use in uses.items():
        use.kept, use.at = verdicts[passage], now()
    _keep(session, uses.values())


def withdrawn(session: Session, draft: Draft) -> None:
    """Forget what the decision on a draft said: it was undone."""
    for use in session.exec(select(PassageUse).where(PassageUse.draft_id == draft.id)):
        use.kept = None
        session.add(use)


def opened(session: Session, draft: Draft, passage: str) -> None:
    """Somebody opened a cited passage."""
    uses = _uses(session, draft, [passage]).values()
    for use in uses:
        use.opened = True
    _keep(session, uses)


def voted(session: Session, draft: Draft, passage: str, *, helpful: bool) -> None:
    """A reviewer's word on a cited passage; the last one counts."""
    uses = _uses(session, draft, [passage]).values()
    for use in uses:
        use.vote = 1 if helpful else -1
    _keep(session, uses)


def _uses(session: Session, draft: Draft, passages: Collection[str]) -> dict[str, PassageUse]:
    """The rows of cited passages; a draft that a person renewed has none yet, and gets them by `_keep`. None for what is not cited."""
    if not passages:
        return {}
    rows = session.exec(select(PassageUse).where(PassageUse.draft_id == draft.id, col(PassageUse.passage).in_(passages)))
    found = {use.passage: use for use in rows}
    for rank, citation in enumerate(draft.citations, 1):
        passage = str(citation.get("passage"))
        if passage in passages and passage not in found:
            found[passage] = PassageUse(
                draft_id=draft.id or 0, ticket_id=draft.ticket_id, passage=passage, article=str(citation.get("article", "")),
                version=int(str(citation.get("version") or 0)), rank=rank, score=float(str(citation.get("score") or 0)), cited=True,
            )  # fmt: skip
    return found


def _keep(session: Session, uses: Iterable[PassageUse]) -> None:
    session.add_all(use for use in uses if use.id is not None)
    insert_many(session, PassageUse, (use.model_dump(exclude={"id"}) for use in uses if use.id is None))


def _resting(sentences: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The sentences that rest on each passage."""
    resting: dict[str, list[str]] = defaultdict(list)
    for sentence in sentences:
        for passage in sentence.get("passages") or []:
            resting[str(passage)].append(str(sentence["text"]))
    return resting


def _survivors(sentences: Sequence[Mapping[str, Any]], body: str) -> dict[str, bool]:
    """For each passage whether any sentence that rests on it stands in the text, word for word or nearly."""
    return {passage: any(_stands(text, body) for text in texts) for passage, texts in _resting(sentences).items()}


def _stands(sentence: str, body: str) -> bool:
    return sentence in body or fuzz.partial_ratio(sentence, body) >= _SURVIVED


# ---- summing up -------------------------------------------------------------------------------------------


def kept_rate(session: Session) -> dict[str, float]:
    """How often people kept what rests on each passage and each article (by id) in the last 180 days, 0 to 1.

    Rates are drawn towards what is usual until there are cases: a passage's towards its article's, an article's
    towards that of the whole base (additive smoothing). A vote counts like a decision. What is not listed has no case;
    take its article's rate, or the one under "".
    """
    told = func.sum(case((col(PassageUse.kept).is_not(None), 1), else_=0)) + func.sum(func.abs(PassageUse.vote))
    good = func.sum(case((col(PassageUse.kept).is_(True), 1), else_=0)) + func.sum(case((col(PassageUse.vote) > 0, 1), else_=0))
    columns = (col(PassageUse.article), col(PassageUse.passage), told, good)
    spoken_of = (col(PassageUse.kept).is_not(None) | (col(PassageUse.vote) != 0), col(PassageUse.at) > now() - COUNTED)
    rows = session.execute(sql_select(*columns).where(*spoken_of).group_by(*columns[:2])).all()
    cases, kept = Counter[str](), Counter[str]()
    for article, _, all_told, well in rows:
        cases[article] += all_told
        kept[article] += well
    usual = _smooth(kept.total(), cases.total(), _USUAL)
    rates = {article: _smooth(kept[article], cases[article], usual) for article in cases}
    return {"": usual} | rates | {passage: _smooth(well, told, rates[article]) for article, passage, told, well in rows}


def _smooth(good: int, cases: int, prior: float) -> float:
    return (good + _WEIGHT * prior) / (cases + _WEIGHT)
