"""What the Guardrails screen shows: rules in plain words and how they did, breakers, budgets, blocked actions, quarantine."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from triage import workspace
from triage.guardrails.budgets import WORKSPACE
from triage.guardrails.own_rules import PREFIX
from triage.models import BlockedAction, BreakerState, GuardVerdict, Quarantine, SignOff, Spend, Ticket, now
from triage.settings import Settings


@dataclass(frozen=True)
class RuleText:
    """A rule for people: when it looks, what it does, and whether it can be switched off (`fixed`: never)."""

    stage: str
    title: str
    text: str
    fixed: bool = True


RULES: dict[str, RuleText] = {
    "size": RuleText(
        "input", "Very long messages", "Only the beginning of a very long message is looked at; a huge one is set aside."
    ),
    "injection": RuleText(
        "input",
        "Orders to the machine",
        "Text that tells the machine what to do, also hidden, encoded or in another language, is flagged; a clear case goes to a person.",
    ),
    "hidden_text": RuleText(
        "input", "Hidden text", "Text that people cannot see is shown to the reviewer and never treated as the customer's words."
    ),
    "abuse": RuleText("input", "Abuse", "Insults go to a person."),
    "nonsense": RuleText("input", "No words", "A message without readable words is flagged."),
    "card_data": RuleText("input", "Card numbers", "A message with a payment card's number goes to a person, who removes it."),
    "flood": RuleText(
        "input",
        "Floods",
        "What one sender writes beyond the hour's limit is set aside; a person lets it in, all at once if they like.",
        False,
    ),
    "always_escalate": RuleText(
        "input",
        "Always to a person",
        "Legal threats, chargebacks, data-protection requests, self-harm, violence, security and safety incidents, press, and the phrases admins add.",
        False,
    ),
    "payments": RuleText(
        "action", "Payments", "Nothing the machine proposes may move money; two people decide it outside the desk."
    ),
    "deletions": RuleText(
        "action",
        "Deletions",
        "Nothing the machine proposes may delete data or close an account; two people decide it outside the desk.",
    ),
    "identity": RuleText("action", "Unknown sender", "Actions on an account need a sender the desk knows for sure."),
    "unknown_action": RuleText(
        "action", "Unknown actions", "An action that is not on the list of harmless ones is refused and goes to a person."
    ),
    "policy": RuleText(
        "action",
        "Allow-list",
        "An agent prepares only what the action policy names for this matter; without a readable policy nothing.",
        False,
    ),
    "dossier_limit": RuleText(
        "action", "Too many wishes", "A ticket lays down a handful of dossiers; a flood of wishes goes to a person as it is."
    ),
    "envelope": RuleText("output", "Recipient", "A reply goes to the ticket's own address and nowhere else."),
    "personal_data": RuleText(
        "output",
        "Personal data of others",
        "Addresses, phone numbers, cards and bank accounts that are not this ticket's never leave.",
    ),
    "promise": RuleText("output", "Promises", "A reply promises no money, remedy or date that no source grants."),
    "links": RuleText("output", "Links", "A reply links only to allowed hosts and carries no active content.", False),
    "leak": RuleText("output", "Agents' instructions", "The agents' own instructions never leave."),
    "language": RuleText("output", "Language", "A reply is in the customer's language."),
    "grounding": RuleText(
        "output", "Support", "Every factual sentence stands in a source; others are underlined and need an acknowledgement."
    ),
    "guard_failure": RuleText("any", "Failing guard", "A guard that cannot decide blocks, and a person takes over."),
}


@dataclass(frozen=True)
class RuleRow:
    name: str
    rule: RuleText
    fired: int
    blocked: int
    overruled: int
    days: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class BudgetRow:
    """Use of one day by the desk or one model; limits only for the desk."""

    scope: str
    tokens: int
    cost_usd: float
    token_limit: int | None = None
    cost_limit: float | None = None


@dataclass(frozen=True)
class BlockedRow:
    action: BlockedAction
    subject: str
    granted: int
    refused: int


@dataclass(frozen=True)
class QuarantineRow:
    ticket_id: int
    subject: str
    sender: str
    reason: str
    detail: str
    since: datetime


def rules(session: Session, *, days: int = 30) -> list[RuleRow]:
    """Each rule with how often it fired, blocked and was overruled in the last `days`, and how often it fired on each of them."""
    since = now() - timedelta(days=days)
    daily = _daily(session, since, days)
    counted = session.exec(
        select(GuardVerdict.rule, GuardVerdict.verdict, GuardVerdict.overruled, func.count())
        .where(col(GuardVerdict.created_at) >= since, GuardVerdict.verdict != "allow")
        .group_by(col(GuardVerdict.rule), col(GuardVerdict.verdict), col(GuardVerdict.overruled))
    )
    fired: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for rule, verdict, overruled, count in counted:
        fired[rule][0] += count
        fired[rule][1] += count if verdict == "block" else 0
        fired[rule][2] += count if overruled else 0
    texts = RULES | _own_rules(session)
    former = {name: RuleText("any", title(name), "A rule of an earlier version.") for name in sorted(fired) if name not in texts}
    return [RuleRow(name, text, *_three(fired[name]), daily[name]) for name, text in (texts | former).items()]


def _three(numbers: list[int]) -> tuple[int, int, int]:
    return numbers[0], numbers[1], numbers[2]


def title(rule: str) -> str:
    """A rule's name for people."""
    return RULES[rule].title if rule in RULES else rule.removeprefix(PREFIX).replace("_", " ")


def _own_rules(session: Session) -> dict[str, RuleText]:
    """The rules that administrators wrote, in words; one that cannot be read is still named."""
    raw = workspace.get(session, "own_rules")
    texts = {}
    for one in raw if isinstance(raw, list) else []:
        phrases = ", ".join(map(str, one.get("phrases", [])))
        does = "goes to a person" if one.get("effect") == "escalate" else "is flagged for a manager"
        what = "A message" if one.get("stage") == "input" else "A draft"
        name = str(one.get("name", ""))
        texts[PREFIX + name] = RuleText(
            str(one.get("stage", "any")), name, f"Your own rule: {what} {does} when it says {phrases}.", False
        )
    return texts


def _daily(session: Session, since: datetime, days: int) -> dict[str, list[int]]:
    """How often each rule fired on each day, the oldest first."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    made = col(GuardVerdict.created_at)
    day = func.substr(made, 1, 10) if sqlite else func.to_char(func.timezone("UTC", made), "YYYY-MM-DD")
    fired = (made >= since, GuardVerdict.verdict != "allow")
    found: dict[str, list[int]] = defaultdict(lambda: [0] * (days + 1))
    for rule, on, count in session.exec(
        select(GuardVerdict.rule, day, func.count()).where(*fired).group_by(col(GuardVerdict.rule), day)
    ):
        found[rule][min(days, max(0, (date.fromisoformat(on) - since.date()).days))] += count
    return found


def breakers(session: Session) -> list[BreakerState]:
    """The last known state of every breaker."""
    return list(session.exec(select(BreakerState).order_by(col(BreakerState.name))))


def budgets(session: Session, settings: Settings, *, day: date | None = None) -> list[BudgetRow]:
    """The desk's use of one day first, then each model's."""
    wanted = (day or now().date()).isoformat()
    spent = {row.scope: row for row in session.exec(select(Spend).where(Spend.day == wanted).order_by(col(Spend.scope)))}
    desk = spent.pop(WORKSPACE, Spend(day=wanted, scope=WORKSPACE))
    rows = [BudgetRow(WORKSPACE, desk.tokens, desk.cost_usd, settings.day_token_limit, settings.day_cost_limit)]
    return rows + [BudgetRow(scope.removeprefix("model:"), row.tokens, row.cost_usd) for scope, row in spent.items()]


def blocked_actions(session: Session, *, status: str | None = None, limit: int = 100) -> list[BlockedRow]:
    """Actions that code refused, newest first, with how many people have granted or refused them."""
    query = (
        select(BlockedAction, Ticket.subject)
        .join(Ticket, col(Ticket.id) == col(BlockedAction.ticket_id))
        .order_by(col(BlockedAction.id).desc())
        .limit(limit)
    )
    if status:
        query = query.where(BlockedAction.status == status)
    found = list(session.exec(query))
    votes: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for vote in session.exec(select(SignOff).where(col(SignOff.blocked_action_id).in_([action.id for action, _ in found]))):
        votes[vote.blocked_action_id][0 if vote.granted else 1] += 1
    return [BlockedRow(action, subject, *votes[action.id or 0]) for action, subject in found]


def quarantined(session: Session, *, limit: int = 100) -> list[QuarantineRow]:
    """Messages that were set aside, newest first."""
    query = (
        select(Quarantine, Ticket.subject, Ticket.requester_email)
        .join(Ticket, col(Ticket.id) == col(Quarantine.ticket_id))
        .where(Ticket.status == "quarantined")
        .order_by(col(Quarantine.id).desc())
        .limit(limit)
    )
    return [
        QuarantineRow(row.ticket_id, subject, sender, row.reason, row.detail, row.created_at)
        for row, subject, sender in session.exec(query)
    ]


def blocked_waiting(session: Session) -> int:
    """How many blocked actions still need signatures."""
    query = select(func.count()).where(col(BlockedAction.status).not_in(("granted", "refused")))
    return int(session.exec(query).one())


def held(session: Session) -> int:
    """How many tickets are in quarantine."""
    return int(session.exec(select(func.count()).where(Ticket.status == "quarantined")).one())
