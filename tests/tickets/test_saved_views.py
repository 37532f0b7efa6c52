"""Views that people keep, and who writes on a ticket, on both databases."""

from datetime import timedelta

import pytest

from tests import desks
from triage.database import Database
from triage.errors import AccessError, InputError
from triage.models import Role, clock_at, now
from triage.tickets import inbox, presence, pulses, saved_views, ticket_view


def test_views_are_kept_changed_shared_and_removed(database: Database) -> None:
    with database.transaction() as session:
        nadia, lee, sam = desks.person(session), desks.person(session, name="Lee"), desks.person(session, Role.MANAGER, "Sam")
        mine = saved_views.save(session, nadia, "  My   refunds ", "needs", "category:billing")
        assert (mine.name, mine.find) == ("My refunds", "category:billing")
        assert saved_views.save(session, nadia, "My refunds", "all", "is:upset").id == mine.id
        with pytest.raises(AccessError, match="share views"):
            saved_views.save(session, nadia, "For all", "all", "", shared=True)
        shared = saved_views.save(session, sam, "For all", "escalated", "is:overdue", shared=True)
        assert [view.name for view in saved_views.of(session, nadia)] == ["For all", "My refunds"]
        assert [view.name for view in saved_views.of(session, lee)] == ["For all"]
        assert saved_views.load(session, lee, mine.id or 0) is None and saved_views.load(session, lee, shared.id or 0)
        for view in (mine, shared):
            with pytest.raises(AccessError, match="somebody else's"):
                saved_views.remove(session, lee, view.id or 0)
        saved_views.remove(session, nadia, mine.id or 0)
        saved_views.remove(session, sam, shared.id or 0)
        assert saved_views.of(session, nadia) == []
        for name, view in (("", "needs"), ("x" * 41, "needs"), ("x", "nowhere")):
            with pytest.raises(InputError):
                saved_views.save(session, nadia, name, view, "")


def test_no_name_and_no_search_breaks_the_database(database: Database) -> None:
    with database.transaction() as session:
        nadia = desks.person(session)
        row = saved_views.save(session, nadia, "My\x00\ud800refunds", "needs", "is:open\x00 refund \udfff")
        session.refresh(row)
        assert (row.name, row.find) == ("My refunds", "is:open refund")
        with pytest.raises(InputError, match="longer than"):
            saved_views.save(session, nadia, "Long", "needs", "a" * 1_001)
    for find in (
        "a" * 100_000,
        'x:"' * 30_000,
        "9" * 100_000,
        str(2**63),
        "#" + "9" * 30,
        "'\"*&|!<->:() \x00",
        "before:9999-99-99",
        "on:9999-12-31",
    ):
        with database.read() as session:
            assert inbox.listing(session, nadia, inbox.View.ALL, find=find).rows == []


def test_others_hear_who_writes_until_the_claim_runs_out(database: Database) -> None:
    with database.transaction() as session:
        nadia, sam = desks.person(session), desks.person(session, Role.MANAGER, "Sam")
        ticket = desks.ticket(session)
        desks.waiting_draft(session, ticket)
        number, events = ticket.id or 0, inbox.changes(session)
        seen = pulses.read(session, number, sam.id), pulses.read(session, number, nadia.id)
        presence.write(session, nadia, number)
        session.flush()
        assert inbox.changes(session) > events
        assert inbox.listing(session, sam).rows[0].writing == "Nadia" and inbox.listing(session, nadia).rows[0].writing is None
        assert ticket_view.load(session, number).writing(sam.id) == "Nadia"
        assert pulses.read(session, number, sam.id) != seen[0] and pulses.read(session, number, nadia.id) == seen[1]
        with clock_at(now() + timedelta(minutes=2)):
            assert ticket_view.load(session, number).writing(sam.id) is None
        presence.stop(session, nadia, number)
        session.flush()
        assert presence.on(session, number) == {}
        with pytest.raises(InputError, match="no ticket 99"):
            presence.write(session, nadia, 99)
