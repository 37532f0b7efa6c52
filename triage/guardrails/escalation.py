"""Matters that no draft settles: they always go to a person, whatever the agents think."""

import re
from dataclasses import dataclass
from functools import lru_cache

from triage.guardrails.escalation_rules import RULES
from triage.guardrails.normalise import normalise
from triage.guardrails.patterns import fold, scan
from triage.guardrails.runtime import Check, Checkpoint
from triage.guardrails.verdicts import GUARD_FAILURE, Finding, Verdict
from triage.models import EscalationReason

LIMIT = 50_000

MATTERS = {
    "legal_threat": "threat of legal action",
    "chargeback": "chargeback or payment dispute",
    "privacy_request": "data-protection request",
    "self_harm": "risk of self-harm",
    "violence": "threat of violence",
    "security_incident": "security incident",
    "safety_incident": "danger to people or property",
    "press": "press enquiry",
    "customer_request": "the customer asks for a person",
    "extra_phrase": "a phrase the desk's admin chose",
}
_URGENT = frozenset({"self_harm", "violence", "security_incident", "safety_incident"})


@dataclass(frozen=True)
class _Words:
    text: str
    extra: tuple[str, ...]


def always_escalate(text: str, extra_phrases: list[str] | None = None) -> list[Finding]:
    """What in the text sends it to a person; `kind` is a key of MATTERS.

    Never raises: when the guard fails, the one finding is of kind "guard_failure".
    """
    verdicts = CHECKPOINT.run(text[:200], _Words(text[:LIMIT], tuple(extra_phrases or ())))
    found = [finding for verdict in verdicts for finding in verdict.findings]
    failed = [verdict for verdict in verdicts if verdict.rule == GUARD_FAILURE]
    return found + [Finding(GUARD_FAILURE, 0, len(text), GUARD_FAILURE, verdict.why) for verdict in failed]


def reason(findings: list[Finding]) -> EscalationReason | None:
    """The reason code of metrics for these findings; None when there are none."""
    kinds = {finding.kind for finding in findings}
    if not kinds:
        return None
    if GUARD_FAILURE in kinds:
        return EscalationReason.GUARDRAIL_BLOCK
    return EscalationReason.CUSTOMER_REQUEST if kinds == {"customer_request"} else EscalationReason.POLICY_RESTRICTION


def urgent(findings: list[Finding]) -> bool:
    """Whether somebody may come to harm: the ticket's priority is urgent then."""
    return any(finding.kind in _URGENT for finding in findings)


def _look(words: _Words) -> Verdict | None:
    normal = normalise(words.text)
    folded = fold(normal.text)
    findings: list[Finding] = []
    for hit in scan(folded, RULES):
        if all(found.kind != hit.rule.kind for found in findings):
            findings.append(Finding(hit.rule.kind, *normal.span(hit.start, hit.end), hit.rule.name, hit.rule.why))
    for phrase in words.extra:
        if (pattern := _phrase(phrase)) and (match := pattern.search(folded)):
            findings.append(Finding("extra_phrase", *normal.span(*match.span()), "extra_phrase", f"says “{phrase}”"))
    if not findings:
        return None
    why = "Always goes to a person: " + ", ".join(MATTERS[finding.kind] for finding in findings) + "."
    return Verdict("input", "always_escalate", "flag", findings, reason(findings), why=why)


@lru_cache(maxsize=512)
def _phrase(phrase: str) -> re.Pattern[str] | None:
    """An admin's phrase as whole words, however they are spaced and written."""
    words = fold(normalise(phrase).text).split()
    return re.compile(r"(?<!\w)" + r"\s+".join(map(re.escape, words)) + r"(?!\w)") if words else None


CHECKPOINT: Checkpoint[_Words] = Checkpoint("input", [Check("always_escalate", _look)])
