"""What one person sees of the notifications: theirs, their groups' and their role's, unread or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, case, delete, exists, not_, or_
from sqlmodel import Session, col, func, select

from triage.accounts import access
from triage.models import NoticeItem, NoticeSettings, Notification, NotificationRead, Role, TeamMember, User, now
from triage.notifications import events, settings
from triage.notifications.events import DESK

KEPT = timedelta(days=60)
MANY = 99  # counted at most: more is "99+"
PAGE = 30


@dataclass(frozen=True)
class Row:
    """One line of the list."""

    note: Notification
    event: str
    unread: bool
    by: str = ""


@dataclass(frozen=True)
class Page:
    rows: list[Row]
    page: int
    more: bool


def unread(session: Session, user: User) -> int:
    """How many unread notifications a person has in the desk, `MANY` + 1 at most. Read by index from what was read last."""
    kept = settings.of(session, user)
    fresh = and_(mine(session, user), _wanted(kept), _unread(user, kept))
    found = select(col(Notification.id)).where(fresh).order_by(col(Notification.id).desc()).limit(MANY + 1)
    return int(session.exec(select(func.count()).select_from(found.subquery())).one())


def listing(session: Session, user: User, *, event: str = "", only_unread: bool = False, page: int = 1, size: int = PAGE) -> Page:
    """The newest first; of one event, or only what is unread."""
    kept = settings.of(session, user)
    where = [mine(session, user), _wanted(kept)]
    if event:
        where.append(_of_event(event))
    if only_unread:
        where.append(_unread(user, kept))
    fresh = case((_unread(user, kept), 1), else_=0)
    statement = (
        select(Notification, fresh, User.name)
        .outerjoin(User, col(User.id) == Notification.actor_id)
        .where(*where)
        .order_by(col(Notification.id).desc())
        .limit(size + 1)
        .offset((max(1, page) - 1) * size)
    )
    rows = [Row(note, events.event_of(note.kind), bool(is_new), by or "") for note, is_new, by in session.exec(statement)]
    return Page(rows[:size], max(1, page), len(rows) > size)


def mark(session: Session, user: User, numbers: Sequence[int], *, read: bool = True) -> None:
    """Mark single notifications as read, or as unread again. What is not this person's is left alone."""
    user = access.fresh(session, user)
    kept = settings.of(session, user)
    ids = list(session.exec(select(Notification.id).where(col(Notification.id).in_(numbers), mine(session, user))).all())
    known = set(
        session.exec(
            select(NotificationRead.notification_id).where(
                NotificationRead.user_id == user.id, col(NotificationRead.notification_id).in_(ids)
            )
        )
    )
    if not read:
        _unread_again(session, user, kept, [number for number in ids if number])
        return
    session.add_all(
        NotificationRead(user_id=user.id or 0, notification_id=number)
        for number in ids
        if number and number > kept.read_upto and number not in known
    )


def read_all(session: Session, user: User) -> None:
    """Everything there is now counts as read."""
    user = access.fresh(session, user)
    kept = settings.own(session, user)
    kept.read_upto = session.exec(select(func.max(Notification.id))).one() or 0
    session.add(kept)
    _forget(session, user, kept.read_upto)


def seen_of_ticket(session: Session, user: User, ticket_id: int) -> int:
    """Opening a ticket reads what was told of it; returns how many notifications that were."""
    if session.exec(select(Notification.id).where(Notification.ticket_id == ticket_id).limit(1)).first() is None:
        return 0  # nothing was told of most tickets
    kept = settings.of(session, user)
    told = select(col(Notification.id)).where(
        Notification.ticket_id == ticket_id, mine(session, user), _unread(user, kept)
    )  # fmt: skip
    if numbers := [number for number in session.exec(told.limit(200)) if number]:
        mark(session, user, numbers)
    return len(numbers)


def forget_old(session: Session) -> None:
    """Notifications and reads of long ago go, but for those that are about to be mailed."""
    limit = now() - KEPT
    old = select(col(Notification.id)).where(col(Notification.created_at) < limit, col(Notification.kind) != "knowledge")
    session.execute(delete(NoticeItem).where(col(NoticeItem.notification_id).in_(old)))
    session.execute(delete(NotificationRead).where(col(NotificationRead.notification_id).in_(old)))
    session.execute(delete(Notification).where(col(Notification.created_at) < limit, col(Notification.kind) != "knowledge"))


# ---- conditions -----------------------------------------------------------------------------------------------


def mine(session: Session, user: User) -> ColumnElement[bool]:
    """Whether a notification is for this person: never what they did themselves, nor what was before them."""
    groups = list(session.exec(select(TeamMember.team).where(TeamMember.user_id == user.id)))
    to = [
        col(Notification.user_id) == user.id,
        col(Notification.role).in_([role.value for role in events.reaches(Role(user.role))]),
    ]
    if groups:
        to.append(col(Notification.team).in_(groups))
    others = or_(col(Notification.actor_id).is_(None), col(Notification.actor_id) != user.id)
    return and_(or_(*to), others, col(Notification.created_at) >= user.created_at)


def is_unread(session: Session, user: User) -> ColumnElement[bool]:
    """Whether a person has not read a notification in the desk."""
    return _unread(user, settings.of(session, user))


def _wanted(kept: NoticeSettings) -> ColumnElement[bool]:
    """Whether the person wants to see this kind in the desk."""
    off = [name for name in events.EVENTS if DESK not in settings.ways_of(kept, name)]
    kinds = events.kinds_of(off)
    wanted = col(Notification.kind).not_in(kinds) if kinds else col(Notification.id).is_not(None)
    return and_(wanted, col(Notification.kind).in_(events.known_kinds())) if "other" in off else wanted


def _of_event(name: str) -> ColumnElement[bool]:
    if name == "other":
        return col(Notification.kind).not_in(events.known_kinds())
    return col(Notification.kind).in_(events.kinds_of([name]))


def _unread(user: User, kept: NoticeSettings) -> ColumnElement[bool]:
    read = exists().where(col(NotificationRead.user_id) == user.id, col(NotificationRead.notification_id) == col(Notification.id))
    return and_(col(Notification.id) > kept.read_upto, not_(read))


def _unread_again(session: Session, user: User, kept: NoticeSettings, numbers: list[int]) -> None:
    """Below the mark everything is read: the mark goes down, and what lay between is read one by one."""
    session.execute(
        delete(NotificationRead).where(
            col(NotificationRead.user_id) == user.id, col(NotificationRead.notification_id).in_(numbers)
        )
    )
    below = [number for number in numbers if number <= kept.read_upto]
    if not below:
        return
    own = settings.own(session, user)
    floor = min(below) - 1
    between = select(col(Notification.id)).where(
        col(Notification.id) > floor, col(Notification.id) <= own.read_upto, col(Notification.id).not_in(numbers), mine(session, user)
    )  # fmt: skip
    read = [number for number in session.exec(between) if number]
    own.read_upto = floor
    session.add(own)
    session.add_all(NotificationRead(user_id=user.id or 0, notification_id=number) for number in read)


def _forget(session: Session, user: User, upto: int) -> None:
    session.execute(
        delete(NotificationRead).where(col(NotificationRead.user_id) == user.id, col(NotificationRead.notification_id) <= upto)
    )
