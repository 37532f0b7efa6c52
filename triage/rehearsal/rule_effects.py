"""How one past ticket stands under the rules as they are, and under changed ones."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlmodel import Session, col, select

from triage.briefs import Paragraph, Reply, Sentence
from triage.guardrails import own_rules
from triage.guardrails.escalation import always_escalate
from triage.guardrails.input import check_input
from triage.guardrails.output import OutputCheck, check_output
from triage.guardrails.verdicts import Finding, Verdict
from triage.models import Attachment, Draft, Message, Ticket
from triage.settings import Settings

Level = Literal[0, 1, 2]
PASSES: Level = 0
FLAGGED: Level = 1  # a manager decides the draft
STOPPED: Level = 2  # it goes to a person instead of being answered

_AROUND = 60
_MOST_MESSAGES = 20


@dataclass(frozen=True)
class Case:
    """What is stored of a ticket: the customer's messages, the agents' newest draft, and the rest that guards look at."""

    ticket_id: int
    channel: str
    texts: list[tuple[str, str]]
    hidden: str
    attachments: list[str]
    draft: str = ""
    draft_kind: str = ""
    confidence: float = 1.0
    unsupported: int = 0


@dataclass(frozen=True)
class Standing:
    """The strictest word of some rules, the sentence that says why, and the words it means with what stands around them."""

    level: Level = PASSES
    why: str = ""
    excerpt: str = ""


@dataclass
class _Found:
    """The strictest standing so far."""

    standing: Standing = field(default_factory=Standing)

    def say(self, level: Level, why: str, text: str = "", finding: Finding | None = None) -> None:
        if level > self.standing.level:
            self.standing = Standing(level, why, _excerpt(text, finding) if finding else "")


def read_case(session: Session, ticket: Ticket) -> Case:
    """The ticket as it is stored."""
    inbound = session.exec(
        select(Message)
        .where(Message.ticket_id == ticket.id, Message.direction == "in", col(Message.duplicate_of).is_(None))
        .order_by(col(Message.id))
        .limit(_MOST_MESSAGES)
    ).all()
    files = session.exec(select(Attachment.text).where(col(Attachment.message_id).in_([one.id for one in inbound])))
    drafts = select(Draft).where(Draft.ticket_id == ticket.id, Draft.created_by == "agents")
    draft = session.exec(drafts.order_by(col(Draft.id).desc()).limit(1)).first()
    texts = [(one.subject if number == 0 else "", one.body) for number, one in enumerate(inbound)]
    return Case(
        ticket.id or 0, ticket.channel, texts, "\n".join(one.hidden for one in inbound if one.hidden), [text for text in files if text],
        draft.body if draft else "", draft.kind if draft else "", draft.confidence if draft else 1.0,
        sum(not sentence.get("supported", True) for sentence in draft.sentences) if draft else 0,
    )  # fmt: skip


def judged(case: Case, base: Mapping[str, Any], rules: Mapping[str, Any], settings: Settings) -> tuple[Standing, Standing]:
    """How the ticket stands before and after. Equal levels mean that the change makes no difference to it."""
    touched = {key for key in rules if rules[key] != base.get(key)}
    before, after = _of(case, base, touched, settings), _of(case, rules, touched, settings)
    if before.level == after.level:
        return before, after
    rest = _of(case, base, set(rules) - touched, settings, fixed=True)  # costly, and seldom needed
    return max(before, rest, key=_level), max(after, rest, key=_level)


def _level(standing: Standing) -> Level:
    return standing.level


def _of(case: Case, rules: Mapping[str, Any], keys: set[str], settings: Settings, *, fixed: bool = False) -> Standing:
    """The strictest word of the rules named by `keys`; with `fixed` of the built-in ones too."""
    found = _Found()
    if "extra_escalation_phrases" in keys or fixed:
        phrases = list(rules["extra_escalation_phrases"]) if "extra_escalation_phrases" in keys else []
        for text, finding in _phrases(case, phrases, fixed=fixed):
            found.say(STOPPED, f"It {finding.why}.", text, finding)
    if "own_rules" in keys:
        _own(case, rules["own_rules"], found)
    if "injection_threshold" in keys or fixed:
        _input(case, float(rules["injection_threshold"]), found, flags="injection_threshold" in keys, others=fixed)
    if case.draft:
        _draft(case, rules, keys, settings, found)
    return found.standing


def _phrases(case: Case, phrases: list[str], *, fixed: bool) -> Iterator[tuple[str, Finding]]:
    if not phrases and not fixed:
        return
    for subject, body in case.texts:
        text = f"{subject}\n{body}"
        for finding in always_escalate(text, phrases):
            if fixed or finding.kind == "extra_phrase":
                yield text, finding


def _own(case: Case, raw: list[own_rules.RawRule], found: _Found) -> None:
    for subject, body in case.texts:
        text = f"{subject}\n{body}"
        for verdict in own_rules.verdicts(text, raw, "input"):
            found.say(
                STOPPED if verdict.escalation else FLAGGED, verdict.why, text, verdict.findings[0] if verdict.findings else None
            )
    for verdict in own_rules.verdicts(case.draft, raw, "output") if case.draft else []:
        level = STOPPED if verdict.blocked else FLAGGED
        found.say(level, verdict.why, case.draft, verdict.findings[0] if verdict.findings else None)


def _input(case: Case, threshold: float, found: _Found, *, flags: bool, others: bool) -> None:
    """`flags`: what the threshold decides; `others`: the rules beside it, with what it blocks whatever the threshold."""
    for number, (subject, body) in enumerate(case.texts):
        hidden, files = (case.hidden, case.attachments) if number == 0 else ("", [])
        said = check_input(
            subject=subject, body=body, hidden=hidden, attachments_text=files, channel=case.channel, flag_at=threshold
        )
        for verdict in said:
            if verdict.verdict != "allow" and (flags if _by_threshold(verdict) else others):
                _say(found, verdict, body)


def _by_threshold(verdict: Verdict) -> bool:
    return verdict.rule == "injection" and verdict.verdict == "flag"


def _draft(case: Case, rules: Mapping[str, Any], keys: set[str], settings: Settings, found: _Found) -> None:
    least = float(rules["minimum_confidence"])
    if "minimum_confidence" in keys and case.draft_kind == "reply" and case.confidence < least:
        found.say(STOPPED, f"The agents' confidence is {case.confidence:.2f}, below {least:g}.")
    if "allowed_link_hosts" in keys:
        hosts = [*settings.allowed_link_hosts, *rules["allowed_link_hosts"]]
        for verdict in _links(case, hosts):
            found.say(STOPPED, verdict.why, case.draft, verdict.findings[0] if verdict.findings else None)
    if "every_draft_needs_manager" in keys and rules["every_draft_needs_manager"]:
        found.say(FLAGGED, "Every draft needs a manager.")
    if "unsupported_needs_manager" in keys and rules["unsupported_needs_manager"] and case.unsupported:
        found.say(FLAGGED, "A sentence of the draft has no source.")


def _links(case: Case, hosts: list[str]) -> list[Verdict]:
    words = Sentence(text=case.draft, kind="courtesy", passages=[])
    reply = Reply(subject="", paragraphs=[Paragraph(style="text", sentences=[words])])
    said = check_output(OutputCheck(reply, "", [], "customer@customer.example", hosts))
    return [verdict for verdict in said if verdict.rule == "links" and verdict.blocked]


def _say(found: _Found, verdict: Verdict, text: str) -> None:
    stops = verdict.blocked or verdict.escalation or verdict.quarantine
    finding = next((one for one in verdict.findings if one.part == "body"), None)
    found.say(STOPPED if stops else FLAGGED, verdict.why or verdict.rule, text, finding)


def _excerpt(text: str, finding: Finding) -> str:
    """The words that a finding means, with what stands around them."""
    start, end = max(0, finding.start - _AROUND), min(len(text), finding.end + _AROUND)
    return ("…" if start else "") + " ".join(text[start:end].split()) + ("…" if end < len(text) else "")
