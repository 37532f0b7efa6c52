"""Saved replies: whose they are, what fills their gaps, what they set, and that none of them sends anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, select

from tests.desks import Enqueued, person, recorder_of, ticket, waiting_draft
from triage import approval, macros
from triage.database import Database
from triage.errors import AccessError, ConflictError, GuardError, InputError
from triage.macros import MacroText, filling
from triage.models import (
    AuditEvent,
    Category,
    Customer,
    DecisionKind,
    Macro,
    Order,
    Outbox,
    Priority,
    Role,
    Team,
    TeamMember,
    Ticket,
    User,
    now,
)
from triage.settings import Settings
from triage.tickets import fields, tags
from triage.tickets.fields import Definition


def with_order(session: Session, identity: str = "verified") -> Ticket:
    """A ticket of a customer with two orders, the older of which it names."""
    customer = Customer(external_id="c", name="Priya Nair", email="priya@customer.example")
    session.add(customer)
    session.flush()
    for number, total in (("LC-1001", "49.00"), ("LC-1002", "12.00")):
        session.add(
            Order(
                number=number, customer_id=customer.id or 0, status="in_transit", placed_at=now(), total=total, carrier="Postal"
            )
        )
        session.flush()
    return ticket(session, body="Where is lc-1001?", customer_id=customer.id, identity=identity)


def filled(session: Session, settings: Settings, row: Ticket, body: str) -> filling.Filled:
    return macros.fill(session, settings, person(session, name="Nadia Brandt"), row, body)


def test_gaps_are_filled_from_the_ticket_its_customer_and_the_person(database: Database, settings: Settings) -> None:
    body = "Hello {{customer.first_name}}, {{ order.number }} ({{order.total}}) is {{order.status}}. #{{ticket.id}} {{agent.first_name}}, {{desk.company}}"
    with database.transaction() as session:
        row = with_order(session)
        done = filled(session, settings, row, body)
        assert done.text == f"Hello Priya, LC-1001 (49.00 EUR) is in transit. #{row.id} Nadia, {settings.company}"
        assert done.missing == {}


def test_what_cannot_be_filled_says_why_and_cannot_leave(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        row = with_order(session, identity="unverified")
        done = filled(session, settings, row, "Your order {{order.number}} by {{order.tracking}}.")
        assert done.missing["order.number"] == "the sender's identity is not verified"
        assert done.text.startswith("Your order {{order.number: the sender's identity is not verified}}")
        draft, user = waiting_draft(session, row), person(session, name="Sam")
        enqueue = recorder_of(Enqueued())
        with pytest.raises(InputError, match="still has a gap"):
            approval.decide(
                session, enqueue, settings, user, draft.id or 0, kind=DecisionKind.APPROVE, seal=draft.seal, body=done.text
            )
        assert session.exec(select(Outbox)).all() == []


def test_a_text_that_a_macro_brought_passes_the_same_guards(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        user, row = person(session), with_order(session)
        made = macros.save(session, user, MacroText("Refund", "We refund you 500 EUR today."))
        used = macros.use(session, settings, user, row.id or 0, made.id or 0)
        draft = waiting_draft(session, row)
        assert session.exec(select(Outbox)).all() == [] and draft.status == "waiting"  # choosing it sent nothing
        with pytest.raises(GuardError, match="may not be sent"):
            approval.decide(
                session,
                recorder_of(Enqueued()),
                settings,
                user,
                draft.id or 0,
                kind=DecisionKind.APPROVE,
                seal=draft.seal,
                body=used.text,
            )


def test_what_a_macro_sets_is_set_and_told(database: Database, settings: Settings) -> None:
    actions = {"category": "plans", "priority": "high", "tags": ["Late Parcel"], "assignee": "me", "snooze_hours": 4}
    with database.transaction() as session:
        session.add(Category(slug="plans", title="Plans"))
        user, row = person(session), ticket(session)
        waiting_draft(session, row)
        made = macros.save(session, user, MacroText("Late", actions=actions))
        used = macros.use(session, settings, user, row.id or 0, made.id or 0)
        assert (
            used.text == ""
            and used.said == "Set: category Plans, priority high, tags late-parcel, assigned to Nadia, snoozed for 4 hours."
        )
        assert (row.category, row.priority, row.assignee_id) == ("plans", Priority.HIGH, user.id) and row.snoozed_until
        assert tags.of(session, row.id or 0) == ["late-parcel"]
        session.refresh(made)
        assert made.used == 1
        kinds = set(session.exec(select(AuditEvent.kind).where(AuditEvent.ticket_id == row.id)))
        assert {"macro_used", "recategorised", "priority", "tags", "assigned", "snoozed"} <= kinds


def test_whose_they_are(database: Database) -> None:
    with database.transaction() as session:
        nadia, sam, ines = person(session), person(session, name="Sam"), person(session, Role.ADMIN, "Ines")
        session.add(Team(name="Billing"))
        session.flush()
        session.add(TeamMember(team="Billing", user_id=nadia.id or 0))
        session.flush()
        own = macros.save(session, nadia, MacroText("Own", "a"))
        group = macros.save(session, ines, MacroText("Group", "b", audience="group", team="Billing"))
        every = macros.save(session, ines, MacroText("Every", "c", audience="everyone"))
        titles = lambda user: {row.title for row in macros.offered(session, user)}  # noqa: E731
        assert titles(nadia) == {"Own", "Group", "Every"} and titles(sam) == {"Every"} and titles(ines) == {"Every"}
        assert {row.title for row in macros.listing(session, ines)} == {"Group", "Every"}  # what is others' own is not shown
        for row in (own, group, every):
            with pytest.raises(AccessError):
                macros.save(session, sam, MacroText("Mine now", "x"), row.id)
        with pytest.raises(AccessError, match="administrator"):
            macros.save(session, sam, MacroText("For all", "x", audience="everyone"))
        with pytest.raises(InputError, match="gone"):
            macros.use(session, Settings(), sam, ticket(session).id or 0, own.id or 0)


def test_changes_are_kept_with_what_was_before_and_two_at_once_are_told(database: Database) -> None:
    with database.transaction() as session:
        user = person(session)
        made = macros.save(session, user, MacroText("Thanks", "Thank you.", shortcut="thx"))
        macros.save(session, user, MacroText("Thanks", "Many thanks.", shortcut="thx"), made.id, version=1)
        with pytest.raises(ConflictError, match="meanwhile"):
            macros.save(session, user, MacroText("Thanks", "Ta."), made.id, version=1)
        event = session.exec(select(AuditEvent).where(AuditEvent.kind == "macro_saved").order_by(AuditEvent.id)).all()[-1]  # type: ignore[arg-type]
        assert event.data["version"] == 2 and event.data["before"] == {"title": "Thanks", "body": "Thank you.", "actions": {}}
        with pytest.raises(InputError, match="has the shortcut ::thx already"):
            macros.save(session, user, MacroText("Other", "x", shortcut="::THX"))
        macros.remove(session, user, made.id or 0)
        assert session.exec(select(Macro)).all() == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (MacroText("", "x"), "title"), (MacroText("A"), "do nothing"), (MacroText("A", "x", shortcut="two words"), "one word"),
        (MacroText("A", "{{customer.iban}}"), "is no variable"), (MacroText("A", "{{order.number | upper}}"), "is no variable"),
        (MacroText("A", "{{field.nothing}}"), "is no variable"), (MacroText("A", "x", audience="group", team="None"), "group that has people"),
        (MacroText("A", actions={"priority": "soon"}), "is no priority"), (MacroText("A", actions={"category": "none"}), "no category"),
        (MacroText("A", actions={"send": True}), "cannot set send"), (MacroText("A", actions={"snooze_hours": 9000}), "90 days"),
        (MacroText("A", actions={"assignee": "x@y.example"}), "works the inbox"), (MacroText("A", actions={"tags": ["!"]}), "A tag is"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_in_words(database: Database, text: MacroText, why: str) -> None:
    with database.transaction() as session, pytest.raises(InputError, match=why):
        macros.save(session, person(session, Role.ADMIN), text)


def test_a_file_brings_back_what_it_was_made_of(database: Database) -> None:
    with database.transaction() as session:
        ines, sam = person(session, Role.ADMIN, "Ines"), person(session, name="Sam")
        fields.define(session, ines, Definition("Serial number"))
        macros.save(
            session, ines, MacroText("Serial", "Is it {{field.serial_number}}?\n\nThanks: {{agent.name}}", "sn", "everyone")
        )
        macros.save(session, sam, MacroText("Ende", "Grüße\n  Sam", actions={"tags": ["done"], "priority": "low"}))
        mine = macros.export_yaml(session, sam)
        assert "Grüße" in mine and "Serial" in mine
        assert macros.import_yaml(
            session, sam, mine.replace("Grüße", "Viele Grüße").replace("audience: everyone", "audience: own")
        ) == (1, 1)
        assert {row.body for row in macros.offered(session, sam)} >= {"Viele Grüße\n  Sam"}
        everyones = macros.export_yaml(session, ines)
        assert macros.import_yaml(session, ines, everyones) == (0, 0)  # taken in again, nothing changes
        for row in session.exec(select(Macro)):
            session.delete(row)
        session.flush()
        assert macros.import_yaml(session, ines, everyones) == (1, 0)
        assert macros.export_yaml(session, ines) == everyones


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("macros: [", "no readable YAML"), ("a: 1", "list under"), ("macros:\n- body: x", "Entry 1 has no title"),
        ("macros:\n- title: A\n  body: x\n- title: B\n  send: now", "Entry 2, “B”: send"), ("macros:\n- &a\n  title: A\n- *a", "references"),
        ("macros:\n- title: A\n  body: '{{nobody.knows}}'", "Entry 1, “A”.*no variable"), ("macros:\n- !!python/name:os.system x", "no readable"),
        ("[" * 100_000, "nests"), ("macros:\n- title: 1" + ":59" * 60_000, "digits"), ("macros:\n- title: 1" + ":59" * 300 + ".5", "digits"),
        ("macros:\n- title: A\n  body: 0x" + "f" * 10_000, "digits"), ('macros:\n- title: "\\ud800"\n  body: x', "characters"),
        ("macros:\n- title: \ud800\n  body: x", "readable|characters"),
    ],
)  # fmt: skip
def test_a_bad_file_names_the_entry_and_changes_nothing(database: Database, text: str, why: str) -> None:
    with database.transaction() as session:
        user = person(session)
    with pytest.raises(InputError, match=why), database.transaction() as session:
        macros.import_yaml(session, user, text)
    with database.read() as session:
        assert session.exec(select(Macro)).all() == []


@given(st.text(alphabet="{} .abcdefgorderticketnumb\n", max_size=60), st.sampled_from(sorted(macros.VARIABLES)))
def test_every_gap_of_a_text_is_found_and_nothing_else(noise: str, name: str) -> None:
    plain = noise.replace("{", "").replace("}", "")
    assert filling.names(f"{plain}{{{{{name}}}}}{plain}") == [name]
    assert macros.gaps(f"{plain}{{{{{name}}}}}") == [f"{{{{{name}}}}}"] and macros.gaps(plain) == []


def test_users_without_a_name_have_none(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        row = ticket(session)
        row.requester_name = ""
        user = User(id=1, email="a@b.example", name="A")
        assert macros.fill(session, settings, user, row, "{{customer.first_name}}").missing == {
            "customer.first_name": "no name is known"
        }


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("Hello\n\n::refund-late", ["::refund-late"]), ("See ::late, ::late and (::two)", ["::late", "::two"]), ("At 10::30", []),
        ("std::vector", []), ("::", []), (":::late", []), ("::Late", []),
    ],
)  # fmt: skip
def test_a_call_that_was_typed_and_not_chosen_is_found(text: str, calls: list[str]) -> None:
    assert macros.unfinished(text) == calls
