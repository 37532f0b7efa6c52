"""The guard at the exit: may this draft be put before a person as one to send?"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlsplit

from triage.briefs import CustomerCard, Evidence, Reply, Sentence
from triage.canary import leaks
from triage.guardrails import language as languages
from triage.guardrails import own_rules, pii
from triage.guardrails.grounding import Support, supports
from triage.guardrails.normalise import normalise
from triage.guardrails.patterns import fold
from triage.guardrails.promises import PROMISE, promised_specifics
from triage.guardrails.runtime import Check, Checkpoint
from triage.guardrails.verdicts import Decision, Finding, Verdict
from triage.models import EscalationReason

_LINK = re.compile(
    r"\b(?:https?|ftp|javascript|data|file):[^\s<>\"')\]]+|\bwww\.[^\s<>\"')\]]+|(?<![@\w.])(?:[a-z0-9-]{1,63}\.)+(?:com|net|org|io|co|info|biz|xyz|top|ru|cn|example|test|app|dev|me|eu|uk|de|fr|nl|es|it|pt|ch|pl|cc|tk|ml|ga|cf|gq|tv|ly|shop|store|site|online|click|cloud|website|icu|vip|club|zip|tech|ai)\b(?:/[^\s<>\"')\]]*)?|(?<![@\w./])(?:[a-z0-9-]{1,63}\.)+[a-z]{2,24}/[^\s<>\"')\]]+|(?<![:\w/])//(?:[a-z0-9-]{1,63}\.)+[a-z]{2,24}",
    re.IGNORECASE,
)
_ACTIVE = re.compile(
    r"<\s*(script|img|iframe|object|embed|form|svg|style|link|meta)\b|!\[[^\]]{0,200}\]\(|\bon(error|load|click)\s*=",
    re.IGNORECASE,
)
_LEAK = re.compile(
    r"\b(system prompt|my (system )?(instructions|prompt|guidelines)|hidden instructions|as an ai( language model)?|language model|<\|?(system|im_start)|"
    r"(tool|function) call|internal (note|policy|only)|systemprompt|meine anweisungen lauten|mes instructions sont|mis instrucciones son|le mie istruzioni sono|mijn instructies zijn)\b"
)
_GRANTED = 0.8  # below this, a promise is not the source's own words
_ADDRESS = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+\.[^\s@,;<>\"]+")


@dataclass(frozen=True)
class OutputCheck:
    """A draft and everything it may rest on.

    `ticket` is the customer's own text, `requester` the ticket's address (empty: not compared), `canary` the
    string of triage.canary, `language` the ISO code the customer wrote in (empty: not compared), `kind` reply,
    clarify or holding.
    """

    reply: Reply
    ticket: str
    evidence: list[Evidence]
    recipient: str
    allowed_hosts: list[str]
    canary: str = ""
    language: str = ""
    customer: CustomerCard | None = None
    requester: str = ""
    own_addresses: list[str] = field(default_factory=list)
    kind: str = "reply"
    found: Sequence[Mapping[str, object]] = ()
    """What is known of each sentence already (rows of triage.judging.support); looked for when empty."""
    own: Sequence[own_rules.RawRule] = ()

    @cached_property
    def text(self) -> str:
        """Subject and body as they would be sent."""
        return f"{self.reply.subject}\n\n{self.reply.body}"

    @cached_property
    def customer_lines(self) -> list[str]:
        return lines_of(self.customer)

    @cached_property
    def spans(self) -> list[tuple[Sentence, int, int]]:
        """Each sentence with its place in `text`."""
        placed, cursor = [], len(self.reply.subject) + 2
        for sentence in self.reply.sentences:
            start = self.text.find(sentence.text.strip(), cursor)
            cursor = max(start, cursor) + len(sentence.text.strip())
            placed.append((sentence, max(start, 0), cursor))
        return placed


def check_output(check: OutputCheck) -> list[Verdict]:
    """What the rules say of one draft; never empty, never raises. Places count characters of subject, blank line, body."""
    return CHECKPOINT.run("draft", check) + own_rules.verdicts(check.text, check.own, "output")


def lines_of(customer: CustomerCard | None) -> list[str]:
    """What the desk knows of the customer, one statement a line, so that sentences can be held against it."""
    if customer is None:
        return []
    lines = [
        f"Customer {customer.name}, {customer.tier} customer since {customer.since}, machine {customer.machine}, subscription {customer.subscription}."
    ]
    for order in customer.orders:
        lines.append(
            f"Order {order.number} status {order.status}, placed {order.placed}, delivered {order.delivered}, total {order.total}, "
            f"shipped with carrier {order.carrier}, tracking number {order.tracking}, parcel items {', '.join(order.items)}."
        )
    return lines + list(customer.past)


def support_of(sentence: Sentence, evidence: list[Evidence], customer: CustomerCard | None = None, ticket: str = "") -> Support:
    """How a sentence of a reply is supported: facts and steps by the sources alone, the rest only in its numbers."""
    if sentence.kind in ("fact", "step"):
        return supports(sentence.text, evidence, lines_of(customer))
    if not re.search(r"\d|https?:|www\.", sentence.text):
        return Support(True, 1.0, None, "It states no fact.")
    loose = supports(sentence.text, evidence, [*lines_of(customer), ticket], named=False)
    return (
        loose
        if "mentions" in loose.why
        else Support(True, loose.score, loose.passage, "Its numbers stand in the sources or the ticket.")
    )


def _grounding(check: OutputCheck) -> Verdict | None:
    known = (
        {piece.id for piece in check.evidence}
        | {"customer"}
        | {f"order:{order.number}" for order in (check.customer.orders if check.customer else [])}
    )
    findings = []
    for (sentence, start, end), support in zip(check.spans, _supports(check), strict=True):
        strange = [source for source in sentence.passages if source not in known]
        if not support.supported:
            findings.append(Finding("unsupported", start, end, "grounding", support.why, "reply", 1 - support.score))
        elif strange:
            findings.append(
                Finding("unsupported", start, end, "citation", f"It cites {strange[0]}, which is not among its sources.", "reply")
            )
        elif sentence.kind == "fact" and not sentence.passages:
            findings.append(Finding("unsupported", start, end, "citation", "It states a fact and cites no source.", "reply", 0.5))
    return _verdict("grounding", "flag", findings, f"{len(findings)} of {len(check.spans)} sentences have no support.")


def _supports(check: OutputCheck) -> list[Support]:
    """Of each sentence, as it was found before or as it is found now."""
    if len(check.found) == len(check.spans):
        return [
            Support(bool(row["supported"]), float(str(row["score"])), None, str(row["why"]), bool(row["firm"]))
            for row in check.found
        ]
    return [support_of(sentence, check.evidence, check.customer, check.ticket) for sentence, _, _ in check.spans]


def _promises(check: OutputCheck) -> Verdict | None:
    findings, decision = [], "flag"
    sources = [*(piece.text for piece in check.evidence), *check.customer_lines]
    for sentence, start, end in check.spans:
        folded = fold(normalise(sentence.text).text)
        if PROMISE.search(folded):
            firm = supports(sentence.text, check.evidence, check.customer_lines).score < _GRANTED
            decision = "block" if firm else decision
            findings.append(
                Finding(
                    "promise",
                    start,
                    end,
                    "promise",
                    "promises money or a remedy" + (" that no source grants" if firm else ""),
                    "reply",
                )
            )
        elif specifics := promised_specifics(folded, sources):
            decision = "block"
            findings.append(
                Finding("promise", start, end, "promise", f"promises {', '.join(specifics)}, which no source says", "reply")
            )
    return _verdict(
        "promise", "block" if decision == "block" else "flag", findings, "The draft promises what only people may grant."
    )


def _personal_data(check: OutputCheck) -> Verdict | None:
    shown = pii.find(check.text)
    if not shown:
        return None
    own = " \n ".join([check.ticket, check.recipient, check.requester, *check.own_addresses, *check.customer_lines])
    public = " \n ".join(piece.text for piece in check.evidence)
    allowed = {(datum.kind, datum.key) for datum in pii.find(f"{own} \n {public}")}
    published = {(datum.kind, datum.key) for datum in pii.find(public)}
    findings = []
    for datum in shown:
        token = (datum.kind, datum.key)
        secret = datum.kind == "card" or (datum.kind == "iban" and token not in published)
        ours = datum.kind == "email" and _host_allowed(datum.key.partition("@")[2], check.allowed_hosts)
        if secret or (token not in allowed and not ours):
            what = {
                "email": "an e-mail address",
                "phone": "a phone number",
                "card": "a payment card's number",
                "iban": "a bank account",
            }[datum.kind]
            findings.append(
                Finding(
                    datum.kind,
                    datum.start,
                    datum.end,
                    "personal_data",
                    f"shows {what} that is not this ticket's to show",
                    "reply",
                )
            )
    return _verdict("personal_data", "block", findings, "The draft shows personal data that does not belong to this ticket.")


def _links(check: OutputCheck) -> Verdict | None:
    normal = normalise(check.text)
    text, findings = normal.text, []
    for said in dict.fromkeys([text, check.text]):  # as a reader sees it, and as a mail program follows it: а is not a
        for match in _LINK.finditer(said):
            if not _host_allowed(_host(match.group()), check.allowed_hosts):
                start, end = normal.span(*match.span()) if said is text else match.span()
                findings.append(
                    Finding(
                        "link",
                        start,
                        end,
                        "links",
                        f"links to {_host(match.group()) or match.group()[:40]}, which is not allowed",
                        "reply",
                    )
                )
    findings += [
        Finding("active_content", m.start(), m.end(), "links", "carries active content or a remote image", "reply")
        for m in _ACTIVE.finditer(text)
    ]
    return _verdict("links", "block", findings, "The draft links outside the allowed hosts.")


def _host(link: str) -> str:
    """The host a browser would go to; empty when the link is no web address."""
    link = link.rstrip(".,;:!?").removeprefix("//")
    try:
        parts = urlsplit(link if ":" in link.split("/")[0] else f"https://{link}")
        return (parts.hostname or "").rstrip(".").lower() if parts.scheme in ("http", "https") else ""
    except ValueError:
        return ""


def _host_allowed(host: str, allowed: list[str]) -> bool:
    return any(host == one.lower() or host.endswith("." + one.lower()) for one in allowed if one)


def _secrets(check: OutputCheck) -> Verdict | None:
    findings = []
    if check.canary and leaks(check.text, check.canary):
        findings.append(
            Finding("leak", 0, len(check.text), "leak", "carries the secret mark of the agents' instructions", "reply")
        )
    sources = fold(" ".join(piece.text for piece in check.evidence))
    findings += [
        Finding("leak", m.start(), m.end(), "leak", "speaks of the agents' own instructions", "reply")
        for m in _LEAK.finditer(fold(check.text))
        if m.group() not in sources
    ]
    return _verdict("leak", "block", findings, "The draft gives away the agents' instructions.")


def _language(check: OutputCheck) -> Verdict | None:
    spoken = languages.guess(check.reply.body)
    wanted = check.language[:2].lower()
    if not spoken or not wanted or wanted == "un" or spoken == wanted:
        return None
    why = f"The draft is in {spoken}, the customer wrote in {wanted}."
    return _verdict("language", "flag", [Finding("language", 0, len(check.text), "language", why, "reply")], why)


def _envelope(check: OutputCheck) -> Verdict | None:
    """One recipient, the ticket's own; a subject of one line; something to say."""
    problems = []
    if not _ADDRESS.fullmatch(check.recipient.strip()):
        problems.append("The recipient is not one mail address.")
    elif check.requester and fold(check.recipient.strip()) != fold(check.requester.strip()):
        problems.append("The recipient is not the ticket's own address.")
    if re.search(r"[\r\n\x00]", check.reply.subject):
        problems.append("The subject has more than one line.")
    if not check.reply.body.strip():
        problems.append("The draft is empty.")
    findings = [Finding("envelope", 0, 0, "envelope", problem, "reply") for problem in problems]
    return _verdict("envelope", "block", findings, " ".join(problems))


def _verdict(rule: str, decision: Decision, findings: list[Finding], why: str) -> Verdict | None:
    if not findings:
        return None
    escalation = EscalationReason.GUARDRAIL_BLOCK if decision == "block" else None
    return Verdict("output", rule, decision, findings, escalation, None, why)


CHECKPOINT: Checkpoint[OutputCheck] = Checkpoint(
    "output",
    [
        Check("envelope", _envelope),
        Check("personal_data", _personal_data),
        Check("promise", _promises),
        Check("links", _links),
        Check("leak", _secrets),
        Check("language", _language),
        Check("grounding", _grounding),
    ],
)
