"""What people can be told of. A notification's kind belongs to one event; people choose by event and way."""

from dataclasses import dataclass

from triage.models import Role

DESK, MAIL, WEBHOOK = "desk", "mail", "webhook"
WAYS = {DESK: "In the desk", MAIL: "E-mail", WEBHOOK: "Webhook"}


@dataclass(frozen=True)
class Event:
    """One thing to be told of: its title, what it means, its kinds of notification, and who hears it by mail from the start.

    `shared` events concern everybody and may be told to the desk's own webhooks; the others are for one person. `ways` are those
    by which it can be told, `only` the people it exists for.
    """

    title: str
    help: str
    kinds: tuple[str, ...]
    mail: bool = False
    shared: bool = True
    role: Role = Role.STAFF
    ways: tuple[str, ...] = tuple(WAYS)
    only: Role = Role.STAFF


WEEKLY = "weekly"
EVENTS = {
    "assigned": Event("Given to you", "Somebody gave you a ticket.", ("assigned",), mail=True, shared=False),
    "mentioned": Event("Mentioned", "Somebody wrote your name in a note.", ("mention", "mentioned"), mail=True, shared=False),
    "draft": Event(
        "Your draft was decided otherwise", "A reply you wrote was changed, sent back or rejected.",
        ("draft_changed", "draft_rejected", "returned"), mail=True, shared=False,
    ),
    "manager": Event(
        "Needs a manager", "A draft was prepared for you, a ticket handed over, a call proposed.",
        ("prepared", "handed_over", "proposal"), mail=True, role=Role.MANAGER,
    ),
    "escalated": Event("Escalated", "The agents or a colleague escalated a ticket.", ("escalated",), role=Role.MANAGER),
    "sla_warning": Event("Target close", "A promised time is near.", ("sla_warning",)),
    "sla_breach": Event("Target passed", "A promised time has passed.", ("sla_breach", "overdue"), mail=True),
    "incident": Event("Incident proposed", "Several customers write about one matter.", ("incident",)),
    "alert": Event("Alert", "A loop, or a spike of cost, blocks or errors.", ("alert", "flood"), mail=True, role=Role.MANAGER),
    "delivery": Event(
        "Delivery failed", "A reply or call failed, or nobody knows whether it went out.",
        ("failed", "delivery failed", "delivery uncertain", "call failed", "call uncertain", "notice dead"), mail=True,
    ),
    "wrong": Event(
        "Agents got something wrong", "A draft was rejected, a sending undone, a guard overruled, an answer reported as bad.",
        ("wrong_rejected", "wrong_undone", "wrong_overruled", "wrong_reported"),
    ),
    "rating": Event("Low rating", "A customer rated an answer low.", ("low rating",)),
    "gap": Event("Gap found", "Customers ask what no article answers.", ("gap",), role=Role.STAFF),
    "knowledge": Event("Articles", "A review is asked of you, or somebody suggests a change.", ("review", "knowledge", "style")),
    WEEKLY: Event(
        "Weekly figures", "On Monday morning: last week's figures against the week before.", (), shared=False, role=Role.MANAGER,
        ways=(MAIL,), only=Role.MANAGER,
    ),
    "other": Event("Everything else", "What fits none of the others.", ()),
}  # fmt: skip
_OF_KIND = {kind: name for name, event in EVENTS.items() for kind in event.kinds}
_ALSO = {Role.STAFF: (Role.STAFF,), Role.MANAGER: (Role.STAFF, Role.MANAGER), Role.ADMIN: (Role.STAFF, Role.MANAGER, Role.ADMIN)}


def event_of(kind: str) -> str:
    """The event that a kind of notification belongs to."""
    return _OF_KIND.get(kind, "other")


def kinds_of(names: list[str]) -> list[str]:
    """All kinds of these events; "other" has none of its own."""
    return [kind for name in names if name in EVENTS for kind in EVENTS[name].kinds]


def known_kinds() -> list[str]:
    return list(_OF_KIND)


def reaches(role: Role) -> tuple[Role, ...]:
    """The roles whose notifications a person of this role gets: what staff is told, managers and administrators hear too."""
    return _ALSO[Role(role)]


def by_mail(name: str) -> bool:
    """Whether an event is told by mail unless a person says otherwise."""
    return EVENTS[name].mail


def is_for(name: str, role: Role) -> bool:
    """Whether people of this role can choose to be told of an event."""
    return EVENTS[name].only in reaches(role)
