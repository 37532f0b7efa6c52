"""What customers want done, judged by the action guard; what it refuses is laid down as a dossier for people.

A dossier holds the rule, the exact amount and target, what of them the customer did not write so, the sender's
identity, and a reply that may be sent before anybody decided. Two different people sign it (triage.approval.sign_off).
"""

from collections.abc import Sequence

from sqlmodel import Session, select

from triage import replies
from triage.accounts import access
from triage.accounts.access import Permission
from triage.briefs import ActionRequest, Facts, Plan
from triage.errors import ConflictError
from triage.guardrails.actions import check_action
from triage.guardrails.policy import Policy, PolicyFault
from triage.guardrails.verdicts import Verdict
from triage.llm.offline.text import phrases
from triage.models import BlockedAction, Draft, EscalationReason, Run, Ticket, User, now
from triage.outcome import Blocked
from triage.runs import refuse_fork

MOST_OF_RUN, MOST_OF_TICKET = 10, 20


def judge(
    plan: Plan, facts: Facts, *, identity: str, said: str, policy: Policy | PolicyFault
) -> tuple[list[Blocked], list[Verdict]]:
    """Each wish refused or noted by policy code. `said` is all that the customer wrote in this ticket."""
    wanted: dict[tuple[str, str, str], tuple[str, ActionRequest]] = {}
    for role, wishes in (("manager", plan.requested_actions), ("analyst", facts.requested_actions)):
        for wish in wishes:
            wanted.setdefault((wish.action, wish.target, wish.amount), (role, wish))
    blocked: list[Blocked] = []
    verdicts: list[Verdict] = []
    for role, wish in wanted.values():
        if len(blocked) == MOST_OF_RUN:
            verdicts.append(_too_many(len(wanted)))
            break
        verdict = check_action(wish, identity=identity, policy=policy, role=role, intents=(plan.category, plan.action))
        verdicts.append(verdict)
        if verdict.blocked:
            blocked.append(_refused(wish, verdict.rule, said))
    return blocked, verdicts


def lay_down(session: Session, ticket: Ticket, run: Run, blocked: Sequence[Blocked]) -> None:
    """One row for each refused action that the ticket has not got already, MOST_OF_TICKET at most."""
    if not blocked:
        return
    refuse_fork(session, run.id)
    there = {
        (row.action, row.rule, row.target, row.amount)
        for row in session.exec(select(BlockedAction).where(BlockedAction.ticket_id == ticket.id))
    }
    fresh = [one for one in blocked if (one.action, one.rule, one.target, one.amount) not in there]
    session.add_all(
        BlockedAction(
            ticket_id=ticket.id or 0, run_id=run.id, action=one.action, rule=one.rule, target=one.target, amount=one.amount,
            reason=one.reason, unsaid=one.unsaid, identity=ticket.identity, holding=holding_reply(one.rule, ticket.language), created_at=now(),
        )
        for one in fresh[: max(0, MOST_OF_TICKET - len(there))]
    )  # fmt: skip


def holding_reply(rule: str, language: str) -> str:
    """What a customer may be told while people decide: that it is passed on, and nothing of how it ends."""
    said = phrases(language)
    matter = {"payments": "holding_money", "deletions": "holding_privacy"}.get(rule, "holding")
    return " ".join(str(said[name]) for name in ("thanks", matter, "holding_more"))


def use_holding_reply(session: Session, user: User, blocked_action_id: int) -> Draft:
    """Make the dossier's holding reply the ticket's newest draft; it is decided and sent like any other.

    Raises ConflictError when there is none or the ticket does not wait for a person.
    """
    user = access.fresh(session, user)
    access.require(user, Permission.WORK_INBOX)
    dossier = session.get(BlockedAction, blocked_action_id)
    if dossier is None or not dossier.holding:
        raise ConflictError("This dossier has no holding reply; write one yourself.")
    ticket = session.get_one(Ticket, dossier.ticket_id)
    said = phrases(ticket.language)
    name = ticket.requester_name.split()[0] if ticket.requester_name.strip() else ""
    hello = str(said["hello"]).format(name=name) if name else str(said["hello_nobody"])
    body = f"{hello}\n\n{dossier.holding}\n\n{said['regards']}"
    return replies.write_reply(session, user, dossier.ticket_id, body, kind="holding")


def _refused(wish: ActionRequest, rule: str, said: str) -> Blocked:
    words = _plain(said)
    unsaid = [text for text in (wish.amount, wish.target) if text.strip() and _plain(text) not in words]
    return Blocked(wish.action, rule, wish.target, wish.amount, wish.reason, ", ".join(unsaid))


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def _too_many(count: int) -> Verdict:
    why = (
        f"{count} different actions are asked for; {MOST_OF_RUN} refused ones are laid down, the rest stands in the ticket only."
    )
    return Verdict("action", "dossier_limit", "block", [], EscalationReason.POLICY_RESTRICTION, None, why)
