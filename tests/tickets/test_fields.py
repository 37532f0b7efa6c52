"""Tags and the desk's own fields: kept clean, asked for where they belong, found by the queue."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, select

from tests.desks import Enqueued, person, recorder_of, ticket, waiting_draft
from triage import approval
from triage.database import Database
from triage.errors import AccessError, ConflictError, InputError
from triage.models import AuditEvent, Category, CustomField, DecisionKind, Role, Status, Ticket
from triage.settings import Settings
from triage.tickets import fields, tags, work
from triage.tickets.fields import Definition


def found(session: Session, condition: object) -> list[int | None]:
    return list(session.exec(select(Ticket.id).where(condition).order_by(Ticket.id)))  # type: ignore[call-overload]


def test_tags_are_cleaned_completed_and_found(database: Database) -> None:
    with database.transaction() as session:
        user, one, two = person(session), ticket(session), ticket(session)
        tags.put(session, user, one.id or 0, [" Late  Parcel", "late-parcel", "VIP"])
        assert tags.add(session, user, two.id or 0, ["vip", "New"]) == ["vip", "new"]
        assert tags.of_many(session, [one.id or 0, two.id or 0]) == {one.id: ["late-parcel", "vip"], two.id: ["new", "vip"]}
        assert tags.in_use(session)[0] == "vip" and found(session, tags.condition("VIP")) == [one.id, two.id]
        tags.put(session, user, one.id or 0, ["vip"])
        assert found(session, tags.condition("late parcel")) == []
        events = session.exec(select(AuditEvent).where(AuditEvent.kind == "tags", AuditEvent.ticket_id == one.id)).all()
        assert events[-1].data == {"was": ["late-parcel", "vip"], "to": ["vip"]}
        with pytest.raises(InputError, match="at most 20"):
            tags.put(session, user, one.id or 0, [f"t{n}" for n in range(21)])


@given(st.text(max_size=30))
def test_a_cleaned_tag_stays_as_it_is(text: str) -> None:
    try:
        kept = tags.clean(text)
    except InputError:
        return
    assert tags.clean(kept) == kept and " " not in kept and 0 <= tags.tone(kept) < tags.TONES


VALUES = [
    ("number", "1,5", "1.5"), ("number", "1,000.5", "1000.5"), ("number", "-7", "-7"), ("date", "2026-03-31", "2026-03-31"),
    ("choice", "wear", "wear"), ("checkbox", "true", "yes"), ("checkbox", "no", ""), ("text", "  a \n b ", "a b"),
]  # fmt: skip
WRONG = [
    ("number", "many"),
    ("number", "NaN"),
    ("number", "1e30"),
    ("date", "31.03.2026"),
    ("choice", "rust"),
    ("checkbox", "maybe"),
    ("text", "x" * 501),
]


@pytest.mark.parametrize(("kind", "given_", "kept"), VALUES)
def test_values_are_kept_in_one_form(kind: str, given_: str, kept: str) -> None:
    field = CustomField(key="f", title="Field", kind=kind, choices=["wear", "misuse"])
    assert fields.checked(field, given_) == kept and fields.checked(field, kept) == kept


@pytest.mark.parametrize(("kind", "given_"), WRONG)
def test_what_does_not_fit_is_refused_by_the_fields_name(kind: str, given_: str) -> None:
    with pytest.raises(InputError, match=r"^Field"):
        fields.checked(CustomField(key="f", title="Field", kind=kind, choices=["wear"]), given_)


def test_a_required_field_is_asked_for_in_its_category_before_a_person_closes(database: Database) -> None:
    with database.transaction() as session:
        session.add_all([Category(slug="faults", title="Faults"), Category(slug="plans", title="Plans")])
        session.flush()
        admin, staff = person(session, Role.ADMIN, "Ines"), person(session)
        key = fields.define(session, admin, Definition("Série n°", categories=["faults"], required=True)).key
        assert key == "serie_n"
        plan, fault = (
            ticket(session, status=Status.DELIVERED, category="plans"),
            ticket(session, status=Status.DELIVERED, category="faults"),
        )
        work.resolve(session, staff, plan.id or 0)
        with pytest.raises(ConflictError, match="Fill in Série n°"):
            work.resolve(session, staff, fault.id or 0)
        waiting = waiting_draft(session, ticket(session, category="faults"))
        with pytest.raises(ConflictError, match="Fill in Série n°"):
            approval.decide(
                session, recorder_of(Enqueued()), Settings(), staff, waiting.id or 0, kind=DecisionKind.RESOLVE, seal=waiting.seal
            )
        fields.fill(session, staff, fault.id or 0, {key: "A-17"})
        assert found(session, fields.condition(key, "A-17")) == [fault.id] == found(session, fields.condition(key))
        work.resolve(session, staff, fault.id or 0)
        assert fault.status == Status.RESOLVED


def test_fields_are_administrators_and_a_retired_one_keeps_what_was_filled_in(database: Database) -> None:
    with database.transaction() as session:
        admin, staff, row = person(session, Role.ADMIN, "Ines"), person(session), ticket(session)
        with pytest.raises(AccessError):
            fields.define(session, staff, Definition("Mine"))
        with pytest.raises(InputError, match="2 to 60 choices"):
            fields.define(session, admin, Definition("Cause", "choice", choices=["one"]))
        key = fields.define(session, admin, Definition("Cause")).key
        with pytest.raises(ConflictError, match="stays as it was made"):
            fields.define(session, admin, Definition("Cause", "number"), key)
        fields.fill(session, staff, row.id or 0, {key: "wear"})
        fields.retire(session, admin, key)
        assert fields.asked_of(session, row) == [] and fields.values(session, row.id or 0) == {key: "wear"}
        with pytest.raises(InputError, match="any more"):
            fields.fill(session, staff, row.id or 0, {key: "misuse"})
        assert fields.define(session, admin, Definition("Cause")).key == "cause_2"
