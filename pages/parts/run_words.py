"""Figures and marks of runs, as lists and heads of runs say them."""

from pages.parts import words
from triage import trace_words
from triage.traces import RunRow

TONES = {"escalated": "w", "failed": "b", "quarantined": "w", "awaiting_approval": "o", "needs_info": "a"}


def money(cost: float) -> str:
    return "$0" if not cost else f"${cost:.4f}" if cost < 0.1 else f"${cost:,.2f}"


def took(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s" if seconds < 100 else words.span(seconds)


def outcome(row: RunRow) -> tuple[str, str]:
    """(words, tone)."""
    tone = "a" if row.status == "running" else "b" if row.status == "failed" else TONES.get(row.outcome, "")
    return trace_words.outcome(row.outcome, row.status), tone


def marks(row: RunRow) -> list[tuple[str, str]]:
    """Chips of a run: how it ended, whether it is a fork, whether another model had to answer."""
    fork = [("fork", "a")] if row.forked else []
    return [outcome(row), *fork, *([("fell back", "w")] if row.degraded else [])]


def number(run_id: str) -> str:
    """As much of a run's id as tells it apart, for people to read and type."""
    return run_id[:8]
