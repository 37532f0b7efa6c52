"""What guards say: findings with their place in the text, and verdicts that the flow obeys."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from triage.models import EscalationReason, QuarantineReason

Stage = Literal["input", "action", "output"]
Decision = Literal["allow", "flag", "block"]

GUARD_FAILURE = "guard_failure"
_SEVERITY: dict[str, int] = {"allow": 0, "flag": 1, "block": 2}


@dataclass(frozen=True)
class Finding:
    """One thing a guard noticed.

    `start` and `end` (exclusive) count characters of the original text of `part`: "body", "subject", "hidden",
    "attachment:0", "reply", "action". A finding without a place spans 0 to 0. `weight` (0 to 1) is how sure the
    rule is on its own.
    """

    kind: str
    start: int
    end: int
    rule: str
    why: str
    part: str = "body"
    weight: float = 1.0


@dataclass(frozen=True)
class Verdict:
    """A guard's word: allow, flag (a person sees it) or block (nothing goes on without a person)."""

    stage: Stage
    rule: str
    verdict: Decision
    findings: list[Finding] = field(default_factory=list)
    escalation: EscalationReason | None = None
    quarantine: QuarantineReason | None = None
    why: str = ""

    @property
    def blocked(self) -> bool:
        return self.verdict == "block"

    def to_json(self) -> dict[str, Any]:
        """JSON values, for GuardVerdict rows and recorded steps."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Verdict":
        """The verdict that `to_json` wrote."""
        escalation, quarantine = data.get("escalation"), data.get("quarantine")
        return cls(
            stage=data["stage"],
            rule=data["rule"],
            verdict=data["verdict"],
            why=data.get("why", ""),
            findings=[Finding(**finding) for finding in data.get("findings", [])],
            escalation=EscalationReason(escalation) if escalation else None,
            quarantine=QuarantineReason(quarantine) if quarantine else None,
        )


def worst(verdicts: Iterable[Verdict]) -> Decision:
    """The strictest of the verdicts; block when there are none, since then no guard has looked."""
    found = [verdict.verdict for verdict in verdicts]
    return max(found, key=_SEVERITY.__getitem__) if found else "block"


def failure(stage: Stage, why: str) -> Verdict:
    """The verdict of a guard that could not decide: block, and a person takes over."""
    return Verdict(stage, GUARD_FAILURE, "block", [], EscalationReason.GUARDRAIL_BLOCK, None, why)
