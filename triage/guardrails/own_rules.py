"""Rules that administrators write: words and phrases with wildcards, that flag a text or send it to a person.

Plain words, not regular expressions: `*` stands for letters and digits within a word, `?` for one of them, and a gap
between words for any white space or punctuation. At most one `*` in a word and a bounded length keep every text cheap,
so that no rule can make the desk slow. Text is compared as the other rules do it: normalised, lower case, no accents.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, cast

from triage.errors import InputError
from triage.guardrails.normalise import normalise
from triage.guardrails.patterns import fold
from triage.guardrails.runtime import Check, Checkpoint
from triage.guardrails.verdicts import GUARD_FAILURE, Finding, Stage, Verdict
from triage.models import EscalationReason

PREFIX = "own:"
MOST_RULES, MOST_PHRASES, LONGEST_PHRASE = 50, 100, 120
LIMIT = 50_000  # characters of a text that are looked at
_NAME = re.compile(r"[\w][\w .,'()/-]{0,59}")
_GAP = r"[\s\"'*_,:;()/-]{1,4}"
_WORD = r"\w{0,30}+"
_RUN = re.compile(r"\w+")

Effect = Literal["flag", "escalate"]
RawRule = Mapping[str, Any]


@dataclass(frozen=True)
class OwnRule:
    """One rule: any of its phrases in a text of its stage ("input" or "output") has the effect."""

    name: str
    stage: Stage
    effect: Effect
    phrases: tuple[str, ...]

    @property
    def rule(self) -> str:
        """Its name among all rules' verdicts."""
        return PREFIX + self.name

    def to_json(self) -> dict[str, object]:
        return {"name": self.name, "stage": self.stage, "effect": self.effect, "phrases": list(self.phrases)}


def parse(raw: object) -> tuple[OwnRule, ...]:
    """The rules as they are kept in the workspace; raises InputError saying which one cannot be used and why."""
    if not isinstance(raw, list) or len(raw) > MOST_RULES:
        raise InputError(f"Own rules are a list of at most {MOST_RULES}.")
    rules = tuple(_rule(one) for one in raw)
    names = [rule.name.lower() for rule in rules]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InputError(f"Two rules are called “{twice}”; give each its own name.")
    return rules


def verdicts(text: str, raw: Iterable[RawRule], stage: Stage, *, subject: str = "") -> list[Verdict]:
    """What the rules of a stage say of a text; empty when none fires. Never raises: rules that cannot be read block.

    `subject` is read with the text; what is found there has its place in the part "subject".
    """
    if not (mine := [one for one in raw if not isinstance(one, Mapping) or one.get("stage") != _OTHER[stage]]):
        return []
    read = f"{subject}\n{text}" if subject else text
    said = CHECKPOINTS[stage].run(text[:200], _Text(read[:LIMIT], mine, len(subject) + 1 if subject else 0))
    return [split for verdict in said if verdict.verdict != "allow" for split in _split(stage, verdict)]


_OTHER: dict[Stage, Stage] = {"input": "output", "output": "input"}


@dataclass(frozen=True)
class _Text:
    text: str
    rules: list[RawRule]
    body_at: int = 0


def _look(stage: Stage, subject: _Text) -> Verdict | None:
    normal = normalise(subject.text)
    folded = fold(normal.text)
    words = frozenset(_RUN.findall(folded))
    findings, escalates = [], False
    for rule in parse(subject.rules):
        hit = next((hit for phrase in rule.phrases if (hit := _find(phrase, folded, words))), None)
        if hit is not None:
            start, end = normal.span(*hit.span())
            part = "reply" if stage == "output" else "body" if start >= subject.body_at else "subject"
            start, end = (start - subject.body_at, end - subject.body_at) if part == "body" else (start, end)
            sure = 1.0 if rule.effect == "escalate" else 0.5
            findings.append(Finding("own_rule", start, end, rule.rule, f"says “{hit.group()[:80]}”", part, sure))
            escalates = escalates or rule.effect == "escalate"
    if not findings:
        return None
    return Verdict(stage, "own_rules", "block" if escalates else "flag", findings, why="A rule of the desk's own fires.")


def _split(stage: Stage, verdict: Verdict) -> list[Verdict]:
    """One verdict a rule. A message that escalates is still worked on for a holding reply; a draft is stopped."""
    if verdict.rule == GUARD_FAILURE:
        return [verdict]
    return [_verdict(stage, finding) for finding in verdict.findings]


def _verdict(stage: Stage, finding: Finding) -> Verdict:
    why = f"The desk's rule “{finding.rule.removeprefix(PREFIX)}” fires: it {finding.why}."
    if finding.weight < 1:
        return Verdict(stage, finding.rule, "flag", [finding], why=why)
    if stage == "input":
        return Verdict(stage, finding.rule, "flag", [finding], EscalationReason.POLICY_RESTRICTION, why=why)
    return Verdict(stage, finding.rule, "block", [finding], EscalationReason.GUARDRAIL_BLOCK, why=why)


def _find(phrase: str, folded: str, words: frozenset[str]) -> re.Match[str] | None:
    """The phrase in the text; its longest plain word is looked up first, which is all that most texts cost."""
    pattern, anchor, whole = _compiled(phrase)
    if (anchor not in words) if whole else (anchor not in folded):
        return None
    return pattern.search(folded)


@lru_cache(maxsize=4096)
def _compiled(phrase: str) -> tuple[re.Pattern[str], str, bool]:
    """The phrase as a pattern, and the piece that must occur for it to match; `whole`: that piece is a whole word."""
    words = phrase.split()
    pieces = [piece for word in words for piece in re.split(r"[*?]", word)]
    anchor = max((run for piece in pieces for run in _RUN.findall(piece)), key=len, default="")
    if len(anchor) < 2:
        raise InputError(f"“{phrase}” would match nearly anything; write at least two letters in a row.")
    source = _GAP.join(_word(word) for word in words)
    return re.compile(rf"(?<!\w){source}(?!\w)"), anchor, anchor in words


def _word(word: str) -> str:
    """`*` before or within a word ends at what follows it; lazily, since that is one place in a word of 40 letters."""
    return "".join(
        {"*": r"\w{0,30}?" if at < len(word) - 1 else _WORD, "?": r"\w"}.get(c, re.escape(c)) for at, c in enumerate(word)
    )


def _rule(raw: object) -> OwnRule:
    if not isinstance(raw, Mapping):
        raise InputError("A rule of the desk's own cannot be read; write it again.")
    name = " ".join(str(raw.get("name", "")).split())
    if not _NAME.fullmatch(name):
        raise InputError("Give each rule a name of at most 60 letters, digits and spaces.")
    stage, effect = raw.get("stage"), raw.get("effect")
    if stage not in ("input", "output") or effect not in ("flag", "escalate"):
        raise InputError(f"The rule “{name}” needs a stage (input or output) and an effect (flag or escalate).")
    given = raw.get("phrases")
    phrases = (
        tuple(dict.fromkeys(_phrase(name, str(one)) for one in given if str(one).strip())) if isinstance(given, list) else ()
    )
    if not 0 < len(phrases) <= MOST_PHRASES:
        raise InputError(f"The rule “{name}” needs 1 to {MOST_PHRASES} words or phrases.")
    return OwnRule(name, stage, cast(Effect, effect), phrases)


@lru_cache(maxsize=4096)
def _phrase(name: str, text: str) -> str:
    """A phrase as it is compared. Raises InputError for one that is too long, too wide or matches nearly anything."""
    phrase = " ".join(fold(normalise(text).text).split())
    if len(phrase) > LONGEST_PHRASE:
        raise InputError(f"A phrase of the rule “{name}” is longer than {LONGEST_PHRASE} characters.")
    if any(word.count("*") > 1 for word in phrase.split()) or phrase.count("*") > 4:
        raise InputError(f"“{phrase}” in the rule “{name}”: at most one * in a word and four in a phrase.")
    try:
        _compiled(phrase)
    except InputError as error:
        raise InputError(f"In the rule “{name}”: {error}") from error
    return phrase


CHECKPOINTS: dict[Stage, Checkpoint[_Text]] = {
    "input": Checkpoint("input", [Check("own_rules", lambda text: _look("input", text))]),
    "output": Checkpoint("output", [Check("own_rules", lambda text: _look("output", text))]),
}
