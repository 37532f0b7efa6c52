"""Demo mode: three made-up people who need no password, on this computer only."""

import ipaddress

from sqlmodel import Session, col, select

from triage.errors import AccessError, SettingsError
from triage.models import Role, User
from triage.settings import Settings

PEOPLE = {
    Role.STAFF: ("nadia@larkfield.example", "Nadia Brandt"),
    Role.MANAGER: ("marco@larkfield.example", "Marco Vidal"),
    Role.ADMIN: ("ines@larkfield.example", "Ines Okafor"),
}


def is_loopback(host: str) -> bool:
    """Whether this name or address can only be reached from this computer."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_address(settings: Settings, address: str | None = None) -> None:
    """Raises SettingsError when demo mode would be reachable from elsewhere. `address` is what the server really binds."""
    if not settings.demo:
        return
    for host in (settings.host, address if address is not None else settings.host):
        if not is_loopback(host):
            raise SettingsError(
                f"Demo mode needs no password, so it only starts on 127.0.0.1, not on {host or 'every address'}. "
                "Set TRIAGE_HOST=127.0.0.1, or TRIAGE_DEMO=false to start a desk with accounts."
            )


def ensure_people(session: Session) -> None:
    """Make the demo people where they are missing."""
    for role, (email, name) in PEOPLE.items():
        if not session.exec(select(User).where(User.email == email)).first():
            session.add(User(email=email, name=name, role=role, demo=True))
    session.flush()


def person(session: Session, role: str, settings: Settings) -> User:
    """The demo person of a role; raises AccessError outside demo mode or for an unknown role."""
    if not settings.demo:
        raise AccessError("This desk is not in demo mode; sign in with your address and password.")
    user = session.exec(select(User).where(User.role == role, col(User.demo).is_(True)).order_by(col(User.id)).limit(1)).first()
    if not user:
        raise AccessError("There is no such demo account; choose one of the buttons on the sign-in page.")
    return user
