"""Views of the queue that people keep under a name: their own, and those that managers share with everybody."""

from sqlmodel import Session, col, or_, select

from triage import audit
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import AccessError, InputError
from triage.models import SavedView, User
from triage.tickets import inbox, ticket_filter

LONGEST_NAME = 40
MOST = 20  # of one person


def of(session: Session, user: User) -> list[SavedView]:
    """What stands in this person's list: their own and shared ones, by name."""
    mine = or_(col(SavedView.user_id) == user.id, col(SavedView.shared))
    return list(session.exec(select(SavedView).where(mine).order_by(SavedView.name, col(SavedView.id)).limit(2 * MOST)))


def load(session: Session, user: User, view_id: int) -> SavedView | None:
    """The view, when it is this person's or shared."""
    found = session.get(SavedView, view_id)
    return found if found and (found.shared or found.user_id == user.id) else None


def save(session: Session, user: User, name: str, view: str, find: str, *, shared: bool = False) -> SavedView:
    """Keep a view and a search under a name; the same name again changes what it keeps. Raises InputError and AccessError."""
    user, name, find = access.fresh(session, user), ticket_filter.speakable(name), ticket_filter.speakable(find)
    access.require(user, Permission.SHARE_VIEWS if shared else Permission.WORK_INBOX)
    if not 0 < len(name) <= LONGEST_NAME:
        raise InputError(f"Give the view a name of at most {LONGEST_NAME} letters.")
    if len(find) > ticket_filter.LONGEST:
        raise InputError(f"This search is longer than {ticket_filter.LONGEST:,} characters; shorten it.")
    if view not in set(inbox.View):
        raise InputError("There is no such filter of the queue; choose one and try again.")
    row = session.exec(select(SavedView).where(SavedView.user_id == user.id, SavedView.name == name)).first()
    if row is None:
        if len(session.exec(select(SavedView.id).where(SavedView.user_id == user.id)).all()) >= MOST:
            raise InputError(f"You have {MOST} saved views already; remove one first.")
        row = SavedView(user_id=user.id or 0, name=name)
    row.view, row.find, row.shared = view, find, shared
    session.add(row)
    session.flush()
    audit.append(session, "view_saved", actor=user.actor, view=row.id, name=name, shared=shared)
    return row


def remove(session: Session, user: User, view_id: int) -> None:
    """Forget a view of one's own; managers remove shared ones of others too. Raises AccessError."""
    user, row = access.fresh(session, user), session.get(SavedView, view_id)
    if row is None:
        return
    if row.user_id != user.id and not (row.shared and access.may(user, Permission.SHARE_VIEWS)):
        raise AccessError("This view is somebody else's; only its owner or a manager removes it.")
    session.delete(row)
    audit.append(session, "view_removed", actor=user.actor, view=view_id, name=row.name)
