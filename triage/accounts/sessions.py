"""Signed-in browsers. The cookie only names a row here; the row decides, on every request and every rerun."""

from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session, col, select

from triage import audit
from triage.accounts import cookies
from triage.errors import SignedOut
from triage.models import LoginSession, User, now
from triage.settings import Settings
from triage.settings import settings as process_settings

IDLE = timedelta(hours=12)
LIFETIME = timedelta(seconds=cookies.LIFETIME_SECONDS)


@dataclass(frozen=True)
class SignedIn:
    """A live session and its person."""

    session: LoginSession
    user: User


def create(session: Session, user: User, *, settings: Settings, user_agent: str = "") -> str:
    """Sign the person in; returns the cookie's value."""
    row = LoginSession(user_id=_id(user), expires_at=now() + IDLE, user_agent=user_agent[:200])
    session.add(row)
    audit.append(session, "signed_in", actor=f"user:{user.id}", demo=user.demo)
    return cookies.sign_session(row.id, settings)


def load(session: Session, cookie_value: str, settings: Settings | None = None) -> User:
    """The person behind a cookie; raises SignedOut when there is none, or no longer."""
    return find(session, cookie_value, settings).user


def find(session: Session, cookie_value: str, settings: Settings | None = None) -> SignedIn:
    """The session and the person behind a cookie; raises SignedOut when there is none, or no longer."""
    settings = settings or process_settings()
    session_id = cookies.read_session(cookie_value, settings)
    found = session.exec(
        select(LoginSession, User).join(User, col(User.id) == LoginSession.user_id).where(LoginSession.id == (session_id or ""))
    ).first()
    if not found:
        raise SignedOut("You are not signed in; sign in to go on.")
    row, user = found
    if row.revoked_at or row.expires_at <= now():
        raise SignedOut("Your session ended; sign in again.")
    if user.disabled_at or (user.demo and not settings.demo):
        raise SignedOut("This account is switched off; ask an administrator of the desk.")
    return SignedIn(row, user)


def due_for_touch(row: LoginSession) -> bool:
    """Whether a session in use should be prolonged now (at most once in half its idle time)."""
    return row.expires_at < now() + IDLE / 2 and row.expires_at < row.created_at + LIFETIME


def touch(session: Session, session_id: str) -> None:
    """Prolong a live session that is in use, up to its lifetime."""
    row = session.get(LoginSession, session_id)
    if row and not row.revoked_at and row.expires_at > now():
        row.expires_at = min(now() + IDLE, row.created_at + LIFETIME)
        session.add(row)


def revoke(session: Session, session_id: str) -> None:
    """End one session; ending it twice changes nothing."""
    row = session.get(LoginSession, session_id)
    if row and not row.revoked_at:
        row.revoked_at = now()
        session.add(row)
        audit.append(session, "signed_out", actor=f"user:{row.user_id}")


def revoke_all(session: Session, user_id: int, *, actor: str, except_id: str = "") -> int:
    """End every session of a person, but the one named; returns how many ended."""
    open_ones = session.exec(
        select(LoginSession).where(
            LoginSession.user_id == user_id, col(LoginSession.revoked_at).is_(None), LoginSession.id != except_id
        )
    ).all()
    for row in open_ones:
        row.revoked_at = now()
        session.add(row)
    if open_ones:
        audit.append(session, "signed_out_everywhere", actor=actor, user_id=user_id, sessions=len(open_ones))
    return len(open_ones)


def _id(user: User) -> int:
    if user.id is None:
        raise ValueError("the user has to be saved before they can sign in")
    return user.id
