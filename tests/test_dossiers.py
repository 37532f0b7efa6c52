"""Dossiers: what was refused, in the customer's own figures, few enough to be read, with a reply that promises nothing."""

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlmodel import Session, select

from tests.desks import person, ticket, waiting_draft
from triage import approval, dossier_words, dossiers
from triage.briefs import ActionRequest, Facts, Paragraph, Plan, Reply, Sentence
from triage.database import Database
from triage.errors import ConflictError, TriageError
from triage.guardrails.output import OutputCheck, check_output
from triage.guardrails.policy import shipped
from triage.models import BlockedAction, Order, Role, Run, Ticket, User, now
from triage.outcome import Blocked

SAID = "My machine broke. I want 34.90 EUR back for order LF-10440."


def plan(*wishes: ActionRequest, category: str = "returns_refunds") -> Plan:
    return Plan(
        action="answer", category=category, priority="low", sentiment="neutral", language="en", summary="", questions=[], searches=[], missing=[],
        escalation_reason=None, requested_actions=list(wishes), risk="low", confidence=1.0,
    )  # type: ignore[arg-type] # fmt: skip


def wish(action: str = "issue_refund", target: str = "LF-10440", amount: str = "34.90 EUR") -> ActionRequest:
    return ActionRequest(action=action, target=target, amount=amount, reason="it broke")


NOTHING = Facts(facts=[], unanswered=[], requested_actions=[])


def test_a_dossier_says_what_the_customer_did_not_write() -> None:
    wishes = [wish(), wish(amount="349.00 EUR"), wish(target="LF-99999", amount="")]
    blocked, verdicts = dossiers.judge(plan(*wishes), NOTHING, identity="verified", said=SAID, policy=shipped())
    assert [(one.amount, one.target, one.unsaid) for one in blocked] == [
        ("34.90 EUR", "LF-10440", ""), ("349.00 EUR", "LF-10440", "349.00 EUR"), ("", "LF-99999", "LF-99999"),
    ]  # fmt: skip
    assert {verdict.rule for verdict in verdicts} == {"payments"}


def test_a_flood_of_wishes_is_a_handful_of_dossiers_and_a_block() -> None:
    wishes = [wish(amount=f"{n} EUR") for n in range(500)]
    blocked, verdicts = dossiers.judge(plan(*wishes), NOTHING, identity="unknown", said=SAID, policy=shipped())
    assert len(blocked) == dossiers.MOST_OF_RUN
    assert verdicts[-1].rule == "dossier_limit" and verdicts[-1].blocked and "500" in verdicts[-1].why


def test_a_ticket_keeps_one_dossier_of_a_kind_and_few_in_all(database: Database) -> None:
    with database.transaction() as session:
        row = ticket(session)
        for n in range(6):
            run = Run(id=f"run{n}", ticket_id=row.id or 0)
            session.add(run)
            session.flush()
            same = Blocked("issue_refund", "payments", "LF-10440", "5 EUR", "")
            dossiers.lay_down(
                session, row, run, [same, *(Blocked("issue_refund", "payments", "", f"{n}.{m} EUR", "") for m in range(9))]
            )
            session.flush()
        rows = session.exec(select(BlockedAction).where(BlockedAction.ticket_id == row.id)).all()
    assert len(rows) == dossiers.MOST_OF_TICKET
    assert sum(one.amount == "5 EUR" for one in rows) == 1


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it", "nl", "pt", "xx"])
@pytest.mark.parametrize("rule", ["payments", "deletions", "policy"])
def test_the_holding_reply_promises_nothing(rule: str, language: str) -> None:
    text = dossiers.holding_reply(rule, language)
    said = Reply(
        subject="Re: x", paragraphs=[Paragraph(style="text", sentences=[Sentence(text=text, kind="courtesy", passages=[])])]
    )
    check = OutputCheck(reply=said, ticket=SAID, evidence=[], recipient="ada@customer.example", allowed_hosts=[])
    assert len(text) > 60
    assert [verdict.rule for verdict in check_output(check) if verdict.verdict != "allow" and verdict.rule != "language"] == []


def test_the_holding_reply_becomes_a_draft_that_leaves_the_ticket_with_people(database: Database) -> None:
    with database.transaction() as session:
        staff, row = person(session), ticket(session)
        waiting_draft(session, row)
        dossier = _laid_down(session, row)
        draft = dossiers.use_holding_reply(session, staff, dossier.id or 0)
        assert draft.kind == "holding" and dossier.holding in draft.body and draft.body.startswith("Hello Priya,")
        assert row.draft_id == draft.id and draft.status == "waiting"
        dossier.holding = ""
        session.add(dossier)
        with pytest.raises(ConflictError):
            dossiers.use_holding_reply(session, staff, dossier.id or 0)


def _laid_down(session: Session, row: Ticket) -> BlockedAction:
    run = Run(id="run", ticket_id=row.id or 0)
    session.add(run)
    session.flush()
    dossiers.lay_down(session, row, run, [Blocked("issue_refund", "payments", "LF-10440", "5 EUR", "it broke")])
    session.flush()
    return session.exec(select(BlockedAction)).one()


SIGNING = st.lists(
    st.tuples(st.sampled_from(["Mina", "Milo", "Ada", "Nadia"]), st.booleans(), st.sampled_from(["yes", " "])), max_size=6
)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(signed=SIGNING)
def test_only_two_different_people_who_may_grant_it(database: Database, signed: list[tuple[str, bool, str]]) -> None:
    """Whoever signs, in whatever order: granted means two different managers (or administrators) agreed and none refused before."""
    roles = {"Mina": Role.MANAGER, "Milo": Role.MANAGER, "Ada": Role.ADMIN, "Nadia": Role.STAFF}
    with database.transaction() as session:
        known = {user.name: user for user in session.exec(select(User))}
        people = {name: known.get(name) or person(session, role, name) for name, role in roles.items()}
        row = ticket(session)
        dossier = BlockedAction(ticket_id=row.id or 0, action="issue_refund", rule="payments")
        session.add(dossier)
        session.flush()
        agreed: set[str] = set()
        for name, granted, comment in signed:
            try:
                approval.sign_off(session, people[name], dossier.id or 0, granted=granted, comment=comment)
            except TriageError:
                continue
            assert roles[name] != Role.STAFF and comment.strip()
            agreed = agreed | {name} if granted else set()
        assert (dossier.status == "granted") == (len(agreed) == 2)


@pytest.mark.parametrize(
    ("action", "target", "amount", "said"),
    [
        ("issue_refund", "LF-10346", "349 EUR", "Refund of €349.00 · order LF-10346"),
        ("issue_refund", "LF-10346", "349,00 euro", "Refund of €349.00 · order LF-10346"),
        ("delete_account", "LF-10346", "", "Delete the account (the message names order LF-10346)"),
        ("delete_account", "account", "", "Delete the account"),
        ("issue_refund", "", "19 €", "Refund of €19.00"),
        ("grant_compensation", "", "fifty euros", "Compensation of fifty euros"),
        ("reset_the_moon", "crater 4", "", "Reset the moon · crater 4"),
    ],
)
def test_a_dossier_is_named_as_a_manager_would_say_it(action: str, target: str, amount: str, said: str) -> None:
    assert (
        dossier_words.headline(BlockedAction(ticket_id=1, action=action, rule="payments", target=target, amount=amount)) == said
    )


@pytest.mark.parametrize(
    ("amount", "said", "warns"),
    [
        ("349 EUR", "all of it", False),
        ("34,90 €", "a part of it", False),
        ("500 EUR", "more is asked for than was paid", True),
        ("349 USD", "another currency", True),
        ("", "order total €349.00, delivered", False),
    ],
)
def test_an_amount_is_set_against_the_order(amount: str, said: str, warns: bool) -> None:
    order = Order(number="LF-10346", customer_id=1, status="delivered", placed_at=now(), total="349.00", currency="EUR")
    action = BlockedAction(ticket_id=1, action="issue_refund", rule="payments", target="LF-10346", amount=amount)
    told, warned = dossier_words.against_order(action, [order])
    assert said in told and warned is warns
    assert dossier_words.against_order(action, [])[1] is True


def test_what_the_customer_asked_for_before_is_told_and_one_person_signs_once(database: Database) -> None:
    with database.transaction() as session:
        old, new = ticket(session), ticket(session)
        for row in (old, new):
            session.add(
                BlockedAction(ticket_id=row.id or 0, action="issue_refund", rule="payments", target="LF-10440", amount="5 EUR")
            )
        session.flush()
        [before] = dossier_words.former(session, new)
        assert (before.ticket_id, before.said, before.status) == (old.id, "Refund of €5.00 · order LF-10440", "open")
        manager = person(session, Role.MANAGER, "Mina")
        action = session.exec(select(BlockedAction).where(BlockedAction.ticket_id == new.id)).one()
        approval.sign_off(session, manager, action.id or 0, granted=True, comment="The carrier confirms it.")
        with pytest.raises(ConflictError, match="a second person"):
            approval.sign_off(session, manager, action.id or 0, granted=True, comment="Me again.")
        approval.sign_off(session, person(session, Role.ADMIN, "Ada"), action.id or 0, granted=True, comment="Yes.")
        assert action.status == "granted" and action.closed_at
