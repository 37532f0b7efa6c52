"""How sure the desk is of a draft, 0 to 1, and how that is brought to what people make of its drafts.

What plan, review and sources say together is a score, not a chance. From decided drafts a line through the score's
log odds is fitted (Platt, "Probabilistic outputs for support vector machines", 1999), so that of the drafts of which
the desk is 0.8 sure people keep about eight in ten. The line is held to the diagonal by a prior: few decisions move
it little, and it never falls.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlmodel import Session, col

from triage import workspace
from triage.briefs import FACTUAL
from triage.models import Decision, DecisionKind, Draft

KEPT = 0.4  # edit distance up to which a sent draft counts as kept
FEWEST, EITHER = 100, 10  # decisions before anything is learnt, and of them kept and not kept at least
_NEWEST = 2_000
_PULL = 5.0  # how hard the prior holds the line to the diagonal
_KEY = "confidence_scale"


@dataclass(frozen=True)
class Scale:
    """The line from a score's log odds to those of being kept, and the decisions that it was learnt from."""

    slope: float = 1.0
    shift: float = 0.0
    decisions: int = 0

    def __call__(self, score: float) -> float:
        """The chance that people keep a draft of this score, both 0 to 1."""
        if not self.decisions or score <= 0.0:
            return score
        return round(1 / (1 + math.exp(-(self.slope * _log_odds(score) + self.shift))), 3)

    @classmethod
    def read(cls, value: object) -> "Scale":
        """From the switch `confidence_scale`; the diagonal when nothing was learnt."""
        return cls(**value) if isinstance(value, Mapping) and value else cls()


def score(planned: float, reviewed: float, sentences: Sequence[Mapping[str, Any]]) -> float:
    """Plan and review alike (0 to 1 each), lowered by each factual sentence without support."""
    factual = [sentence for sentence in sentences if sentence["kind"] in FACTUAL]
    share = sum(bool(sentence["supported"]) for sentence in factual) / len(factual) if factual else 1.0
    return round(float((planned * reviewed) ** 0.5 * (0.5 + 0.5 * share)), 3)


def fit(scores: Sequence[float], kept: Sequence[bool]) -> Scale:
    """The line of decided drafts; the diagonal while there are too few of them, or hardly any of one kind."""
    if len(scores) < FEWEST or min(sum(kept), len(kept) - sum(kept)) < EITHER:
        return Scale()
    inputs = np.column_stack([[_log_odds(one) for one in scores], np.ones(len(scores))])
    hits, prior, found = np.array(kept, float), np.array([1.0, 0.0]), np.array([1.0, 0.0])
    for _ in range(100):  # Newton's method on the penalised likelihood
        chance = 1 / (1 + np.exp(-inputs @ found))
        slope = inputs.T @ (hits - chance) - _PULL * (found - prior)
        bend = (inputs * (chance * (1 - chance))[:, None]).T @ inputs + _PULL * np.eye(2)
        step = np.linalg.solve(bend, slope)
        found = found + step / max(1.0, float(np.abs(step).max()))  # a longer one would leap over the top
        if np.abs(step).max() < 1e-8:
            break
    return Scale(round(max(float(found[0]), 0.05), 4), round(float(found[1]), 4), len(scores))


def learn(session: Session) -> str:
    """Fit the line anew on the newest decided replies of the agents, and let new drafts go by it."""
    decided = (
        select(col(Draft.plan), col(Draft.review), col(Draft.sentences), col(Decision.kind), col(Decision.edit_distance))
        .join(Decision, col(Decision.draft_id) == Draft.id)
        .where(col(Draft.created_by) == "agents", col(Draft.kind) == "reply", col(Decision.undone_at).is_(None))
        .where(col(Decision.kind).in_((DecisionKind.APPROVE, DecisionKind.REJECT, DecisionKind.REQUEST_CHANGES)))
        .order_by(col(Decision.id).desc())
        .limit(_NEWEST)
    )  # fmt: skip
    scores, kept = [], []
    for plan, review, sentences, kind, distance in session.execute(decided):
        if "confidence" in plan and "confidence" in review:
            scores.append(score(plan["confidence"], review["confidence"], sentences))
            kept.append(kind == DecisionKind.APPROVE and distance is not None and distance <= KEPT)
    scale = fit(scores, kept)
    workspace.learnt(session, _KEY, asdict(scale) if scale.decisions else {})
    return f"{len(scores)} decisions, slope {scale.slope}, shift {scale.shift}"


def _log_odds(share: float) -> float:
    held = min(max(share, 0.01), 0.99)
    return math.log(held / (1 - held))
