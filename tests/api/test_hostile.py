"""What callers of the API cannot do to one another, nor to the desk."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from sqlmodel import select

from tests.api.conftest import Api
from triage.accounts import apikeys
from triage.intake.payload import TicketPayload
from triage.models import Message, Ticket

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
_FIELDS = [*TicketPayload.model_fields, "from", "text", "lang"]


def another_key(api: Api) -> str:
    with api.database.transaction() as session:
        return apikeys.create(session, "another", actor="test")[1]


def test_two_callers_that_both_count_from_one_lose_nothing(api: Api) -> None:
    other = another_key(api)
    first = api.post("/tickets", {"id": "1", "body": "My grinder is loud.", "from": "ada@customer.example"}).json()
    second = api.post("/tickets", {"id": "1", "body": "Where is my parcel?", "from": "bob@customer.example"}, key=other).json()
    assert first["ticket_id"] != second["ticket_id"] and second["outcome"] == "created"
    again = api.post("/tickets", {"id": "1", "body": "My grinder is loud.", "from": "ada@customer.example"})
    assert again.status_code == 200 and again.json()["ticket_id"] == first["ticket_id"]
    further = api.post(f"/tickets/{second['ticket_id']}/messages", {"id": "1", "body": "It came."})
    assert further.json()["ticket_id"] == first["ticket_id"]  # the same id of the same caller is one message


def test_a_caller_sees_their_own_ids_and_no_others(api: Api) -> None:
    other = another_key(api)
    mine = api.post("/tickets", {"id": "web/7", "body": "My grinder is loud.", "from": "ada@customer.example"}).json()
    theirs = api.post("/tickets", {"id": "web/7", "body": "Where is it?", "from": "bob@customer.example"}, key=other).json()
    assert api.get(mine["url"]).json()["source_id"] == "web/7"
    assert api.get(theirs["url"]).json()["source_id"] is None
    assert [ticket["source_id"] for ticket in api.get("/tickets").json()["tickets"]] == [None, "web/7"]


@pytest.mark.parametrize(
    "address", ["victim,eve@evil.example", "g:eve@evil.example;", "a<eve@evil.example", '"a"@evil.example', "a\\b@evil.example"]
)
def test_an_address_that_two_programs_could_read_in_two_ways_is_refused(api: Api, address: str) -> None:
    assert api.post("/tickets", {"body": "Hello", "from": {"address": address}}).status_code == 422


def test_ids_of_messages_carry_no_line_breaks(api: Api) -> None:
    sent = {
        "body": "Hello there",
        "from": "ada@customer.example",
        "message_id": "<a\nBcc: eve@evil.example>",
        "references": ["<b\r\nX: y>", " "],
    }
    assert api.post("/tickets", sent).status_code == 201
    with api.database.read() as session:
        message = session.exec(select(Message)).one()
    assert (message.message_id, message.references) == ("<aBcc:eve@evil.example>", ["<bX:y>"])


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", 1e300, -1e12])
def test_a_time_outside_the_calendar_is_refused(api: Api, moment: object) -> None:
    assert api.post("/tickets", {"body": "Hello", "from": "ada@customer.example", "sent_at": moment}).status_code == 422


def test_a_message_of_nothing_wakes_no_ticket(api: Api) -> None:
    ticket = api.post("/tickets", {"body": "My grinder is loud.", "from": "ada@customer.example"}).json()["ticket_id"]
    assert api.post(f"/tickets/{ticket}/messages", {"body": " \x00\u2029"}).status_code == 422


@pytest.mark.parametrize("raw", [
    b"[" * 100_000, b'{"a":' * 900 + b"1" + b"}" * 900, b'{"body":"x","id":' + b"9" * 5000 + b"}", b'{"body":"x","\\ud800":1}', b"NaN",
    b'{"body":"x","attachments":5}', b'{"body":"x","attachments":' + b"[" * 500 + b"]" * 500 + b"}", b'{"body":"\\ud800 hello"}', b"\xff\xfe{",
])  # fmt: skip
@pytest.mark.parametrize("path", ["/tickets", "/tickets/1/messages"])
def test_hostile_json_is_answered_and_never_breaks_the_desk(api: Api, raw: bytes, path: str) -> None:
    assert api.post(path, raw).status_code in (201, 400, 404, 413, 422)


@effort(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=st.dictionaries(st.sampled_from(_FIELDS), _JSON, max_size=5))
def test_no_object_makes_the_desk_fail(api: Api, fields: dict[str, Any]) -> None:
    raw = json.dumps({"body": "Hello", **fields}).encode()
    assert api.post("/tickets", raw).status_code in (200, 201, 400, 413, 422)


def test_the_ids_of_other_ways_in_cannot_be_taken(api: Api) -> None:
    """An id like those of uploads or the watched folder would make a later file count as taken in."""
    api.post("/tickets", {"id": "inbox/mails.jsonl/1", "body": "Hello", "from": "ada@customer.example"})
    with api.database.read() as session:
        assert session.exec(select(Ticket.source_id)).one() != "inbox/mails.jsonl/1"
