"""Mail that no person wrote to us: bounces, automatic replies, mail loops (RFC 3464, RFC 3834)."""

import re
from email.message import Message
from typing import NamedTuple

from triage.intake.headers import Headers
from triage.models import QuarantineReason

_MOST_HOPS = 40
_DAEMONS = re.compile(r"^(?:mailer-daemon|mail-daemon|postmaster|double-bounce|bounces?(?:[+-].*)?)@")
_AWAY = re.compile(
    r"^\s*(?:(?:re|aw|fwd?)\s*:\s*)*(?:out of (?:the )?office|ooo|auto(?:matic|mated)?[ -]?(?:reply|response)|autoreply|vacation (?:reply|notice)|"
    r"abwesenheits(?:notiz|meldung|benachrichtigung)|automatische (?:antwort|abwesenheitsnotiz)|abwesend|réponse automatique|absence du bureau|"
    r"message d.absence|respuesta automática|fuera de (?:la )?oficina|automatisch antwoord|afwezigheids(?:bericht|melding)|niet aanwezig|"
    r"risposta automatica|fuori (?:sede|ufficio)|resposta automática|ausência temporária|automatická odpověď|autosvar)\b"
    r"(?P<marked>\s*[:\[(–—-])?",
    re.IGNORECASE,
)
_AWAY_BODY = re.compile(
    r"\b(?:I am|I'm|I will be|we are) (?:currently )?(?:away|out of (?:the )?office|on (?:annual |parental |sick )?(?:leave|holiday|vacation))|"
    r"\bbin (?:derzeit |bis |momentan |ab )?.{0,40}(?:nicht (?:im (?:Büro|Hause)|erreichbar)|abwesend)|je suis (?:actuellement )?(?:absent|en congé)|"
    r"estoy (?:actualmente )?(?:fuera de la oficina|ausente|de vacaciones)|ik ben (?:momenteel )?(?:afwezig|niet aanwezig|op vakantie)|"
    r"sono (?:attualmente )?(?:fuori ufficio|assente|in ferie)|estou (?:ausente|de férias)",
    re.IGNORECASE,
)
_AUTO_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Mail-Autoreply", "X-AutoReply-From")


class Automatic(NamedTuple):
    """Why a mail counts as automatic: the reason, and in one sentence what shows it."""

    reason: QuarantineReason
    why: str


def automatic(headers: Headers, message: Message, *, sender: str, subject: str, body: str, own: str) -> Automatic | None:
    """Judge by headers first and by wording only where headers are silent; None when a person seems to have written."""
    return _bounce(headers, message, sender) or _loop(headers, sender, own) or _auto_reply(headers, message, subject, body)


def returned_message_ids(message: Message) -> list[str]:
    """Ids of the mail that a bounce brings back, so that it can be told which reply did not arrive."""
    for part in list(message.walk())[1:20]:
        if part.get_content_type() in ("message/rfc822", "text/rfc822-headers"):
            payload = part.get_payload()
            inner = payload[0] if isinstance(payload, list) and payload else None
            text = "" if inner is not None else str(payload)[:20_000]
            found = (
                Headers(inner).ids("Message-ID")
                if isinstance(inner, Message)
                else re.findall(r"(?im)^message-id:\s*(<[^<>\s]+>)", text)
            )
            if found:
                return found[:3]
    return []


def _report_type(message: Message) -> str:
    if message.get_content_type() != "multipart/report":
        return ""
    return str(message.get_param("report-type") or "report").lower()


def _bounce(headers: Headers, message: Message, sender: str) -> Automatic | None:
    if _report_type(message) in ("delivery-status", "report"):
        return Automatic(QuarantineReason.BOUNCE, "It is a delivery report (multipart/report).")
    if "X-Failed-Recipients" in headers:
        return Automatic(QuarantineReason.BOUNCE, "The header X-Failed-Recipients names addresses that could not be reached.")
    null_path = any(value.replace(" ", "") == "<>" for value in headers.raw("Return-Path"))
    if _DAEMONS.match(sender) and (null_path or "Auto-Submitted" in headers or sender.startswith("mailer-daemon@")):
        return Automatic(QuarantineReason.BOUNCE, f"It was sent by a mail server ({sender}).")
    return None


def _loop(headers: Headers, sender: str, own: str) -> Automatic | None:
    if own and sender == own:
        return Automatic(QuarantineReason.LOOP, f"It says it comes from our own address ({own}).")
    if own and any(own in value.lower() for value in headers.raw("X-Loop")):
        return Automatic(QuarantineReason.LOOP, "The header X-Loop shows that we sent this mail.")
    if (hops := len(headers.raw("Received"))) > _MOST_HOPS:
        return Automatic(QuarantineReason.LOOP, f"It passed {hops} mail servers, as mail does that goes in circles.")
    return None


def _auto_reply(headers: Headers, message: Message, subject: str, body: str) -> Automatic | None:
    reason = QuarantineReason.AUTO_REPLY
    if (report := _report_type(message)) and report != "delivery-status":
        return Automatic(reason, f"It is an automatic report ({report}).")
    submitted = headers.token("Auto-Submitted")
    if submitted and submitted != "no" and not is_transcript(subject, body):
        return Automatic(reason, f"The header Auto-Submitted says {submitted}.")
    for name in _AUTO_HEADERS:
        if name in headers and headers.token(name) not in ("no", "false", "0"):
            return Automatic(reason, f"The header {name} marks an automatic reply.")
    if headers.token("Precedence") in ("auto_reply", "auto-reply"):
        return Automatic(reason, "The header Precedence marks an automatic reply.")
    if any(value.replace(" ", "") == "<>" for value in headers.raw("Return-Path")):
        return Automatic(reason, "It was sent with an empty return path, as only machines do.")
    return absence(subject, body)


def absence(subject: str, body: str) -> Automatic | None:
    """An absence notice by its wording: a marked subject, or such a subject above such a text."""
    away = _AWAY.match(subject)
    if away and (away["marked"] or _AWAY_BODY.search(body[:600])) and len(body) < 3000:
        return Automatic(QuarantineReason.AUTO_REPLY, "Its subject is that of an absence notice.")
    return None


_TRANSCRIPT_SUBJECT = re.compile(
    r"^\s*(?:\[?new\]? )?(?:voice ?mail|voice message|(?:phone|call|telephone) transcript|transcript of|missed call|sprachnachricht|"
    r"anrufbeantworter|message vocal|mensaje de voz|messaggio vocale|voicemailbericht|mensagem de voz)\b",
    re.IGNORECASE,
)
_TRANSCRIPT_BODY = re.compile(
    r"^\s*[\[(]?\s*(?:(?:call|phone|voicemail|auto(?:matic)?) )?transcript(?:ion)?\b\s*[\]):]", re.IGNORECASE
)


def is_transcript(subject: str, body: str) -> bool:
    """Whether a telephone system wrote down what a person said."""
    return bool(_TRANSCRIPT_SUBJECT.match(subject) or _TRANSCRIPT_BODY.match(body[:200]))
