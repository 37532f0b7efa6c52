"""What is due to leave the desk: one message for all that happened since the last one, so that a storm sends one.

A reader is a person by mail, or a webhook. Each notification is told a reader once: rows that commit late are found
because the look goes back ten minutes behind the newest that was told, and what was told stands in `NoticeItem`.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlmodel import Session, col, func, select

from triage import workspace
from triage.accounts import access
from triage.accounts.access import Permission
from triage.models import Notice, NoticeItem, Notification, Role, User, Webhook, now
from triage.notifications import events, reading, settings
from triage.notifications.events import EVENTS, MAIL, WEBHOOK
from triage.notifications.webhooks import payload, plain
from triage.settings import Settings

if TYPE_CHECKING:
    from triage.office import Desk

Enqueue = Callable[..., None]
BEHIND = timedelta(minutes=10)
OLDEST = timedelta(days=3)  # what nobody was told by then is told no more
LISTED = 20  # lines of one message; the rest is counted
CONTENT = "webhooks_tell_content"
GIVEN_UP = "notice dead"  # no webhook is told that a webhook cannot be told


@dataclass(frozen=True)
class Letter:
    """What one message says."""

    subject: str
    lines: list[str]
    numbers: list[int]
    names: Counter[str]


def send_due(desk: "Desk") -> str:
    """Make every message that is due, each in a transaction of its own; delivery carries them out."""
    with desk.database.read() as session:
        people = list(session.exec(select(User).where(col(User.disabled_at).is_(None)).order_by(col(User.id))))
        hooks = list(session.exec(select(col(Webhook.id)).where(col(Webhook.off_at).is_(None)).order_by(col(Webhook.id))))
    made = 0
    for person in people:
        with desk.database.read() as session:
            waits = bool(mail_pending(session, person))
        made += waits and desk.database.run_now(partial(mail, enqueue=desk.enqueue, machine=desk.settings, person=person))
    for number in filter(None, hooks):
        with desk.database.read() as session:
            waits = bool(webhook_pending(session, session.get_one(Webhook, number)))
        made += waits and desk.database.run_now(partial(call, enqueue=desk.enqueue, machine=desk.settings, webhook_id=number))
    return f"{made} messages made"


def mail_pending(session: Session, person: User) -> list[Notification]:
    """What a person is to get by mail now; nothing in their quiet hours, or soon after the last mail."""
    kept = settings.of(session, person)
    wanted = [name for name in EVENTS if MAIL in settings.ways_of(kept, name)]
    if person.demo or not wanted or not access.may(person, Permission.WORK_INBOX):
        return []
    theirs = (col(Notice.user_id) == person.id, col(Notice.webhook_id).is_(None))
    if not settings.due(kept, session.exec(select(func.max(Notice.created_at)).where(*theirs)).one(), now()):
        return []
    return _pending(session, reading.mine(session, person), wanted, _told(*theirs), kept.mailed_upto, reader=person)


def mail(session: Session, enqueue: Enqueue, machine: Settings, person: User) -> bool:
    """One mail to a person with all that waits for them; whether there was something."""
    row = settings.own(session, person)
    if not (found := mail_pending(session, person)):
        return False
    letter = _letter(found)
    where = address(machine)
    ending = ["", f"Open them: {where}/you", f"What you are told, and when: {where}/you?part=choices"]
    notice = Notice(user_id=person.id, recipient=person.email, subject=letter.subject, body="\n".join([*letter.lines, *ending]))
    row.mailed_upto = max(note.created_at for note in found)
    session.add(row)
    _post(session, enqueue, notice, letter)
    return True


def webhook_pending(session: Session, hook: Webhook) -> list[Notification]:
    """What a webhook is to be told now: what its owner chose, or the desk's shared events."""
    ours = col(Notice.webhook_id) == hook.id
    if hook.owner_id is None:
        wanted = [name for name in hook.events if name in EVENTS and EVENTS[name].shared]
        return _pending(session, _shared(), wanted, _told(ours), hook.told_upto, but=GIVEN_UP)
    owner = session.get(User, hook.owner_id)
    if owner is None or not access.may(owner, Permission.WORK_INBOX):
        return []
    kept = settings.of(session, owner)
    wanted = [name for name in EVENTS if WEBHOOK in settings.ways_of(kept, name)]
    if not settings.due(kept, session.exec(select(func.max(Notice.created_at)).where(ours)).one(), now()):
        return []
    mine = reading.mine(session, owner)
    return _pending(session, mine, wanted, _told(ours), hook.told_upto, reader=owner, but=GIVEN_UP)


def call(session: Session, enqueue: Enqueue, machine: Settings, webhook_id: int) -> bool:
    """One message to a webhook with all that waits for it; whether there was something."""
    hook = session.get_one(Webhook, webhook_id, with_for_update=True)
    if hook.off_at is not None or not (found := webhook_pending(session, hook)):
        return False
    letter = _letter(found, content=bool(workspace.get(session, CONTENT)), base=address(machine))
    hook.told_upto = max(note.created_at for note in found)
    session.add(hook)
    body = payload(letter.subject, letter.lines, event=letter.names.most_common(1)[0][0], count=len(found))
    notice = Notice(webhook_id=hook.id, user_id=hook.owner_id, recipient=hook.name, subject=letter.subject, body=body)
    _post(session, enqueue, notice, letter)
    return True


def _pending(
    session: Session, whose: ColumnElement[bool], wanted: Sequence[str], told: ColumnElement[bool], upto: datetime, *,
    reader: User | None = None, but: str = "",
) -> list[Notification]:  # fmt: skip
    """What a reader has not been told: of wanted events, since a little before the last message, and unread in the desk."""
    if not wanted:
        return []
    kinds: ColumnElement[bool] = col(Notification.kind).in_(events.kinds_of(list(wanted)))
    if "other" in wanted:
        kinds = or_(kinds, col(Notification.kind).not_in(events.known_kinds()))
    since = max(upto, now() - OLDEST) - BEHIND
    where = [whose, kinds, col(Notification.kind) != but, col(Notification.created_at) >= since, ~told]
    if reader is not None:
        where.append(reading.is_unread(session, reader))
    return list(session.exec(select(Notification).where(*where).order_by(col(Notification.id)).limit(500)))


def _told(*of_whom: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        col(NoticeItem.notification_id) == col(Notification.id), col(NoticeItem.notice_id) == col(Notice.id), *of_whom
    )


def _shared() -> ColumnElement[bool]:
    """What is told a group or a role is no secret between two people."""
    return and_(
        col(Notification.user_id).is_(None), or_(col(Notification.team) != "", col(Notification.role) != Role.ADMIN.value)
    )


def _letter(found: Sequence[Notification], *, content: bool = True, base: str = "") -> Letter:
    names = Counter(events.event_of(note.kind) for note in found)
    lines = [_line(note, content=content, base=base) for note in found[:LISTED]]
    if len(found) > LISTED:
        lines.append(f"… and {len(found) - LISTED:,} more.")
    if len(found) == 1 and content:
        subject = " ".join(found[0].text.split())[:150]
    else:
        subject = ", ".join(f"{EVENTS[name].title}: {count:,}" for name, count in names.most_common())
    return Letter(plain(subject) if base else subject, lines, [note.id or 0 for note in found], names)


def _line(note: Notification, *, content: bool, base: str) -> str:
    """One notification. Without `content` only what kind it is and the ticket's number: no word of a customer or colleague."""
    if not base:
        return f"- {' '.join(note.text.split())[:400]}"
    title = EVENTS[events.event_of(note.kind)].title
    link = f"<{base}/?view=all&ticket={note.ticket_id}|#{note.ticket_id}>" if note.ticket_id else f"<{base}/you|Open the desk>"
    return f"*{title}* {link}" + (f" {plain(' '.join(note.text.split())[:400])}" if content else "")


def _post(session: Session, enqueue: Enqueue, notice: Notice, letter: Letter) -> None:
    session.add(notice)
    session.flush()
    session.add_all(NoticeItem(notice_id=notice.id or 0, notification_id=number) for number in letter.numbers)
    enqueue(session, "deliver", f"notice-{notice.key}-1", notice.id, "notice:1")


def address(machine: Settings) -> str:
    """Where people open the desk."""
    return machine.public_url.rstrip("/") or f"http://{machine.host}:{machine.port}"
