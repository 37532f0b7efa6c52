"""Carries messages about notifications out: a mail at most once, a webhook until it is taken or given up.

held → sending is committed before anything leaves, and every try is work of its own with its number, so that one is
in flight at most. A mail found in `sending` after a crash was perhaps sent and is left at that; a webhook is sent
again with the same key.
"""

import asyncio
import json
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from functools import partial

from sqlmodel import Session, col, select

from triage import reach
from triage.accounts import access
from triage.accounts.access import Permission
from triage.connections import credentials
from triage.delivery import maildir, smtp
from triage.delivery.outbox import Post
from triage.errors import DeliveryError, DeliveryUncertain, InputError, ToolError
from triage.models import Notice, NoticeItem, Notification, Role, User, Webhook, now
from triage.notifications import reading, webhooks
from triage.notifications.telling import tell
from triage.settings import Settings

TRIES = 8
_FIRST, _LONGEST = 15.0, 3_600.0  # seconds until the next try: four times as long each time
_ANSWER = 10_000  # bytes of an answer that are read


class _Refused(DeliveryError):
    """The receiver will not take it, now or later."""


async def carry_out(desk: Post, notice_id: int, attempt: int) -> str:
    """Make one try and book how it went; returns the message's status. Safe to call again at any point."""
    run = desk.database.run
    taken = await run(partial(_take, notice_id=notice_id, attempt=attempt))
    if isinstance(taken, str):
        return taken
    notice, hook = taken
    try:
        if hook is None:
            await _mail(desk.settings, notice)
        else:
            await asyncio.to_thread(_call, desk.settings, notice, hook)
    except _Refused as error:
        return await run(partial(_stop, notice_id=notice_id, status="dead", error=str(error)))
    except DeliveryUncertain as error:
        if hook is None:
            return await run(partial(_stop, notice_id=notice_id, status="uncertain", error=str(error)))
        return await run(partial(_later, desk=desk, notice_id=notice_id, error=str(error)))
    except (smtp.TemporaryFailure, ToolError, OSError) as error:
        return await run(partial(_later, desk=desk, notice_id=notice_id, error=str(error)))
    except DeliveryError as error:
        return await run(partial(_stop, notice_id=notice_id, status="dead", error=str(error)))
    return await run(partial(_sent, notice_id=notice_id))


def _take(session: Session, notice_id: int, attempt: int) -> str | tuple[Notice, Webhook | None]:
    """Claim a message for this very try, in the transaction that says so; a word when there is nothing to do."""
    notice = session.get(Notice, notice_id, with_for_update=True)
    if notice is None or notice.status not in ("held", "sending"):
        return "nothing to do"
    hook = session.get(Webhook, notice.webhook_id) if notice.webhook_id else None
    if notice.status == "sending":
        if notice.attempts != attempt:
            return "nothing to do"
        if hook is None:  # a former try was cut off between here and the booking
            return _stop(session, notice_id, "uncertain", "The desk stopped while this mail was being sent.")
        return notice, hook
    if notice.attempts + 1 != attempt:
        return "nothing to do"
    if hook is not None and hook.off_at is not None:
        return _stop(session, notice_id, "cancelled", "The webhook was removed.")
    if why := _unwanted(session, notice):
        return _stop(session, notice_id, "cancelled", why)
    notice.status, notice.attempts = "sending", attempt
    session.add(notice)
    return notice, hook


def _unwanted(session: Session, notice: Notice) -> str:
    """Why a message may not leave any more; "" when it may. What its reader may still read is left to the next message."""
    if notice.user_id is None:
        return ""
    person, told = session.get_one(User, notice.user_id), select(NoticeItem).where(NoticeItem.notice_id == notice.id)
    items = session.exec(told).all()
    ids = [item.notification_id for item in items]
    theirs = session.exec(select(Notification.id).where(col(Notification.id).in_(ids), reading.mine(session, person))).all()
    if access.may(person, Permission.WORK_INBOX) and len(theirs) == len(ids):
        return ""
    for item in items:
        session.delete(item)
    return f"{person.name} may not read this any more."


async def _mail(settings: Settings, notice: Notice) -> None:
    mail = letter(notice, settings)
    if settings.smtp_host:
        await smtp.send(mail, settings)
    else:
        maildir.put(settings.folder("mail/notices"), notice.key, mail)


def letter(notice: Notice, settings: Settings) -> EmailMessage:
    """A mail to a colleague, in plain text and perhaps in HTML too; marked as automatic, so that no absence notice answers it."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = formataddr((f"{settings.mail_from_name} desk", settings.mail_from))
    mail["To"] = notice.recipient
    mail["Subject"] = " ".join(notice.subject.split())[:200]
    mail["Date"] = format_datetime(notice.created_at)
    domain = settings.mail_from.partition("@")[2] or "localhost"
    mail["Message-ID"] = f"<notice-{notice.key}@{domain}>"  # the same however often it is tried
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Loop"] = settings.mail_from
    mail["X-Triage-Notice"] = notice.key
    mail.set_content(notice.body)
    if notice.html:
        mail.add_alternative(notice.html, subtype="html")
    return mail


def _call(settings: Settings, notice: Notice, hook: Webhook) -> None:
    """One POST to a webhook, signed; where it leads is checked now, as names may lead elsewhere since."""
    try:
        where = webhooks.target(settings, credentials.decrypt(settings, hook.url))
    except InputError as error:
        raise ToolError(str(error)) from error
    body, stamp = notice.body.encode(), str(int(now().timestamp()))
    headers = {
        "Content-Type": "application/json", "User-Agent": "triage-desk", "Idempotency-Key": notice.key, webhooks.STAMP: stamp,
        webhooks.SIGNATURE: webhooks.signature(credentials.decrypt(settings, hook.secret), stamp, body),
    }  # fmt: skip
    answer = reach.exchange("POST", where, headers=headers, body=body, seconds=settings.tool_seconds, largest=_ANSWER)
    if 200 <= answer.status < 300:
        return
    said = f"The webhook answered with status {answer.status}."
    if answer.status in (408, 425, 429) or answer.status >= 500:
        raise ToolError(said)
    raise _Refused(said)


def _later(session: Session, desk: Post, notice_id: int, error: str) -> str:
    notice = session.get_one(Notice, notice_id)
    if notice.status != "sending":
        return notice.status
    if notice.attempts >= TRIES:
        return _stop(session, notice_id, "dead", f"{error} Given up after {notice.attempts} tries.")
    notice.status, notice.error = "held", error
    session.add(notice)
    following = notice.attempts + 1
    delay = min(_LONGEST, _FIRST * 4.0 ** (notice.attempts - 1))
    desk.enqueue(
        session,
        "deliver",
        f"notice-{notice.key}-{following}-{int(now().timestamp())}",
        notice_id,
        f"notice:{following}",
        delay=delay,
    )
    return "held"


def _stop(session: Session, notice_id: int, status: str, error: str) -> str:
    """Leave a message; whoever keeps the webhook is told when theirs is given up."""
    notice = session.get_one(Notice, notice_id)
    notice.status, notice.error = status, error
    session.add(notice)
    if status == "dead" and notice.webhook_id:
        hook = session.get_one(Webhook, notice.webhook_id)
        text = f"The webhook {hook.name} could not be told: {error}"
        tell(session, "notice dead", text, user_id=hook.owner_id, role=None if hook.owner_id else Role.ADMIN)
    return status


def _sent(session: Session, notice_id: int) -> str:
    notice = session.get_one(Notice, notice_id)
    if notice.status == "sending":
        notice.status, notice.error, notice.sent_at = "sent", None, now()
        session.add(notice)
    return notice.status


def words(notice: Notice) -> str:
    """The text of a webhook's message, for a screen."""
    try:
        return str(json.loads(notice.body)["text"])
    except (ValueError, KeyError):
        return notice.subject
