"""What a run of the agents ends with, before anything of it is stored."""

from dataclasses import dataclass, field
from typing import Any

from triage.briefs import Evidence, Facts, Plan, Reply, Review
from triage.guardrails.verdicts import Verdict
from triage.models import Status


@dataclass(frozen=True)
class Blocked:
    """An action that code refused, for the dossier; `unsaid` is what of it the customer did not write so."""

    action: str
    rule: str
    target: str
    amount: str
    reason: str
    unsaid: str = ""


@dataclass(frozen=True)
class Outcome:
    """Where the ticket goes and with what draft; `reason` is a code of metrics.md."""

    status: Status
    reason: str | None = None
    plan: Plan | None = None
    facts: Facts | None = None
    reply: Reply | None = None
    review: Review | None = None
    kind: str = "reply"
    evidence: list[Evidence] = field(default_factory=list)
    sentences: list[dict[str, object]] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    blocked: list[Blocked] = field(default_factory=list)
    calls: list[dict[str, Any]] | None = field(default_factory=list)
    """Proposed calls of connected APIs; None: those of the former run stand."""
    approver_reasons: list[str] = field(default_factory=list)
    confidence: float = 0.0
    signature: str = ""
    """Ends the reply; empty: the name replies are sent from."""
    error: str | None = None
