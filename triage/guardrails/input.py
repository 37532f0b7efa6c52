"""The guard at the door: is this message something the agents may work on?"""

import re
from dataclasses import dataclass

from triage.guardrails import injection, pii
from triage.guardrails.detector import WORTH_NAMING
from triage.guardrails.patterns import fold
from triage.guardrails.runtime import Check, Checkpoint
from triage.guardrails.verdicts import Finding, Verdict
from triage.models import EscalationReason, QuarantineReason

BODY_LIMIT = 200_000
_OVERSIZED = 10
_ATTACHMENT_LIMIT = 50_000

_INSULT = re.compile(
    r"\b(you|your|u|ur|du|ihr|sie|eure?|vous|tu|toi|vos|ustedes|eres|sois|jij|jullie|u bent|siete|sei|voi|voces?|seus?)\b[^.!?\n]{0,30}\b("
    r"idiots?|morons?|imbeciles?|stupid|dumb|cunts?|bastards?|assholes?|arseholes?|scumbags?|retards?|retarded|worthless|wankers?|bitch(es)?|shitheads?|pricks?|"
    r"arschloch\w*|arschlocher|idioten|vollidiot\w*|wichser|hurensohn\w*|missgeburt\w*|penner|dreckskerl\w*|connards?|connasses?|encules?|abrutis?|cons|salauds?|"
    r"gilipollas|imbecil(es)?|hijos? de puta|cabron(es)?|idiotas?|klootzak\w*|eikels?|mongol\w*|kankerlijers?|stronz[oi]|coglion[ei]|imbecilli|idiot[ai]|"
    r"babacas?|filhos? da puta|otarios?)\b"
    r"|\b(useless|pathetic|incompetent|clowns|lazy|liars|crooks|thieves|scammers)\b[^.!?\n]{0,20}\b(lot of you|bunch|all of you|you (lot|people|guys))\b"
    r"|\byou('re| are)( all| just| a bunch of)* (useless|pathetic|liars?|crooks?|thieves|scammers?|clowns?)\b|\b(the|this|my|your) (damn|bloody|fucking|goddamn|fcking)\b"
    r"|\b(fuck (you|off)|go to hell|piss off|screw you|fick dich|fickt euch|verpiss dich|leck mich|va te faire|allez vous faire|vete a la mierda|que te jodan|"
    r"vaffanculo|rot op|val dood|vai se foder|vai tomar no cu|motherfuckers?)\b"
)
_ABUSE_NEEDS = re.compile(
    r"useless|pathetic|incompet|clown|lazy|liar|crook|thie|scam|damn|bloody|fcking|fuck|idiot|moron|imbec|stupid|dumb|cunt|bastard|asshole|arsehole|scum|retard|worthless|wank|bitch|shit|prick|hell|piss|screw|arsch|wichs|huren|missgeb|penner|dreck|conn|encul|abruti|cons|salaud|gilip|puta|cabron|kloot|eikel|mongol|kanker|stronz|coglion|babaca|otario|fick|verpiss|leck|va te|vous faire|mierda|jodan|vaff|rot op|val dood|foder|tomar"
)
_LATIN_WORD = re.compile(r"[a-z]{4,}")
_VOWEL = re.compile(r"[aeiouy]")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True)
class Mail:
    """What the checks look at: named visible parts, and the text that people cannot see."""

    subject: str
    body: str
    hidden: str = ""
    attachments: tuple[str, ...] = ()
    channel: str = "email"
    limit: int = BODY_LIMIT
    flag_at: float = injection.FLAG


def check_input(
    *,
    subject: str,
    body: str,
    hidden: str = "",
    attachments_text: list[str] | None = None,
    channel: str = "email",
    limit: int = BODY_LIMIT,
    flag_at: float = injection.FLAG,
) -> list[Verdict]:
    """What the rules say of one message; never empty, never raises.

    `limit` is the number of characters of the body that is looked at (TRIAGE_BODY_LIMIT), `flag_at` the score from which
    what looks like orders to the machine is flagged. A verdict that blocks
    names where the message goes: `quarantine` when nothing but an attack is in it, else `escalation`.
    """
    mail = Mail(
        subject[:2_000],
        body,
        hidden[:limit],
        tuple(text[:_ATTACHMENT_LIMIT] for text in attachments_text or []),
        channel,
        limit,
        flag_at,
    )
    return CHECKPOINT.run(mail.body[:200], mail)


def _size(mail: Mail) -> Verdict | None:
    if len(mail.body) <= mail.limit:
        return None
    why = f"The message has {len(mail.body):,} characters; only the first {mail.limit:,} are looked at."
    finding = Finding("size", mail.limit, len(mail.body), "size", why)
    if len(mail.body) > _OVERSIZED * mail.limit:
        return Verdict("input", "size", "block", [finding], None, QuarantineReason.OVERSIZED, why)
    return Verdict("input", "size", "flag", [finding], why=why)


def suspicion(*, subject: str, body: str, hidden: str = "", limit: int = BODY_LIMIT) -> float:
    """How much a message looks like orders to the machine, 0 to 1: what its injection verdict goes by."""
    return injection.score(_orders(Mail(subject[:2_000], body, hidden[:limit], limit=limit)))


def _orders(mail: Mail) -> list[Finding]:
    findings = injection.look("body", mail.body[: mail.limit])
    findings += injection.look("subject", mail.subject) if mail.subject else []
    findings += injection.look("hidden", mail.hidden, hidden=True) if mail.hidden else []
    for number, text in enumerate(mail.attachments):
        findings += injection.look(f"attachment:{number}", text)
    return findings


def _injection(mail: Mail) -> Verdict | None:
    findings = _orders(mail)
    total = injection.score(findings)
    if total < mail.flag_at:
        return None
    findings = [finding for finding in findings if finding.weight >= WORTH_NAMING] or findings
    surest = max(findings, key=lambda finding: finding.weight)
    why = f"Looks like orders to the machine: it {surest.why}." if surest.kind == "injection" else f"Hides {surest.why}."
    if total < injection.BLOCK:
        return Verdict("input", "injection", "flag", findings, why=why)
    if _nothing_else(mail.body[: mail.limit], findings):
        return Verdict("input", "injection", "block", findings, None, QuarantineReason.INJECTION, why)
    return Verdict("input", "injection", "block", findings, EscalationReason.GUARDRAIL_BLOCK, None, why)


def _nothing_else(body: str, findings: list[Finding]) -> bool:
    """Whether hardly a word is left beside the sentences that hold findings."""
    left = body
    for finding in sorted((f for f in findings if f.part == "body" and f.rule not in injection.WORDING), key=lambda f: -f.start):
        start = max(left.rfind(mark, 0, finding.start) for mark in (". ", "! ", "? ", "\n")) + 1
        stops = [at for mark in (".", "!", "?", "\n") if (at := left.find(mark, finding.end)) >= 0]
        left = left[:start] + " " * (min(stops, default=len(left)) - start) + left[min(stops, default=len(left)) :]
    return len(re.findall(r"\w+", left)) < 12


def _hidden(mail: Mail) -> Verdict | None:
    words = len(re.findall(r"\w+", mail.hidden[:20_000]))
    if words < 30:
        return None
    why = f"The message carries {words} words that people cannot see."
    return Verdict(
        "input", "hidden_text", "flag", [Finding("hidden_text", 0, len(mail.hidden), "hidden_text", why, "hidden", 0.3)], why=why
    )


def _abuse(mail: Mail) -> Verdict | None:
    findings = []
    for part, text in (("body", mail.body[: mail.limit]), ("subject", mail.subject)):
        folded = fold(text)
        if _ABUSE_NEEDS.search(folded):
            findings += [
                Finding("abuse", m.start(), m.end(), "abuse", "insults the people who read it", part)
                for m in _INSULT.finditer(folded)
            ]
    if not findings:
        return None
    why = "The message insults its readers; a person should answer it."
    return Verdict("input", "abuse", "flag", findings[:20], EscalationReason.POLICY_RESTRICTION, why=why)


def _nonsense(mail: Mail) -> Verdict | None:
    text = f"{mail.subject}\n{mail.body[:4_000]}".strip()
    if not _LETTER.search(text) and not any(mark.isdigit() for mark in text):
        if mail.attachments:
            return None
        why = "The message has no words."
    elif _is_mash(text):
        why = "The message has no readable words."
    else:
        return None
    return Verdict("input", "nonsense", "flag", [Finding("nonsense", 0, len(mail.body), "nonsense", why)], why=why)


def _is_mash(text: str) -> bool:
    """Keys hit at random: Latin words without vowels or with long runs of one letter."""
    words = _LATIN_WORD.findall(fold(text))
    letters = len(_LETTER.findall(text))
    if not words or letters > 400 or sum(map(len, words)) < 0.5 * letters:
        return False
    odd = [
        w
        for w in words
        if len(_VOWEL.findall(w)) < len(w) / 7 or re.search(r"(.)\1{3,}|[bcdfghjklmnpqrstvwxz]{6,}|asdf|qwer|zxcv|hjkl", w)
    ]
    return len(odd) > 0.6 * len(words)


def _card(mail: Mail) -> Verdict | None:
    findings = [
        Finding("card", datum.start, datum.end, "card_data", "a payment card's number", part)
        for part, text in (("body", mail.body[: mail.limit]), ("subject", mail.subject))
        for datum in pii.find(text)
        if datum.kind == "card"
    ]
    if not findings:
        return None
    why = "The customer sent a payment card's number; a person has to remove it and say so."
    return Verdict("input", "card_data", "flag", findings, EscalationReason.POLICY_RESTRICTION, why=why)


CHECKPOINT: Checkpoint[Mail] = Checkpoint(
    "input",
    [
        Check("size", _size),
        Check("injection", _injection),
        Check("hidden_text", _hidden),
        Check("abuse", _abuse),
        Check("nonsense", _nonsense),
        Check("card_data", _card),
    ],
)
