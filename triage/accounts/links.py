"""One-time links: the set-up link of the first administrator, and invitations to choose a password.

Only the hash of a link's token is kept. Looking at a link does not use it up; choosing a password does.
"""

import hashlib
import secrets
from datetime import timedelta

from sqlmodel import Session, col, func, select

from triage import audit
from triage.accounts import passwords, sessions
from triage.errors import InputError
from triage.models import Role, SetupLink, User, now

SETUP_LIFE = timedelta(hours=24)
INVITE_LIFE = timedelta(days=7)
GONE = "This link was used already, was replaced by a newer one, or is too old. Ask an administrator of the desk for a new one."


def needs_setup(session: Session) -> bool:
    """Whether nobody but demo people has an account yet."""
    return session.exec(select(func.count()).select_from(User).where(col(User.demo).is_(False))).one() == 0


def new_setup(session: Session) -> str:
    """A token for the address /setup/{token}, by which the first administrator's account is made."""
    if not needs_setup(session):
        raise InputError("An account exists already; sign in as an administrator to invite people.")
    return _new(session, None, SETUP_LIFE)


def new_invite(session: Session, user: User, *, actor: str) -> str:
    """A token for the address /invite/{token}, by which this person chooses a password; earlier ones end."""
    if user.disabled_at or user.demo:
        raise InputError(f"{user.email} cannot be invited: the account is a demo account or switched off.")
    _end_all(session, user.id)
    audit.append(session, "invited", actor=actor, user_id=user.id)
    return _new(session, user.id, INVITE_LIFE)


def look_at_setup(session: Session, token: str) -> None:
    """Raises InputError when the set-up link cannot be used (any more)."""
    link = session.get(SetupLink, _digest(token))
    if not link or link.user_id is not None or not _usable(link) or not needs_setup(session):
        raise InputError(GONE)


def look_at_invite(session: Session, token: str) -> User:
    """The person who was invited; raises InputError when the link cannot be used (any more)."""
    link = session.get(SetupLink, _digest(token))
    user = session.get(User, link.user_id) if link and link.user_id is not None and _usable(link) else None
    if not user or user.disabled_at:
        raise InputError(GONE)
    return user


def redeem_setup(session: Session, token: str, *, email: str, name: str, password_hash: str) -> User:
    """Make the first administrator and end every set-up link, in one transaction."""
    from triage.accounts import users

    _lock(session, None)
    look_at_setup(session, token)
    _end_all(session, None)
    user = users.create(session, email=email, name=name, role=Role.ADMIN, actor="setup")
    user.password_hash = password_hash
    return user


def redeem_invite(session: Session, token: str, *, password_hash: str) -> User:
    """Give the invited person the password and end their links and sessions, in one transaction."""
    user_id = look_at_invite(session, token).id
    _lock(session, user_id)
    user = look_at_invite(session, token)
    _end_all(session, user_id)
    user.password_hash = password_hash
    session.add(user)
    sessions.revoke_all(session, user.id or 0, actor=f"user:{user.id}")
    audit.append(session, "password_chosen", actor=f"user:{user.id}")
    return user


def check_password(password: str, again: str, *, email: str, name: str) -> None:
    """Raises InputError when the two differ or the rule is not kept."""
    if password != again:
        raise InputError("The two passwords differ; type the same one twice.")
    passwords.check_rule(password, email=email, name=name)


def _new(session: Session, user_id: int | None, life: timedelta) -> str:
    token = secrets.token_urlsafe(32)
    session.add(SetupLink(token_hash=_digest(token), user_id=user_id, expires_at=now() + life))
    session.flush()
    return token


def _usable(link: SetupLink) -> bool:
    return link.used_at is None and link.expires_at > now()


def _lock(session: Session, user_id: int | None) -> None:
    """Let one redemption at a time pass; PostgreSQL needs the row locks, SQLite's writers are serial anyway."""
    session.exec(
        select(SetupLink)
        .where(col(SetupLink.user_id).is_not_distinct_from(user_id))
        .order_by(SetupLink.token_hash)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _end_all(session: Session, user_id: int | None) -> None:
    for link in session.exec(select(SetupLink).where(col(SetupLink.user_id).is_not_distinct_from(user_id))):
        link.used_at = link.used_at or now()
        session.add(link)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
