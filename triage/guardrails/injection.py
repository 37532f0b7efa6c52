"""How much a text looks like orders to the machine: a score from 0 to 1 and what speaks for it."""

import re
from collections.abc import Iterator
from functools import lru_cache

from triage.guardrails import injection_rules as english
from triage.guardrails import injection_rules_abroad as abroad
from triage.guardrails.detector import WORTH_NAMING, Detector, detector
from triage.guardrails.normalise import Normal, normalise
from triage.guardrails.patterns import Rule, fold, scan
from triage.guardrails.verdicts import Finding
from triage.guardrails.views import readings

FLAG, BLOCK = 0.5, 0.85
WORDING = ("foreign_matter", "wording")
"""The names under which the classifier's findings go: a foreign task, and an order to the machine."""
_WHY = ("sets a task that is foreign to the rest of the mail", "is worded like an order to the machine")

_SQUASHED = re.compile(
    r"(ignore|disregard|forget|override|bypass)(all|any|the|your|of|these|those)*(previous|prior|above|earlier|existing)*(instructions?|rules|guidelines|prompts?)"
    r"|(reveal|print|show|repeat|paste)(me|the|your|all)*(system|initial|hidden|secret)(prompt|instructions)|systemprompt|issue(the|a|full)*refund|deletetheaccount"
)
_ORDER_WORDS = re.compile(
    r"\b(you must|you are|always|never|reply|respond|approve|refund|close this|call|send|forward|ignore|assistant|system|ai|bot|llm|instruction|confirm)\w*\b"
)


@lru_cache(maxsize=1)
def rules() -> tuple[Rule, ...]:
    """Every injection rule."""
    return (
        *english.OVERRIDES,
        *english.EXTRACTION,
        *english.PERSONA,
        *english.ADDRESS,
        *english.AUTHORITY,
        *english.EFFECTS,
        *english.OUTPUT,
        *abroad.OVERRIDES,
        *abroad.OTHERS,
    )


def look(part: str, text: str, *, hidden: bool = False, worded: bool = True, by: Detector | None = None) -> list[Finding]:
    """What in `text` looks like orders to the machine; `hidden`: people cannot see this part.

    Rules say what they know for sure, the classifier `by` (the shipped one) how the rest is worded. It knows customers'
    mails; texts that give instructions by their nature, such as articles, are not its matter (`worded` False).
    """
    normal = normalise(text)
    found = [*_disguises(part, normal), *_scan(part, normal)]
    if worded:
        found += _worded(part, normal, by or detector())
    for reading in readings(normal.text):
        start, end = normal.span(reading.start, reading.end)
        whole = reading.start == 0 and reading.end == len(normal.text)
        known = {finding.rule for finding in found} if whole else set()
        sought = [one for one in rules() if one.name not in known and one.weight >= FLAG] if whole else rules()
        inner = [hit.rule for hit in scan(fold(reading.text), sought)]
        squashed = reading.how == "spelled-out letters" and _SQUASHED.search(re.sub(r"[\W_]", "", reading.text.lower()))
        found += [Finding(one.kind, start, end, one.name, f"{one.why}, inside {reading.how}", part, one.weight) for one in inner]
        if inner or squashed:
            weight = 0.9 if squashed else 0.5
            found.append(Finding("injection", start, end, "disguised", f"orders in {reading.how}", part, weight))
    if (
        hidden
        and text.strip()
        and (any(finding.weight >= WORTH_NAMING for finding in found) or len(set(_ORDER_WORDS.findall(fold(normal.text)))) >= 2)
    ):
        found.append(Finding("injection", 0, len(text), "hidden_orders", "orders in text that people cannot see", part, 0.6))
    return found


def score(findings: list[Finding]) -> float:
    """0 to 1: the findings' weights together, the same rule counted once; from 0.5 a text is flagged, from 0.85 blocked."""
    best: dict[str, float] = {}
    for finding in findings:
        best[finding.rule] = max(best.get(finding.rule, 0.0), finding.weight)
    doubt = 1.0
    for weight in best.values():
        doubt *= 1 - weight
    return round(1 - doubt, 4)


def _scan(part: str, normal: Normal) -> Iterator[Finding]:
    for hit in scan(fold(normal.text), rules()):
        start, end = normal.span(hit.start, hit.end)
        yield Finding(hit.rule.kind, start, end, hit.rule.name, hit.rule.why, part, hit.rule.weight)


def _worded(part: str, normal: Normal, by: Detector) -> Iterator[Finding]:
    for one in by.look(normal.text):
        start, end = normal.span(one.start, one.end)
        yield Finding("injection", start, end, WORDING[one.order], _WHY[one.order], part, one.chance)


def _disguises(part: str, normal: Normal) -> Iterator[Finding]:
    """Invisible or misleading characters that no keyboard writes by accident."""
    if normal.smuggled:
        end = normal.smuggled_at + len(normal.smuggled)
        yield Finding("hidden_text", normal.smuggled_at, end, "tag_characters", "text in invisible tag characters", part, 0.9)
        for hit in scan(fold(normal.smuggled), rules()):
            yield Finding(
                hit.rule.kind, normal.smuggled_at, end, hit.rule.name, hit.rule.why + ", in tag characters", part, hit.rule.weight
            )
    if normal.split_words >= 3:
        yield Finding("hidden_text", 0, normal.length, "split_words", "invisible characters inside words", part, 0.45)
    if normal.overrides:
        yield Finding("hidden_text", 0, normal.length, "text_direction", "characters that turn the reading direction", part, 0.3)
    if normal.mixed_words >= 2:
        yield Finding("hidden_text", 0, normal.length, "lookalike_letters", "words that mix alphabets", part, 0.4)
