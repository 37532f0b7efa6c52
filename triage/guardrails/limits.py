"""The limits of tokens, money and calls: the machine's settings, and what administrators set over them on the screen."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session

from triage import workspace
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import InputError
from triage.models import User
from triage.settings import Settings

SWITCH = "limits"
_MOST = 10**12


@dataclass(frozen=True)
class Limit:
    """A limit for people: whose use it bounds, in what unit (tokens, usd, messages, calls), and what happens past it."""

    title: str
    unit: str
    past: str
    least: int = 0


_MODEL = "the ticket goes on with the offline engine"

# by the name of the setting
LIMITS: dict[str, Limit] = {
    "ticket_token_limit": Limit("One run of a ticket", "tokens", _MODEL),
    "ticket_cost_limit": Limit("One run of a ticket", "usd", _MODEL),
    "ticket_total_token_limit": Limit("A ticket over all its runs", "tokens", _MODEL),
    "ticket_total_cost_limit": Limit("A ticket over all its runs", "usd", _MODEL),
    "sender_day_token_limit": Limit("One customer or sender a day", "tokens", _MODEL),
    "sender_day_cost_limit": Limit("One customer or sender a day", "usd", _MODEL),
    "day_token_limit": Limit("The whole desk a day", "tokens", "all tickets go on with the offline engine until midnight UTC"),
    "day_cost_limit": Limit("The whole desk a day", "usd", "all tickets go on with the offline engine until midnight UTC"),
    "month_token_limit": Limit(
        "The whole desk a month", "tokens", "all tickets go on with the offline engine until the next month"
    ),
    "month_cost_limit": Limit("The whole desk a month", "usd", "all tickets go on with the offline engine until the next month"),
    "sender_hour_messages": Limit(
        "Messages of one sender an hour", "messages", "further ones are set aside in quarantine for a person to let in", 10
    ),
    "key_minute_calls": Limit("Calls with one API key a minute", "calls", "further ones are told to wait (429)", 1),
}


def applied(settings: Settings, changed: Mapping[str, object]) -> Settings:
    """The settings with the administrators' limits in place of the machine's."""
    known = {name: value for name, value in changed.items() if name in LIMITS}
    return settings.model_copy(update=known) if known else settings


def load(session: Session, settings: Settings) -> Settings:
    """`applied` with what the workspace says now."""
    changed = workspace.get(session, SWITCH)
    return applied(settings, changed if isinstance(changed, dict) else {})


def change(session: Session, user: User, name: str, value: float | None) -> None:
    """Set a limit over the machine's setting (0: no limit), or go back to that with None; counts within seconds. Audited.

    Raises InputError for a number it cannot take.
    """
    access.require(access.fresh(session, user), Permission.EDIT_MACHINERY)
    limit = LIMITS.get(name)
    if limit is None:
        raise InputError(f"There is no limit called {name[:60]}; reload the page.")
    now_set = workspace.get(session, SWITCH)
    changed = dict(now_set) if isinstance(now_set, dict) else {}
    changed.pop(name, None)
    if value is not None:
        changed[name] = _checked(limit, value)
    workspace.put(session, SWITCH, changed, user_id=user.id or 0)


def _checked(limit: Limit, value: float) -> float:
    """The number as it is kept: whole but for money."""
    if not 0 <= value <= _MOST:  # also refuses what is not a number at all (NaN)
        raise InputError("A limit is a number from 0 (no limit) up.")
    if 0 < value < limit.least:
        raise InputError(f"The least is {limit.least} {limit.unit}; 0 means no limit.")
    return round(value, 4) if limit.unit == "usd" else int(value)
