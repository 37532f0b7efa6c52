"""Incidents on the review desk: offered, confirmed, one text, approved once with the exceptions named."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from pages.parts import state
from tests.incidents.conftest import put_in
from tests.incidents.stories import OUTAGE, PEOPLE
from tests.pages.desk import html, keys_of, open_small_desk, opened, person
from triage.incidents import finding, writing
from triage.models import Incident, IncidentMember, MasterDraft, Outbox, Role, Status
from triage.tickets import typed

EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Any]:
    with open_small_desk(tmp_path / "home", knowledge=True) as small:
        with small.database.transaction() as session:
            for name, body in zip(PEOPLE, OUTAGE, strict=False):
                put_in(session, name, body)
            put_in(session, "Edith", OUTAGE[0], status=Status.ESCALATED, reason="policy_restriction", subject=f"Down {EVIL}")
        finding.find(small)
        yield small


def the(desk: Any, table: type[Any]) -> list[Any]:
    with desk.database.read() as session:
        return list(session.exec(select(table)).all())


def write(desk: Any, page: AppTest, text: str, master: int | None = None) -> AppTest:
    """Type into the text for all, as its component hands it over (tests/browser types for real)."""
    anchor = min(member.ticket_id for member in the(desk, IncidentMember) if not member.out)
    page.session_state["td_written_master"] = {anchor: state.Typed(text, master or the(desk, MasterDraft)[0].id)}
    return page


def wrote(desk: Any, body: str = "Hello {{name}},\n\nThe app service is down.") -> None:
    """What the worker would have written by now."""
    with desk.database.transaction() as session:
        master = session.exec(select(MasterDraft).where(MasterDraft.status == "writing")).one()
        master.body, master.status = body, "waiting"
        session.add(master)


def test_a_burst_is_offered_confirmed_told_and_approved_once(desk: Any) -> None:
    page = opened(desk, "inbox.py", Role.STAFF)
    assert "Something may be down." in html(page) and "5 customers wrote about the same" in html(page)
    page.button(key="td_incident_alert").click().run()
    assert "Is this one incident?" in html(page) and EVIL not in html(page)
    page.button(key="td_incident_confirm").click().run()
    assert the(desk, Incident)[0].state == "open"
    page.text_area(key="td_incident_say_1").set_value("The service is down.")
    page.button(key="td_incident_write").click().run()
    assert "The agents are writing the text" in html(page)
    assert [what[2] for what in desk.work if what[0] == "chore"] == [writing.CHORE]
    wrote(desk)
    page.run()
    assert "Gets it: 4 customers" in html(page) and "it is escalated: policy restriction" in html(page)
    page.button(key="td_master_edit").click().run()
    write(desk, page, "Hello {{nobody}}, soon.")
    page.button(key="td_master_save").click().run()
    assert "There is no detail {{nobody}}" in html(page)
    write(desk, page, "Hello {{name}},\n\nThe app service is down, sorry.")
    page.button(key="td_master_save").click().run()
    page.button(key="td_master_approve").click().run()
    assert "Approved for 4 customers" in html(page) and not page.exception
    assert sorted(outbox.body.splitlines()[0] for outbox in the(desk, Outbox)) == [
        f"Hello {name}," for name in sorted(PEOPLE[:4])
    ]
    page.button(key="td_incident_undo_1").click().run()
    assert "Taken back: 4 mails" in html(page) and {outbox.status for outbox in the(desk, Outbox)} == {"cancelled"}


def test_tickets_are_taken_out_put_in_and_the_way_leads_back(desk: Any) -> None:
    number = the(desk, Incident)[0].id
    page = opened(desk, "inbox.py", Role.STAFF, incident=str(number), view="incidents")
    page.button(key="td_incident_rename").click().run()
    page.text_input(key=f"td_incident_title_{number}").set_value("Service outage")
    page.button(key="td_submit").click().run()
    page.button(key="td_incident_take_out").click().run()
    gone = the(desk, IncidentMember)[0].ticket_id
    page.multiselect(key=f"td_incident_some_{number}").set_value([gone])
    page.button(key="td_submit").click().run()
    assert the(desk, Incident)[0].title == "Service outage" and "4 tickets in it" in html(page)
    kept = next(member.ticket_id for member in the(desk, IncidentMember) if not member.out)
    ticket = opened(desk, "inbox.py", Role.STAFF, ticket=str(kept))
    assert "Part of an incident" in html(ticket) and "Service outage" in html(ticket)
    assert "td_incident_open" not in keys_of(opened(desk, "inbox.py", Role.STAFF, ticket=str(gone)))
    back = opened(desk, "inbox.py", Role.STAFF, ticket=str(gone))
    back.button(key="td_to_incident").click().run()
    back.selectbox(key=f"td_to_incident_{gone}").set_value(number)
    back.button(key="td_submit").click().run()
    assert not any(member.out for member in the(desk, IncidentMember))
    page.button(key="td_incident_dissolve").click().run()
    assert the(desk, Incident)[0].state == "dissolved" and not page.exception
    assert "Something may be down." not in html(opened(desk, "inbox.py", Role.STAFF))


def test_a_text_that_was_overtaken_is_kept(desk: Any) -> None:
    number = the(desk, Incident)[0].id
    mine, theirs = (opened(desk, "inbox.py", role, incident=str(number), view="incidents") for role in (Role.STAFF, Role.MANAGER))
    mine.button(key="td_incident_confirm").click().run()
    mine.button(key="td_incident_write").click().run()
    wrote(desk)
    first = the(desk, MasterDraft)[0].id
    for page, words in ((mine, "Hello {{name}}, typed for ten minutes."), (theirs, "Hello {{name}}, all is well.")):
        page.run()
        page.button(key="td_master_edit").click().run()
        write(desk, page, words, first).run()
    theirs.button(key="td_master_save").click().run()
    mine.button(key="td_master_save").click().run()
    assert "Somebody changed the text while you wrote" in html(mine) and "all is well" in html(mine)
    assert "typed for ten minutes" in "".join(code.value for code in mine.code)
    mine.button(key="td_master_drop").click().run()
    assert not mine.code and not mine.exception


def test_a_text_typed_before_a_reload_is_back_and_says_so_at_once(desk: Any) -> None:
    number = the(desk, Incident)[0].id
    page = opened(desk, "inbox.py", Role.STAFF, incident=str(number), view="incidents")
    page.button(key="td_incident_confirm").click().run()
    page.button(key="td_incident_write").click().run()
    wrote(desk)
    anchor = min(member.ticket_id for member in the(desk, IncidentMember) if not member.out)
    with desk.database.transaction() as session:
        staff = person(desk, Role.STAFF)
        typed.keep(session, staff, anchor, typed.MASTER, "Hello {{name}}, typed before.", draft_id=the(desk, MasterDraft)[0].id)
    again = opened(desk, "inbox.py", Role.STAFF, incident=str(number), view="incidents")
    assert "Your text is back." in html(again)
    again.button(key="td_master_cancel").click().run()
    again.button(key="td_master_edit").click().run()
    assert "Your text is back." not in html(again) and not again.exception


def test_a_wrong_address_says_so(desk: Any) -> None:
    assert "No such incident" in html(opened(desk, "inbox.py", Role.STAFF, incident="99"))
