"""Brakes on guessing: failed attempts counted in the database, per account and per address."""

import ipaddress
import zlib
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, text
from sqlmodel import Session, col, select

from triage.models import LoginAttempt, now

WINDOW = timedelta(minutes=15)
PER_ACCOUNT, PER_ADDRESS = 10, 30


@dataclass(frozen=True)
class Brake:
    """What is counted under one key, and how often it may happen within the window."""

    key: str
    limit: int


def brakes(address: str, account: str = "") -> list[Brake]:
    """The keys that an attempt counts against; an IPv6 network of 64 bits counts as one address."""
    found = [Brake(f"address:{_network(address)}", PER_ADDRESS)]
    if account:
        found.append(Brake(f"account:{account.strip().lower()[:250]}", PER_ACCOUNT))
    return found


def attempt(session: Session, keys: list[Brake]) -> float:
    """Count one attempt before it is judged. Returns 0, or the seconds to wait when there were too many.

    Counting first means that attempts made at the same moment see one another. An attempt that has to wait
    is not counted, so that the wait ends.
    """
    wait = max((_wait(session, brake) for brake in keys), default=0.0)
    if not wait:
        for brake in keys:
            session.add(LoginAttempt(key=brake.key, at=now()))
    return wait


def waiting(session: Session, keys: list[Brake]) -> float:
    """The seconds to wait, without counting anything."""
    return max((_wait(session, brake, lock=False) for brake in keys), default=0.0)


def succeeded(session: Session, keys: list[Brake]) -> None:
    """The attempt was right: forget the account's failures, and the one that the address was charged with."""
    for brake in keys:
        if brake.key.startswith("account:"):
            session.execute(delete(LoginAttempt).where(col(LoginAttempt.key) == brake.key))
        elif newest := session.exec(
            select(LoginAttempt).where(LoginAttempt.key == brake.key).order_by(col(LoginAttempt.id).desc()).limit(1)
        ).first():
            session.delete(newest)


def forget_old(session: Session) -> None:
    """Delete attempts that no longer count."""
    session.execute(delete(LoginAttempt).where(col(LoginAttempt.at) < now() - WINDOW))


def _wait(session: Session, brake: Brake, *, lock: bool = True) -> float:
    if lock and session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:space, :key)"), {"space": 7411, "key": _small(brake.key)})
    times = session.exec(
        select(LoginAttempt.at)
        .where(LoginAttempt.key == brake.key, col(LoginAttempt.at) > now() - WINDOW)
        .order_by(col(LoginAttempt.at).desc())
        .limit(brake.limit)
    ).all()
    if len(times) < brake.limit:
        return 0.0
    return max(1.0, (times[-1] + WINDOW - now()).total_seconds())


def _small(key: str) -> int:
    """A signed 32-bit number for an advisory lock."""
    return zlib.crc32(key.encode()) - 2**31


def _network(address: str) -> str:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if ip.version == 4:
        return str(ip)
    return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False).network_address)
