"""Which step of a run its end is owed to, so that a person is led to the one that failed or decided.

In this order: a guard's block, the last error where the run failed or went to people, the plan that left it to people, the last
review that was not content, facts without a source, the last draft, the last step.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from triage import trace_words as words
from triage.models import Run, RunStep

_BADLY = ("failed", "escalated", "quarantined")


@dataclass(frozen=True)
class Blame:
    """A step by its `ordinal` (from 0), and in a few words why it is the one."""

    ordinal: int
    why: str


def deciding(run: Run, steps: Sequence[RunStep]) -> Blame | None:
    """The failing step, else the one that decided how the run ended; None for a run without steps."""
    badly = run.outcome in _BADLY or run.status == "failed"
    for applies, finds, why in _RULES:
        found = next((step for step in reversed(steps) if finds(step)), None) if badly or applies == "any" else None
        if found is not None:
            return Blame(found.ordinal, why(found))
    return None


def runs_behind(session: Session, ticket_ids: Collection[int]) -> dict[int, str]:
    """For each of these tickets the run to open: the newest that ended badly, else the newest; forks are left out."""
    rows = session.exec(
        select(Run.ticket_id, Run.id, Run.outcome)
        .where(col(Run.ticket_id).in_(ticket_ids), col(Run.forked_at).is_(None))
        .order_by(col(Run.started_at), col(Run.id))
    ).all()
    newest = {ticket: run for ticket, run, _ in rows}
    return newest | {ticket: run for ticket, run, outcome in rows if outcome in _BADLY}


def _blocked(step: RunStep) -> bool:
    return step.kind == "guard" and any(verdict.get("verdict") == "block" for verdict in words.verdicts(step.response))


def _said(kind: str, field: str = "", *values: object) -> Callable[[RunStep], bool]:
    """Whether a step is an agent's answer of this kind, with one of these values in its field."""

    def finds(step: RunStep) -> bool:
        told, answer = words.answer_of(step)
        return told == kind and (not field or answer.get(field) in values)

    return finds


def _open(step: RunStep) -> bool:
    told, answer = words.answer_of(step)
    return told == "Facts" and bool(answer.get("unanswered"))


_Rule = tuple[str, Callable[[RunStep], bool], Callable[[RunStep], str]]
_RULES: tuple[_Rule, ...] = (
    ("badly", _blocked, lambda step: "a guard stopped it here"),
    ("badly", lambda step: bool(step.error), lambda step: "this step failed"),
    ("badly", _said("Plan", "action", "escalate"), lambda step: "the plan left it to people"),
    ("badly", _said("Review", "verdict", "revise", "reject", "escalate"), lambda step: "the review was not content"),
    ("badly", _open, lambda step: "there was no source for a question"),
    ("any", _said("Reply"), lambda step: "the draft was written here"),
    ("any", lambda step: bool(step.error), lambda step: "this step failed"),
    ("any", lambda step: True, lambda step: "the last step"),
)
