"""What callers of the API can rely on."""

import threading
from typing import Any

import pytest
from sqlmodel import Session, select

from tests.api.conftest import Api
from triage import transitions
from triage.accounts import apikeys, ratelimit
from triage.api import tickets as ticket_routes
from triage.guardrails import limits
from triage.models import Draft, Episode, Message, Role, Status, Ticket, User

LEAK: dict[str, Any] = {
    "subject": "Leaking machine",
    "body": "Water drips from below the tank.",
    "from": "Ada <ada@customer.example>",
}


def problem(answer: Any, status: int) -> dict[str, Any]:
    """The body of an error; every one has the same form and says what to do."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status and body["title"] and body["detail"] and body["action"]
    return body


def count(api: Api, table: type[Any]) -> int:
    with api.database.read() as session:
        return len(session.exec(select(table)).all())


def test_a_message_becomes_a_ticket_that_the_agents_get(api: Api) -> None:
    answer = api.post("/tickets", {**LEAK, "id": "web-1"})
    assert answer.status_code == 201, answer.text
    taken = answer.json()
    assert taken["outcome"] == "created" and taken["status"] == "received" and taken["duplicate_of"] is None
    assert answer.headers["location"] == taken["url"] == f"/api/v1/tickets/{taken['ticket_id']}"
    assert api.enqueued == [taken["ticket_id"]]
    state = api.get(taken["url"]).json()
    assert state["source_id"] == "web-1" and state["subject"] == "Leaking machine" and state["draft"] is None


def test_the_same_request_with_its_key_is_done_once(api: Api) -> None:
    first = api.post("/tickets", LEAK, Idempotency_Key="abc")
    second = api.post("/tickets", LEAK, Idempotency_Key="abc")
    assert first.status_code == 201 and second.status_code == 200
    assert first.json() == second.json() and second.headers["idempotency-replayed"] == "true"
    assert count(api, Ticket) == count(api, Message) == 1 and len(api.enqueued) == 1
    body = problem(api.post("/tickets", {**LEAK, "body": "Something else."}, Idempotency_Key="abc"), 409)
    assert "new key" in body["action"]


def test_two_callers_may_use_the_same_idempotency_key(api: Api) -> None:
    with api.database.transaction() as session:
        _key, other = apikeys.create(session, "another", actor="test")
    first = api.post("/tickets", LEAK, Idempotency_Key="abc")
    second = api.post(
        "/tickets",
        {**LEAK, "subject": "Grinder", "body": "It is loud.", "from": "bob@customer.example"},
        key=other,
        Idempotency_Key="abc",
    )
    assert second.status_code == 201 and second.json()["ticket_id"] != first.json()["ticket_id"]


def test_the_same_request_many_times_at_once_is_done_once(api: Api) -> None:
    answers: list[Any] = []

    def send() -> None:
        answers.append(api.post("/tickets", LEAK, Idempotency_Key="at-once"))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.json()["ticket_id"] for answer in answers}) == 1 and count(api, Message) == 1


def test_the_same_id_twice_is_one_message(api: Api) -> None:
    first, second = (api.post("/tickets", {**LEAK, "id": "web-1"}) for _ in range(2))
    assert first.status_code == 201 and second.status_code == 200
    assert first.json()["ticket_id"] == second.json()["ticket_id"] and count(api, Message) == 1


def test_without_a_live_key_nothing_is_done(api: Api) -> None:
    for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Basic abc"}, {"Authorization": "Bearer tdk_1234_wrong"}):
        for method, path in (("POST", "/tickets"), ("GET", "/tickets"), ("GET", "/tickets/1"), ("POST", "/tickets/1/messages")):
            answer = api.client.request(method, path, headers={**headers, "Content-Type": "application/json"}, content=b"{}")
            assert "triage key create" in problem(answer, 401)["action"] and answer.headers["www-authenticate"] == "Bearer"
    with api.database.transaction() as session:
        apikeys.revoke(session, api.key, actor="test")
    problem(api.post("/tickets", LEAK), 401)
    assert count(api, Ticket) == 0


def test_guessing_keys_is_braked(api: Api) -> None:
    for number in range(ratelimit.PER_ADDRESS):
        problem(api.post("/tickets", LEAK, key=f"tdk_{number}"), 401)
    answer = api.post("/tickets", LEAK, key="tdk_once_more")
    problem(answer, 429)
    assert int(answer.headers["retry-after"]) > 0
    assert api.post("/tickets", LEAK).status_code == 201


def test_too_many_calls_have_to_wait(api: Api) -> None:
    with api.database.transaction() as session:
        admin = User(email="admin@desk.example", name="A", role=Role.ADMIN)
        session.add(admin)
        session.flush()
        limits.change(session, admin, "key_minute_calls", 2)
    assert [api.get("/tickets").status_code for _ in range(3)] == [200, 200, 429]
    answer = api.get("/tickets")
    assert "Wait" in problem(answer, 429)["action"] and 1 <= int(answer.headers["retry-after"]) <= 60


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"not json", 400, "not JSON"),
        (b"\xff\xfe{}", 400, "not JSON"),
        (b"[" * 15_000, 400, "not JSON"),
        (b"[]", 422, "body"),
        ({"body": 7, "subject": "x"}, 422, "body.body"),
        ({"body": "x", "from": "a@b@c"}, 422, "from"),
        ({}, 422, "body"),
        ({"body": "x" * 30_000}, 413, "larger than"),
        (b'{"body": "\\ud800 half a letter", "subject": "x"}', 201, ""),
    ],
)
def test_bodies_that_cannot_be_used_are_explained(api: Api, body: Any, status: int, says: str) -> None:
    answer = api.post("/tickets", body)
    if status == 201:
        assert answer.status_code == 201, answer.text
        return
    assert says in str(problem(answer, status))
    assert count(api, Ticket) == 0


def test_other_kinds_of_bodies_and_keys_are_refused(api: Api) -> None:
    assert "application/json" in problem(api.post("/tickets", LEAK, Content_Type="text/plain"), 415)["action"]
    problem(api.post("/tickets", LEAK, Idempotency_Key=""), 400)
    problem(api.post("/tickets", LEAK, Idempotency_Key="x" * 201), 400)
    problem(api.client.get("/nothing/here"), 404)
    problem(api.client.delete("/tickets"), 405)
    problem(api.get("/tickets?status=lost"), 422)
    problem(api.get("/tickets?limit=0"), 422)
    for number in ("999", "99999999999999999999", "seven"):
        assert api.get(f"/tickets/{number}").status_code in (404, 422)


def test_a_desk_that_is_not_running_says_so_and_takes_nothing(api: Api) -> None:
    api.running = False
    answer = api.post("/tickets", LEAK, Idempotency_Key="abc")
    problem(answer, 503)
    assert answer.headers["retry-after"] == "5" and count(api, Ticket) == 0
    api.running = True
    assert api.post("/tickets", LEAK, Idempotency_Key="abc").status_code == 201


def test_a_bug_is_a_problem_too_and_changes_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object, **_more: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(ticket_routes, "receive", broken)
    answer = api.post("/tickets", LEAK)
    problem(answer, 500)
    assert "secret detail" not in answer.text and count(api, Ticket) == 0


def test_a_further_message_joins_its_ticket(api: Api) -> None:
    number = api.post("/tickets", LEAK).json()["ticket_id"]
    answer = api.post(f"/tickets/{number}/messages", {"body": "It leaks from the left side only.", "id": "m2"})
    assert answer.status_code == 201 and answer.json()["outcome"] == "appended" and answer.json()["ticket_id"] == number
    assert api.post(f"/tickets/{number}/messages", {"body": "It leaks from the left side only.", "id": "m2"}).status_code == 200
    with api.database.read() as session:
        messages = session.exec(select(Message).order_by(Message.id)).all()  # type: ignore[arg-type]
    assert len(messages) == 2 and messages[1].author_email == "ada@customer.example"
    problem(api.post("/tickets/999/messages", {"body": "Hello?"}), 404)
    problem(api.post(f"/tickets/{number}/messages", {"body": ""}), 422)
    problem(api.post(f"/tickets/{number}/messages", {"body": "x", "customer_id": "C1"}), 422)


def _drafted(session: Session, ticket_id: int) -> None:
    ticket = session.get_one(Ticket, ticket_id)
    episode = session.exec(select(Episode).where(Episode.ticket_id == ticket_id)).one()
    draft = Draft(
        ticket_id=ticket_id, episode_id=episode.id or 0, version=2, body="Dear Ada, tighten the screw.", approver="manager"
    )
    session.add(draft)
    session.flush()
    ticket.draft_id = draft.id
    for step in (Status.SCREENED, Status.TRIAGING, Status.AWAITING_APPROVAL):
        transitions.move(session, ticket, step, actor="agents")


def test_the_draft_shows_its_state_but_not_its_text(api: Api) -> None:
    number = api.post("/tickets", LEAK).json()["ticket_id"]
    api.database.run_now(lambda session: _drafted(session, number))
    answer = api.get(f"/tickets/{number}")
    state = answer.json()
    assert state["status"] == "awaiting_approval" and "tighten" not in answer.text
    assert state["draft"]["version"] == 2 and state["draft"]["status"] == "waiting" and state["draft"]["approver"] == "manager"


def test_lists_are_paged_and_filtered(api: Api) -> None:
    for number in range(5):
        api.post(
            "/tickets",
            {
                "subject": f"Matter {number}",
                "body": f"This is question number {number} about thing {number * 7}.",
                "from": f"c{number}@customer.example",
            },
        )
    seen: list[int] = []
    where: str | None = "/api/v1/tickets?limit=2&status=received&status=screened"
    while where:
        page = api.get(where).json()
        seen += [ticket["id"] for ticket in page["tickets"]]
        where = page["next"]
    assert len(seen) == 5 and seen == sorted(seen, reverse=True)
    assert api.get("/tickets?status=delivered").json() == {"tickets": [], "next": None}


def test_the_reference_page_needs_nothing_from_outside(api: Api) -> None:
    page = api.client.get("/docs")
    assert page.status_code == 200 and "http:" not in page.text.replace("https://desk.example", "").replace(
        "http://www.w3.org", ""
    )
    assert "<script" not in page.text and "default-src 'none'" in page.headers["content-security-policy"]
    for word in ("POST", "/api/v1/tickets/{ticket_id}/messages", "Idempotency-Key", "from", "customer_id"):
        assert word in page.text
    described = api.client.get("/openapi.json").json()
    assert described["components"]["securitySchemes"] and "sender_email" not in str(
        described["paths"]["/tickets"]["post"]["requestBody"]
    )
