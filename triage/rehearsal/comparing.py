"""A reply before and after, as plain values, and what became of it."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, col, select

from triage.drafts import proof
from triage.models import Article, Draft, RehearsedTicket, Status
from triage.outcome import Outcome

WORDS = {
    "same": "the same",
    "changed": "change",
    "unsupported": "would have sentences without a source",
    "escalated": "would now be escalated",
    "answered": "would now be answered",
    "failed": "could not be drafted again",
}


def plain(outcome: Outcome, degraded: list[str]) -> dict[str, object]:
    cited = proof.evidence_rows(outcome.evidence, outcome.sentences)
    return {
        "kind": outcome.kind, "status": outcome.status.value, "reason": str(outcome.reason or ""),
        "body": outcome.reply.body if outcome.reply else "", "sentences": [_sentence(sentence) for sentence in outcome.sentences],
        "articles": sorted({str(row["article"]) for row in cited}), "why": outcome.approver_reasons, "degraded": list(degraded),
    }  # fmt: skip


def as_stored(session: Session, draft: Draft) -> dict[str, object]:
    """The draft that the ticket has, without its signature."""
    return {
        "kind": draft.kind, "status": "", "reason": "", "body": draft.body.rpartition("\n")[0].rstrip(),
        "sentences": [_sentence(sentence) for sentence in draft.sentences], "articles": sorted(draft.article_versions),
        "why": draft.approver_reasons, "degraded": list(draft.degraded),
    }  # fmt: skip


def _sentence(sentence: dict[str, object]) -> dict[str, object]:
    return {name: sentence.get(name) for name in ("text", "kind", "supported")}


def still_stands(session: Session, draft: Draft) -> bool:
    """Whether everything that the draft cites is published as it was: drafting it again would only cost money."""
    rows = session.exec(select(Article.id, Article.published_version).where(col(Article.id).in_(list(draft.article_versions))))
    return dict(rows.all()) == draft.article_versions and not draft.degraded


def verdict(before: dict[str, Any], after: dict[str, Any], *, exact: bool) -> str:
    """What became of the reply. A model words things anew each time: then the same sources and the same numbers are the same reply."""
    if _answers(before) != _answers(after):
        return "answered" if _answers(after) else "escalated"
    if _unsupported(after) > _unsupported(before):
        return "unsupported"
    if exact:
        return "same" if before["body"].split() == after["body"].split() else "changed"
    alike = before["articles"] == after["articles"] and _numbers(before["body"]) == _numbers(after["body"])
    return "same" if alike else "changed"


def _answers(side: dict[str, Any]) -> bool:
    return bool(side["kind"] == "reply" and side["status"] != Status.ESCALATED)


def _unsupported(side: dict[str, Any]) -> int:
    return sum(not sentence["supported"] for sentence in side["sentences"])


def _numbers(text: str) -> set[str]:
    return set(re.findall(r"\d+(?:[.,]\d+)*", text))


def summary(rows: Sequence[RehearsedTicket]) -> str:
    """Such as: 18 the same, 2 change, 1 would now be escalated."""
    counted = Counter(row.verdict for row in rows if row.verdict)
    return ", ".join(f"{counted[verdict]} {said}" for verdict, said in WORDS.items() if counted[verdict])
