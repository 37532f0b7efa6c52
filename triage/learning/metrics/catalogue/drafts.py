"""What becomes of drafts: accepted, edited, rejected; and whether sources support what they say."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, not_, select
from sqlmodel import col

from triage.briefs import FACTUAL
from triage.learning.metrics.dialects import contains_text, items_of, text_in
from triage.learning.metrics.grains import DECISIONS, DRAFTS, EDITS, SENTENCE, SENTENCES_OF_DRAFTS
from triage.learning.metrics.metric import Metric, Statistic
from triage.models import Decision, Draft, Edit
from triage.sla.hours import BusinessHours

KEPT: ColumnElement[bool] = col(Decision.undone_at).is_(None)
BY_AGENTS: ColumnElement[bool] = col(Draft.created_by) == "agents"
APPROVED: ColumnElement[bool] = col(Decision.kind) == "approve"
DECIDED = (KEPT, BY_AGENTS)
_distance = col(Decision.edit_distance)

_others = items_of(col(Draft.sentences))
HAS_CLAIMS: ColumnElement[bool] = exists(
    select(1).select_from(_others).where(text_in(_others.c.value, "kind").in_(FACTUAL)).correlate(Draft)
)
HAS_SENT_CLAIMS: ColumnElement[bool] = exists(
    select(1)
    .select_from(_others)
    .where(text_in(_others.c.value, "kind").in_(FACTUAL), contains_text(col(Decision.body), text_in(_others.c.value, "text")))
    .correlate(Draft, Decision)
)
CLAIM: ColumnElement[bool] = text_in(SENTENCE, "kind").in_(FACTUAL)
UNSUPPORTED: ColumnElement[bool] = not_(SENTENCE["supported"].as_boolean())
SENT: ColumnElement[bool] = and_(APPROVED, contains_text(col(Decision.body), text_in(SENTENCE, "text")))


def _groundedness(values: Sequence[Any], _hours: BusinessHours) -> float:
    """1 − the share of a draft's factual sentences that no source supports."""
    claims = [bool(sentence["supported"]) for sentence in values[0] if sentence["kind"] in FACTUAL]
    return sum(claims) / len(claims)


def _groundedness_sent(values: Sequence[Any], hours: BusinessHours) -> float:
    """The same over the sentences that are in what was sent."""
    return _groundedness([[sentence for sentence in values[0] if sentence["text"] in values[1]]], hours)


def _edits(name: str, title: str, definition: str, direction: Any, hit: ColumnElement[bool]) -> Metric:
    return Metric(
        name,
        title,
        definition + " ÷ drafts decided.",
        "share",
        direction,
        DECISIONS,
        hit=and_(APPROVED, hit),
        where=DECIDED,
        breakdowns={"edit": col(Decision.edit_class)},
    )


def _distances(name: str, title: str, statistic: Statistic) -> Metric:
    return Metric(
        name,
        title,
        "Words changed between draft and sent reply ÷ the longer of the two; over the drafts that were sent.",
        "distance",
        "down",
        DECISIONS,
        hit=and_(APPROVED, _distance.is_not(None)),
        where=DECIDED,
        statistic=statistic,
        columns=(_distance,),
    )


SURENESS = ((0.0, 0.45), (0.45, 0.6), (0.6, 0.75), (0.75, 0.9), (0.9, 1.0))
"""Bands of a draft's confidence, each from its first number on."""


def kept_name(low: float) -> str:
    """The name of the metric of a band."""
    return f"kept_from_{round(100 * low)}"


def _kept(low: float, high: float) -> Metric:
    """How often drafts of which the desk was that sure are good enough: what a reliability diagram shows."""
    above = col(Draft.confidence) >= low
    return Metric(
        kept_name(low),
        f"Kept, {low:.0%} to {high:.0%} sure",
        f"Drafts sent with an edit distance of at most 0.4 ÷ drafts decided of which the desk was {low:.0%} to {high:.0%} sure.",
        "share",
        "none",
        DECISIONS,
        hit=and_(APPROVED, _distance <= 0.4),
        where=(*DECIDED, above if high >= 1 else and_(above, col(Draft.confidence) < high)),
    )


METRICS = (
    *(_kept(low, high) for low, high in SURENESS),
    _edits("accepted_as_is", "Sent without an edit", "Drafts sent word for word", "up", _distance == 0),
    _edits(
        "light_edit",
        "Light edit",
        "Drafts sent with an edit distance above 0, up to 0.4",
        "none",
        and_(_distance > 0, _distance <= 0.4),
    ),
    _edits(
        "middle_edit",
        "Middle edit",
        "Drafts sent with an edit distance above 0.4, up to 0.6",
        "down",
        and_(_distance > 0.4, _distance <= 0.6),
    ),
    _edits("rewrite", "Rewritten", "Drafts sent with an edit distance above 0.6", "down", _distance > 0.6),
    _distances("edit_distance", "Edit distance, median", "median"),
    _distances("edit_distance_p90", "Edit distance, p90", "p90"),
    Metric(
        "rejection_rate",
        "Rejected",
        "Drafts rejected ÷ drafts decided.",
        "share",
        "down",
        DECISIONS,
        hit=col(Decision.kind) == "reject",
        where=DECIDED,
        breakdowns={"reason": col(Decision.reason)},
    ),
    Metric(
        "changes_requested",
        "Sent back for changes",
        "Drafts sent back with a comment ÷ drafts decided.",
        "share",
        "down",
        DECISIONS,
        hit=col(Decision.kind) == "request_changes",
        where=DECIDED,
    ),
    Metric(
        "unsupported_at_draft",
        "Unsupported claims, at draft",
        "Factual sentences of drafts with no supporting passage ÷ factual sentences of drafts.",
        "share",
        "down",
        SENTENCES_OF_DRAFTS,
        hit=UNSUPPORTED,
        where=(BY_AGENTS, CLAIM),
    ),
    Metric(
        "unsupported_at_send",
        "Unsupported claims, at send",
        "Factual sentences with no supporting passage that were still in the reply when it was sent ÷ factual sentences sent.",
        "share",
        "down",
        SENTENCES_OF_DRAFTS,
        hit=UNSUPPORTED,
        where=(BY_AGENTS, CLAIM, SENT),
    ),
    Metric(
        "groundedness",
        "Groundedness",
        "1 − the share of a draft's factual sentences that no passage supports, averaged over drafts.",
        "share",
        "up",
        DRAFTS,
        hit=HAS_CLAIMS,
        where=(BY_AGENTS,),
        statistic="mean",
        columns=(col(Draft.sentences),),
        measure=_groundedness,
    ),
    Metric(
        "groundedness_at_send",
        "Groundedness, at send",
        "1 − the share of a draft's factual sentences that no passage supports, of those that were sent, averaged over approved drafts.",
        "share",
        "up",
        DECISIONS,
        hit=HAS_SENT_CLAIMS,
        where=(*DECIDED, APPROVED),
        statistic="mean",
        columns=(col(Draft.sentences), col(Decision.body)),
        measure=_groundedness_sent,
    ),
    Metric(
        "edited_places",
        "Places changed in drafts",
        "Sentences changed, taken out or put in before a draft was sent, by what the change was about: fact, tone, policy or format.",
        "count",
        "none",
        EDITS,
        hit=APPROVED,
        where=(*DECIDED, APPROVED),
        statistic="count",
        breakdowns={"kind": col(Edit.kind)},
    ),
)
