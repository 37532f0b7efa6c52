"""People's accounts: made, invited, signed in by password, changed, switched off."""

import re

from sqlmodel import Session, col, func, select

from triage import audit
from triage.accounts import links, passwords, sessions
from triage.errors import AccessError, InputError
from triage.models import Role, User, now

_ADDRESS = re.compile(r"[^@\s<>\"',;:\\]{1,64}@[^@\s<>\"',;:\\]{1,190}")


def create(session: Session, *, email: str, name: str, role: Role | str, actor: str) -> User:
    """A new account without a password; raises InputError for a bad or taken address, an empty name, an unknown role."""
    address, name = clean_email(email), " ".join(name.split())[:120]
    if not name:
        raise InputError("Give the person's name; it stands beside what they decide.")
    if session.exec(select(User).where(User.email == address)).first():
        raise InputError(f"{address} has an account already.")
    user = User(email=address, name=name, role=clean_role(role))
    session.add(user)
    session.flush()
    audit.append(session, "user_added", actor=actor, user_id=user.id, role=str(user.role))
    return user


def add(session: Session, *, email: str, name: str, role: Role | str, actor: str) -> tuple[User, str]:
    """A new account and the token of its invitation (/invite/{token})."""
    user = create(session, email=email, name=name, role=role, actor=actor)
    return user, links.new_invite(session, user, actor=actor)


def by_email(session: Session, email: str) -> User:
    """The person with this address; raises InputError when there is none."""
    user = session.exec(select(User).where(User.email == email.strip().lower())).first()
    if not user:
        raise InputError(f"Nobody has an account with the address {email.strip()}; `triage user list` shows who has.")
    return user


def listing(session: Session) -> list[User]:
    """Everybody, by name."""
    return list(session.exec(select(User).order_by(User.name, col(User.id))))


def change_password(session: Session, user: User, *, password_hash: str, keep_session: str = "") -> None:
    """Set a new password's hash and end the person's other sessions."""
    user.password_hash = password_hash
    session.add(user)
    sessions.revoke_all(session, user.id or 0, actor=f"user:{user.id}", except_id=keep_session)
    audit.append(session, "password_changed", actor=f"user:{user.id}")


def disable(session: Session, user: User, *, actor: str) -> None:
    """Switch an account off and end its sessions at once; raises InputError for the last administrator."""
    if user.disabled_at:
        return
    _keep_an_admin(session, user)
    user.disabled_at = now()
    session.add(user)
    sessions.revoke_all(session, user.id or 0, actor=actor)
    audit.append(session, "user_disabled", actor=actor, user_id=user.id)


def enable(session: Session, user: User, *, actor: str) -> None:
    """Switch an account on again; the person signs in anew."""
    if user.disabled_at:
        user.disabled_at = None
        session.add(user)
        audit.append(session, "user_enabled", actor=actor, user_id=user.id)


def set_role(session: Session, user: User, role: Role | str, *, actor: str) -> None:
    """Give a person another role and end their sessions: pages still open were drawn for the old one.

    Raises InputError for the last administrator.
    """
    role = clean_role(role)
    if role == user.role:
        return
    if role != Role.ADMIN:
        _keep_an_admin(session, user)
    was, user.role = str(user.role), role
    user.trainee = user.trainee and role == Role.STAFF
    session.add(user)
    sessions.revoke_all(session, user.id or 0, actor=actor)
    audit.append(session, "role_changed", actor=actor, user_id=user.id, was=was, to=str(role))


def check_sign_in(user: User | None, password: str) -> User:
    """The person, when the password is right; raises AccessError that does not tell what was wrong. Takes some 50 ms."""
    usable = user is not None and not user.disabled_at and not user.demo
    if not passwords.matches(password, user.password_hash if user and usable else None) or user is None:
        raise AccessError("The address or the password is not right.")
    return user


def clean_email(email: str) -> str:
    """The address in lower case; raises InputError when it is none."""
    address = email.strip().lower()
    if not _ADDRESS.fullmatch(address):
        raise InputError(f"{email.strip()[:80] or 'An empty address'} is not an e-mail address; write it like name@example.com.")
    return address


def clean_role(role: Role | str) -> Role:
    """The role of that name; raises InputError when there is none."""
    try:
        return Role(str(role).strip().lower())
    except ValueError:
        raise InputError(f"There is no role {role}; choose one of {', '.join(Role)}.") from None


def _keep_an_admin(session: Session, user: User) -> None:
    if user.role != Role.ADMIN or user.demo:
        return
    others = session.exec(
        select(func.count())
        .select_from(User)
        .where(User.role == Role.ADMIN, col(User.disabled_at).is_(None), col(User.demo).is_(False), User.id != user.id)
    ).one()
    if not others:
        raise InputError(f"{user.name} is the last administrator; make somebody else one first.")
