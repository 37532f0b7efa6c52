"""The test bench of the guards: what they would say of a text, and what a rule did lately."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session, col, select

from knowledge_base.chunking import sentences
from triage import rulebook
from triage.accounts import access
from triage.accounts.access import Permission
from triage.briefs import Paragraph, Reply, Sentence
from triage.canary import canary
from triage.guardrails import own_rules
from triage.guardrails.escalation import always_escalate
from triage.guardrails.input import check_input, suspicion
from triage.guardrails.output import OutputCheck, check_output
from triage.guardrails.verdicts import Finding, Verdict, worst
from triage.models import GuardVerdict, Ticket, User
from triage.settings import Settings

LONGEST = 200_000
_REPLY_NEXT = {
    "block": "It could not be sent as it is: the ticket would be escalated, and a manager would have to change the text.",
    "flag": "It would wait for a manager, who sees the reason.",
    "allow": "It would wait for anybody on the team to approve it.",
}


@dataclass(frozen=True)
class Tried:
    """What the guards said of a text. `always` are the always-escalate findings; places count characters of `text`.

    `orders` says from 0 to 1 how much a message looks like orders to the machine; None for a reply.
    """

    text: str
    verdicts: list[Verdict]
    always: list[Finding]
    orders: float | None = None

    @property
    def said(self) -> str:
        """allow, flag or block: the strictest word; an always-escalate finding flags at least."""
        found = worst(self.verdicts)
        return "flag" if found == "allow" and self.always else found

    @property
    def next(self) -> str:
        """What would become of the message or reply, in a sentence."""
        reply = any(verdict.stage == "output" for verdict in self.verdicts)
        quarantine = next((v.quarantine for v in self.verdicts if v.blocked and v.quarantine), None)
        escalated = self.always or any(v.escalation for v in self.verdicts if v.verdict != "allow")
        if reply:
            return _REPLY_NEXT[self.said]
        if quarantine:
            return (
                f"It would be set aside in quarantine ({quarantine.replace('_', ' ')}) until a person lets it in or dismisses it."
            )
        if escalated:
            return "It would go to a person: the agents only prepare a holding reply, which a manager decides."
        if self.said == "flag":
            return "The agents would answer it with more scrutiny, and a manager would decide the draft."
        return "The agents would answer it, and anybody on the team could decide the draft."

    @property
    def marked(self) -> list[tuple[int, int, str, str]]:
        """(start, end, why, tone) of what is marked in the text, without overlaps, in order."""
        spans = [(f.start, f.end, f.why, v.verdict) for v in self.verdicts for f in v.findings if f.part in ("body", "reply")]
        spans += [(f.start, f.end, f.why or f.kind, "block") for f in self.always]
        kept: list[tuple[int, int, str, str]] = []
        inside = [span for span in spans if 0 <= span[0] < span[1] <= len(self.text)]
        for span in sorted(inside, key=lambda span: (span[1] - span[0], span[0])):
            if all(span[1] <= other[0] or span[0] >= other[1] for other in kept):
                kept.append(span)
        return sorted(kept)


@dataclass(frozen=True)
class Firing:
    """One time a rule flagged or blocked."""

    ticket_id: int
    subject: str
    verdict: str
    why: str
    overruled: bool
    at: datetime


def try_message(session: Session, user: User, text: str, *, channel: str = "email") -> Tried:
    """The text as a customer's message, judged by the rules as they stand now. Nothing is stored."""
    access.require(user, Permission.READ_MACHINERY)
    rules, text = rulebook.current(session), text[:LONGEST]
    verdicts = check_input(subject="", body=text, channel=channel, flag_at=float(rules["injection_threshold"]))
    verdicts += own_rules.verdicts(text, rules["own_rules"], "input")
    always = always_escalate(text, list(map(str, rules["extra_escalation_phrases"])))
    return Tried(text, verdicts, always, suspicion(subject="", body=text))


def try_reply(session: Session, user: User, settings: Settings, text: str, *, language: str = "") -> Tried:
    """The text as a reply to a customer who is unknown and about whom nothing is on record. Nothing is stored."""
    access.require(user, Permission.READ_MACHINERY)
    rules, text = rulebook.current(session), text[:LONGEST]
    reply = _reply(text)
    check = OutputCheck(
        reply=reply, ticket="", evidence=[], recipient="customer@customer.example", language=language, canary=canary(settings),
        allowed_hosts=[*settings.allowed_link_hosts, *map(str, rules["allowed_link_hosts"])], own=rules["own_rules"],
    )  # fmt: skip
    before = len(check.text) - len(reply.body)  # places count subject and blank line too
    return Tried(reply.body, [_moved(verdict, before) for verdict in check_output(check)], [])


def firings(session: Session, user: User, rule: str, *, limit: int = 30) -> list[Firing]:
    """When the rule last flagged or blocked, newest first."""
    access.require(user, Permission.READ_MACHINERY)
    query = (
        select(GuardVerdict, Ticket.subject)
        .join(Ticket, col(Ticket.id) == GuardVerdict.ticket_id)
        .where(GuardVerdict.rule == rule, GuardVerdict.verdict != "allow")
        .order_by(col(GuardVerdict.id).desc())
        .limit(limit)
    )
    return [Firing(v.ticket_id, subject, v.verdict, _why(v), v.overruled, v.created_at) for v, subject in session.exec(query)]


def _reply(text: str) -> Reply:
    """The text as paragraphs of sentences; they state nothing, so that only what they do is judged."""
    blocks = [[part.strip() for part in sentences(block) if part.strip()] for block in text.split("\n\n")]
    return Reply(subject="", paragraphs=[
        Paragraph(style="text", sentences=[Sentence(text=part, kind="courtesy", passages=[]) for part in block]) for block in blocks if block
    ])  # fmt: skip


def _moved(verdict: Verdict, by: int) -> Verdict:
    return replace(verdict, findings=[replace(f, start=f.start - by, end=f.end - by) for f in verdict.findings])


def _why(verdict: GuardVerdict) -> str:
    whys = [str(finding.get("why") or finding.get("kind") or "") for finding in verdict.findings]
    return "; ".join(list(dict.fromkeys(why for why in whys if why))[:3])
