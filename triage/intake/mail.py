"""A mail as bytes becomes an Incoming, whatever its state."""

import email
import re
from email.message import Message

from triage.intake.automatic import Automatic, automatic, is_transcript, returned_message_ids
from triage.intake.headers import Address, Headers
from triage.intake.message import Incoming
from triage.intake.parts import Contents, contents
from triage.intake.quoting import split
from triage.intake.spam import content_signals, header_signals, verdict
from triage.language import UNSURE, detect, script
from triage.models import QuarantineReason
from triage.settings import Settings

_MOST_REFERENCES = 50
_HISTORY = 4  # body limits of text that are searched for history; what lies beyond stays in the raw mail only
_HEAD = 64_000  # bytes of an oversized mail that are looked at
_NO_REPLY = re.compile(r"^(?:no|do[._-]?not)[._-]?reply|^(?:noreply|donotreply|notifications?|forms?|website|webmaster)@")
_REPLY_SUBJECT = re.compile(r"^\s*(?:re|aw|sv|antw|rép|res|odp|fwd?|wg|tr|rv|enc)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)


def parse_mail(raw: bytes, settings: Settings) -> Incoming:
    """Read a mail; never raises. What people must look at first carries `quarantine` and, in words, `problem`."""
    try:
        if len(raw) > settings.message_limit:
            return _oversized(raw, settings)
        return _parse(raw, settings)
    except Exception as error:  # mail is written by enemies too: whatever breaks the parser, the raw bytes are kept
        return Incoming(
            raw=raw,
            quarantine=QuarantineReason.MALFORMED,
            problem=f"The mail cannot be read ({type(error).__name__}).",
            sender_email=_any_address(raw),
            body=_any_text(raw),
            language=UNSURE,
        )


def _parse(raw: bytes, settings: Settings) -> Incoming:
    message = email.message_from_bytes(raw.lstrip(b"\r\n\x00 \t\xef\xbb\xbf") if raw[:1] in b"\r\n\x00 \t\xef" else raw)
    headers = Headers(message)
    found = contents(message, settings)
    subject = headers.text("Subject")[:500]
    answers = bool(headers.ids("In-Reply-To") or headers.ids("References") or _REPLY_SUBJECT.match(subject))
    body, quoted, signature = split(found.text[: _HISTORY * settings.body_limit], reply=answers)
    sender, reply_to = _sender(headers)
    judged = automatic(headers, message, sender=sender.email, subject=subject, body=body, own=settings.mail_from.lower())
    reason, problem = _quarantine(headers, sender, judged, subject, body, found, settings)
    references = headers.ids("References") + (returned_message_ids(message) if judged else [])
    cut = len(body) > settings.body_limit
    if cut and not problem:
        problem = f"The text was cut after {settings.body_limit:,} characters; the whole mail is kept."
    return Incoming(
        channel="phone" if is_transcript(subject, body) else "email",
        subject=subject,
        body=body[: settings.body_limit],
        quoted=quoted[: settings.body_limit],
        signature=signature[: settings.body_limit],
        hidden=found.hidden[: settings.body_limit],
        sender_name=sender.name[:200],
        sender_email=sender.email,
        sender_proven=_proven(headers, sender, settings),
        reply_to=reply_to,
        to=[a.email for name in ("To", "Cc", "Delivered-To") for a in headers.addresses(name)][:100],
        message_id=next(iter(headers.ids("Message-ID")), None),
        in_reply_to=next(iter(headers.ids("In-Reply-To")), None),
        references=references[-_MOST_REFERENCES:],
        sent_at=headers.date(),
        language=language_of(subject, body),
        attachments=found.files,
        raw=raw,
        quarantine=reason,
        problem=problem,
        auto=judged is not None,
    )


def language_of(subject: str, body: str) -> str:
    """The body's language; the subject helps when the body says too little, unless it is written in other letters."""
    written = script(body)
    found = detect(body, sure=0.0) if written and script(subject) not in ("", written) else detect(body)
    return found if found != UNSURE else detect(f"{subject}\n{body}")


def _sender(headers: Headers) -> tuple[Address, str]:
    """Who wrote, and where they want replies.

    Reply-To does not change who the sender is, or a forged From would send our answers elsewhere; only where From
    is a machine that takes no mail (a contact form) does the person stand in Reply-To.
    """
    named = (headers.address(name) for name in ("From", "Sender", "Reply-To", "Return-Path"))
    sender = next((address for address in named if address), Address("", ""))
    reply_to = headers.address("Reply-To")
    if reply_to and _NO_REPLY.match(sender.email):
        sender = reply_to
    return sender, reply_to.email if reply_to else ""


def _quarantine(
    headers: Headers, sender: Address, judged: Automatic | None, subject: str, body: str, found: Contents, settings: Settings
) -> tuple[QuarantineReason | None, str]:
    if judged:
        return judged.reason, judged.why
    if not sender.email:
        return QuarantineReason.MALFORMED, "No address of a sender can be read, so nobody could be answered."
    if "\ufffd" in body and body.count("\ufffd") * 5 > len(body):
        return QuarantineReason.MALFORMED, "The text is not readable in any charset."
    signals = header_signals(headers, settings.mail_from.lower()) + content_signals(subject, body or found.text)
    why = verdict(signals)
    return (QuarantineReason.SPAM, why) if why else (None, "")


def _proven(headers: Headers, sender: Address, settings: Settings) -> bool:
    """Whether our own mail server vouches (dmarc=pass) for the domain in From.

    Believed is only the topmost Authentication-Results, and only from a server in our own mail domain (or the one that
    TRIAGE_TRUSTED_AUTHSERV names), which must remove such headers that others wrote (RFC 8601, section 5).
    """
    results = headers.raw("Authentication-Results")
    author = headers.address("From")
    if not results or not author or author.email != sender.email:
        return False
    server, _, rest = results[0].lower().partition(";")
    server = (server.split() or [""])[0]
    own = settings.trusted_authserv.lower() or settings.mail_from.lower().partition("@")[2]
    if not own or not (server == own or server.endswith("." + own)):
        return False
    rest = re.sub(r"\([^()]*\)", " ", rest)
    named = re.search(r"\bheader\.from\s*=\s*\"?([\w.-]+)", rest)
    aligned = named is None or named.group(1) == author.email.partition("@")[2]
    return bool(re.search(r"\bdmarc\s*=\s*pass\b", rest)) and aligned


def _oversized(raw: bytes, settings: Settings) -> Incoming:
    head: Message = email.message_from_bytes(re.split(rb"\r?\n\r?\n", raw[:_HEAD], maxsplit=1)[0])
    headers = Headers(head)
    sender, _ = _sender(headers)
    return Incoming(
        subject=headers.text("Subject")[:500],
        sender_name=sender.name[:200],
        sender_email=sender.email,
        message_id=next(iter(headers.ids("Message-ID")), None),
        sent_at=headers.date(),
        raw=raw,
        language=UNSURE,
        quarantine=QuarantineReason.OVERSIZED,
        problem=f"The mail is larger than {settings.message_limit:,} bytes.",
    )


def _any_address(raw: bytes) -> str:
    found = re.search(rb"(?im)^from:[^\r\n]{0,300}?([\w.+-]{1,64}@[\w.-]{1,190}\w)", raw[:_HEAD])
    return found.group(1).decode("ascii", "replace").lower() if found else ""


def _any_text(raw: bytes) -> str:
    return raw[:4000].decode("utf-8", "replace")
