"""Guardrails: what the rules say and did, a bench to try them, and what they hold back for people.

The screen is the list SECTIONS: a part joins it by a title and a function in pages/parts/ that shows it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlmodel import Session

from pages.parts import (
    guard_actions,
    guard_alerts,
    guard_bench,
    guard_breakers,
    guard_change,
    guard_connections,
    guard_limits,
    guard_personal,
    guard_policy,
    guard_quarantine,
    guard_rules,
    guard_style,
    guard_sureness,
    office,
    screen,
)
from triage import alerts
from triage.accounts.access import Permission
from triage.guardrails import overview
from triage.learning import styles
from triage.models import User


@dataclass(frozen=True)
class Section:
    """One part of the screen: its title, what shows it, and how many things wait there (None: nothing can wait)."""

    title: str
    show: Callable[[User], None]
    waiting: Callable[[Session], int] | None = None


SECTIONS: dict[str, Section] = {
    "": Section("Rules", guard_rules.rules),
    "change": Section("Change a rule", guard_change.change),
    "style": Section("How the writer writes", guard_style.style, styles.count_waiting),
    "bench": Section("Try a text", guard_bench.bench),
    "blocked": Section("Blocked actions", guard_actions.blocked, overview.blocked_waiting),
    "personal": Section("Personal data", guard_personal.personal),
    "policy": Section("Action policy", guard_policy.policy),
    "apis": Section("Connected APIs", guard_connections.connections),
    "limits": Section("Budgets", guard_limits.limits),
    "breakers": Section("Breakers and fallback", guard_breakers.breakers),
    "alerts": Section("Alerts", guard_alerts.alerts, alerts.open_count),
    "sureness": Section("How sure, how right", guard_sureness.sureness),
    "quarantine": Section("Quarantine", guard_quarantine.quarantine, overview.held),
}


def main() -> None:
    with screen.page(
        "Guardrails", Permission.READ_MACHINERY, note="Decided by code, not by a model; when a guard cannot decide, it blocks."
    ) as user:
        SECTIONS[screen.chips("Part", "part", office.read(_titles))].show(user)


def _titles(session: Session) -> dict[str, str]:
    """The sections' titles by their key in the address, with the number of what waits there."""
    return {
        key: f"{section.title} ({section.waiting(session):,})" if section.waiting else section.title
        for key, section in SECTIONS.items()
    }


main()
