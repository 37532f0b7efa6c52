"""The review desk, driven without a browser: what each role sees, decides, and never loses."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import col, select
from streamlit.testing.v1 import AppTest

import pages
from pages.parts import conversation, customer, difference, draft_card, evidence, history, marks, queue, state
from pages.parts.markup import plain, tag
from tests import desks
from tests.pages.desk import html, keys_of, open_small_desk, opened, person
from triage import audit, replies, xray
from triage.models import (
    AuditEvent,
    BlockedAction,
    Decision,
    Draft,
    GuardVerdict,
    Message,
    Outbox,
    Role,
    SignOff,
    Status,
    Ticket,
    now,
)
from triage.tickets import inbox, work
from triage.tickets.inbox import View

WITH_ARTICLES = pytest.mark.parametrize("desk", [pytest.param(True, id="articles")], indirect=True)
CARE = "Use ClearCal every three months."
EVIL = "<img src=x onerror=alert(1)> [go](javascript:alert(1)) <script>x</script>"


@pytest.fixture
def desk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    with open_small_desk(tmp_path / "home", knowledge=getattr(request, "param", False)) as small:
        yield small


def put(desk: Any, *, body: str = "Hello Priya,\n\nUse ClearCal every three months. It ships on Friday.", **fields: Any) -> int:
    """A ticket with a waiting draft whose second sentence has no source."""
    draft_fields = {name: fields.pop(name) for name in ("approver_reasons", "degraded", "kind") if name in fields}
    with desk.database.transaction() as session:
        ticket = desks.ticket(session, **fields)
        sentences: list[dict[str, object]] = [
            {"text": "Use ClearCal every three months.", "kind": "fact", "supported": True, "passages": ["care#1"]},
            {
                "text": "It ships on Friday.", "kind": "fact", "supported": False, "passages": [], "why": "No source mentions Friday.",
                "nearest": "care#1", "quote": "We send on working days.", "judge": {"model": "second", "supported": True, "why": ""},
            },
        ]  # fmt: skip
        desks.waiting_draft(
            session, ticket, body=body, sentences=replies.locate(body, sentences), approver=ticket.approver,
            citations=[{"passage": "care#1", "article": "care", "version": 3, "title": "Care", "heading": "Descaling", "text": EVIL, "score": 0.8}],
            **draft_fields,
        )  # fmt: skip
        return ticket.id or 0


def show(desk: Any, ticket_id: int, role: Role = Role.STAFF, **address: str) -> AppTest:
    return opened(desk, "inbox.py", role, ticket=str(ticket_id), **address)


def write(page: AppTest, ticket_id: int, text: str, field: str = "reply") -> AppTest:
    """Type into a field, as its component hands it over (tests/browser types for real)."""
    page.session_state["td_typed" if field == "reply" else f"td_written_{field}"] = {ticket_id: state.Typed(text, None)}
    return page


def written(page: AppTest, ticket_id: int) -> str | None:
    kept = page.session_state["td_typed"].get(ticket_id)
    return kept.text if kept else None


def acknowledge(page: AppTest) -> AppTest:
    for box in page.checkbox:
        box.check()
    return page.run()


def one(desk: Any, table: type[Any], **where: object) -> Any:
    with desk.database.read() as session:
        return session.exec(select(table).filter_by(**where)).one()


def test_a_ticket_shows_its_conversation_draft_and_sources(desk: Any) -> None:
    page = show(desk, put(desk, body="Hello Priya,\n\nUse ClearCal every three months. It ships on Friday."))
    text = html(page)
    assert "How do I descale it?" in text and "1 of 2 facts supported" in text
    assert 'data-passages="care#1"' in text and 'class="bad"' in text and 'data-nosource="1"' in text
    assert 'title="No source mentions Friday. Remove it, or acknowledge it."' in text
    assert "We send on working days." in text and "Nearest, in Care:" in text and "The judge (second) finds it supported" in text
    assert [box.label for box in page.checkbox] == ["I take responsibility for “It ships on Friday.”: No source mentions Friday."]
    assert [tab.label for tab in page.tabs] == ["Evidence", "Customer", "Why", "History"]


def test_nothing_a_customer_or_a_model_wrote_becomes_markup(desk: Any) -> None:
    number = put(desk, body=EVIL + " Use ClearCal every three months. It ships on Friday.")
    with desk.database.transaction() as session:
        ticket = session.get_one(Ticket, number)
        ticket.subject = EVIL
        desks.say(session, ticket, EVIL)
        message = session.exec(select(Message).where(Message.ticket_id == number).order_by(col(Message.id).desc())).first()
        message.hidden, message.quoted, message.author_name = EVIL, EVIL, EVIL
        session.add_all([ticket, message, BlockedAction(ticket_id=number, action=EVIL, rule=EVIL, target=EVIL)])
    text = html(show(desk, number, Role.ADMIN))
    assert "&lt;img src=x" in text and "<img" not in text and "<script" not in text


def test_approving_needs_the_acknowledgement_then_sends_and_goes_on(desk: Any) -> None:
    number, following = put(desk), put(desk)
    page = show(desk, number)
    page.button(key="td_approve").click().run()
    assert "Acknowledge first" in html(page) and not page.exception
    acknowledge(page).button(key="td_approve").click().run()
    assert one(desk, Ticket, id=number).status == Status.APPROVED
    decision = one(desk, Decision, ticket_id=number)
    assert decision.acknowledged == [1] and decision.edit_distance == 0
    assert page.query_params["ticket"] in (str(following), [str(following)]) and "Sending" in html(page)
    page.button(key=f"td_undo_{decision.id}").click().run()
    assert one(desk, Ticket, id=number).status == Status.AWAITING_APPROVAL
    assert one(desk, Outbox, ticket_id=number).status == "cancelled" and not page.exception


def test_an_edited_text_is_sent_and_survives_every_redraw(desk: Any) -> None:
    number, other = put(desk), put(desk)
    page = show(desk, number)
    page.button(key="td_edit").click().run()
    write(page, number, "My own words.").run()
    assert page.button(key="td_approve").label == "Send edited" and not page.checkbox
    page.query_params["ticket"] = str(other)
    page.run()
    page.query_params["ticket"] = str(number)
    page.run()
    assert written(page, number) == "My own words."
    page.button(key="td_approve").click().run()
    assert one(desk, Outbox, ticket_id=number).body == "My own words."


def test_a_figure_that_is_written_twice_is_answered_for_once(desk: Any) -> None:
    number = put(desk)
    page = show(desk, number)
    page.button(key="td_edit").click().run()
    write(page, number, "A descale takes 47 minutes.\n\nOnce more: keep it open.\n\nA descale takes 47 minutes.").run()
    assert not page.exception
    assert [box.label for box in page.checkbox] == [
        "I take responsibility for “A descale takes 47 minutes.”: No source mentions 47 minutes."
    ]
    acknowledge(page).button(key="td_approve").click().run()
    assert one(desk, Ticket, id=number).status == Status.APPROVED and not page.exception


def test_reset_brings_the_draft_back(desk: Any) -> None:
    number = put(desk)
    page = show(desk, number)
    page.button(key="td_edit").click().run()
    write(page, number, "No.").run()
    page.button(key="td_reset").click().run()
    assert written(page, number) is None and "It ships on Friday." in html(page)


def test_a_second_decision_from_a_stale_tab_says_who_was_first_and_keeps_the_text(desk: Any) -> None:
    number = put(desk)
    first, second = show(desk, number), show(desk, number, Role.MANAGER)
    second.button(key="td_edit").click().run()
    write(second, number, "Typed for ten minutes.")
    acknowledge(first).button(key="td_approve").click().run()
    second.button(key="td_approve").click().run()
    assert "Nadia Brandt approved this draft" in html(second) and not second.exception
    assert "Typed for ten minutes." in "".join(code.value for code in second.code)
    assert one(desk, Decision, ticket_id=number).body.startswith("Hello Priya")


def test_a_new_message_voids_the_approval_and_is_announced(desk: Any) -> None:
    number = put(desk)
    page = acknowledge(show(desk, number))
    with desk.database.transaction() as session:
        desks.say(session, session.get_one(Ticket, number), "Wait, I found it!")
    page.button(key="td_approve").click().run()
    text = html(page)
    assert "the customer wrote again" in text and "Not sent" in text and "Wait, I found it!" in text
    with desk.database.read() as session:
        assert session.exec(select(Decision)).all() == []


@WITH_ARTICLES
def test_staff_prepare_what_a_manager_decides(desk: Any) -> None:
    number = put(desk, approver="manager", approver_reasons=["money is asked for"])
    page = show(desk, number)
    assert "needs a manager" in html(page) and "money is asked for" in html(page)
    assert not {"td_approve", "td_reject", "td_escalate"} & keys_of(page)
    page.button(key="td_edit").click().run()
    write(page, number, "Prepared words.").run()
    page.button(key="td_hand_over").click().run()
    page.text_input(key=f"td_hand_{number}").set_value("amount checked")
    page.button(key="td_submit").click().run()
    draft = one(desk, Draft, ticket_id=number, status="waiting")
    assert draft.body == "Prepared words." and "amount checked" in draft.approver_reasons[-1]
    manager = show(desk, number, Role.MANAGER)
    assert "td_approve" in keys_of(manager)


@pytest.mark.parametrize(
    ("button", "field", "status"),
    [
        ("td_changes", "", Status.TRIAGING),
        ("td_escalate", "td_escalate_{}", Status.ESCALATED),
        ("td_reject", "td_reject_{}", Status.REJECTED),
    ],
)
def test_the_small_forms(desk: Any, button: str, field: str, status: Status) -> None:
    number = put(desk)
    page = show(desk, number)
    page.button(key=button).click().run()
    if button == "td_changes":
        write(page, number, "mention the outage", "changes")
    else:
        page.text_input(key=field.format(number)).set_value("mention the outage")
    if button == "td_reject":
        page.button_group(key=f"td_reject_why_{number}").set_value("wrong tone")
    page.button(key="td_submit").click().run()
    assert not page.exception and one(desk, Ticket, id=number).status == status
    with desk.database.read() as session:
        assert session.exec(select(Decision.comment).where(Decision.ticket_id == number)).one() == "mention the outage"


def test_a_form_without_its_reason_says_so_and_stays(desk: Any) -> None:
    number = put(desk)
    page = show(desk, number)
    page.button(key="td_changes").click().run()
    page.button(key="td_submit").click().run()
    assert "Write what should change" in html(page) and page.session_state["td_panel"] == ("changes", number)


def test_assign_snooze_and_note(desk: Any) -> None:
    number = put(desk)
    page = show(desk, number)
    page.button(key="td_take").click().run()
    assert one(desk, Ticket, id=number).assignee_id == person(desk, Role.STAFF).id
    page.button(key="td_note").click().run()
    write(page, number, "Called her.", "note")
    page.button(key="td_submit").click().run()
    assert "Called her." in html(page) and "Note by Nadia Brandt" in html(page)
    page.button(key="td_snooze").click().run()
    page.button(key="td_submit").click().run()
    assert one(desk, Ticket, id=number).snoozed_until is not None


def test_quarantine_failure_and_work_have_their_own_cards(desk: Any) -> None:
    with desk.database.read() as session:
        spam = session.exec(select(Ticket.id).where(Ticket.status == Status.QUARANTINED)).one()
    page = show(desk, spam)
    assert "In quarantine: it looks like spam" in html(page)
    page.button(key="td_let_in").click().run()
    assert "The agents are working on this ticket" in html(page) and desk.work
    with desk.database.transaction() as session:
        failed = desks.ticket(session, status=Status.FAILED, error="gpt timed out").id
    page = show(desk, failed)
    assert "gpt timed out" in html(page)
    page.button(key="td_retry").click().run()
    assert one(desk, Ticket, id=failed).status == Status.TRIAGING


@WITH_ARTICLES
def test_a_person_writes_when_no_draft_waits(desk: Any) -> None:
    with desk.database.transaction() as session:
        number = desks.ticket(session, status=Status.REJECTED).id
    page = show(desk, number)
    write(page, number, "By hand.").run()
    page.button(key="td_write").click().run()
    assert one(desk, Draft, ticket_id=number).body == "By hand." and "written by you" in html(page)
    assert "draft rejected" not in html(page) and "waits for a decision" in html(page)
    page.button(key="td_approve").click().run()
    assert one(desk, Outbox, ticket_id=number).body == "By hand."


def test_a_saved_reply_that_was_called_and_not_chosen_is_asked_about_once(desk: Any) -> None:
    number = put(desk)
    page = show(desk, number)
    page.button(key="td_edit").click().run()
    write(page, number, "My own words. ::refund-late").run()
    page.button(key="td_approve").click().run()
    assert "A saved reply was not chosen" in html(page) and "::refund-late" in html(page)
    with desk.database.read() as session:
        assert session.exec(select(Outbox)).all() == []
    page.button(key="td_approve").click().run()
    assert one(desk, Outbox, ticket_id=number).body == "My own words. ::refund-late"


def test_a_blocked_action_shows_its_dossier_and_takes_signatures(desk: Any) -> None:
    number = put(desk, approver="manager")
    with desk.database.transaction() as session:
        action = BlockedAction(ticket_id=number, action="issue_refund", rule="payments", amount="49 EUR", target="card 4242")
        session.add(action)
        session.flush()
        key = action.id
    staff = show(desk, number)
    assert "Blocked: Refund of €49.00 · card 4242" in html(staff) and "needs 2 more signatures" in html(staff)
    staff.button(key=f"td_dossier_{key}").click().run()
    assert "Two managers sign this" in html(staff) and f"td_grant_{key}" not in keys_of(staff)
    manager = show(desk, number, Role.MANAGER)
    manager.button(key=f"td_dossier_{key}").click().run()
    assert f"td_grant_{key}" in keys_of(manager)
    with desk.database.transaction() as session:
        session.get_one(Ticket, number).status = Status.RESOLVED
    closed = html(show(desk, number))
    assert "nobody has to sign any more" in closed and "more signature" not in closed
    with desk.database.read() as session:
        assert session.exec(select(SignOff)).all() == []


def test_no_ticket_a_wrong_address_and_an_ended_session(desk: Any) -> None:
    assert "No such ticket" in html(show(desk, 999))
    assert "No such ticket" not in html(opened(desk, "inbox.py", Role.STAFF, ticket="<b>"))
    page = AppTest.from_file(str(Path(pages.__file__).with_name("inbox.py")))
    page.run()
    assert "not signed in" in page.warning[0].value and not page.button


def test_the_navigation_shows_only_what_the_role_may_see(desk: Any) -> None:
    def links(role: Role) -> set[str]:
        page = opened(desk, "navigation.py", role)
        return {element.proto.label for element in page.get("page_link")}

    assert "Guardrails" not in links(Role.STAFF) and {"Inbox", "Knowledge"} <= links(Role.STAFF)
    assert {"Guardrails", "Settings"} <= links(Role.MANAGER)


def test_the_queue_is_drawn_from_plain_values(desk: Any) -> None:
    put(desk, approver="manager")
    with desk.database.read() as session:
        staff = person(desk, Role.STAFF)
        page = inbox.listing(session, staff)
        props = queue.props(
            queue.Asked(View.NEEDS, "", 1, None), page, inbox.arriving(session, staff), inbox.counts(session, staff)
        )
    assert props["rows"][0]["chips"] == [("manager", "b"), ("1 unsupported", "w")] and props["range"] == "1–1 of 1"
    assert [row["due"] for row in props["arriving"]] == ["just arrived", "just arrived"]
    assert [chip["view"] for chip in props["chips"] if chip["on"]] == ["needs"]


def test_a_queue_that_is_empty_while_agents_work_says_so(desk: Any) -> None:
    page = opened(desk, "inbox.py", Role.STAFF)
    assert "Agents at work" in html(page) and "Nothing is open" not in html(page)
    with desk.database.read() as session:
        staff = person(desk, Role.STAFF)
        props = queue.props(
            queue.Asked(View.NEEDS, "", 1, None), inbox.listing(session, staff), inbox.arriving(session, staff), {}
        )
    assert props["empty"]["title"] == "Agents at work" and props["empty"]["busy"] and props["arriving"]


def test_the_queue_is_read_once_a_visit_and_again_when_somebody_else_did_something(desk: Any, monkeypatch: Any) -> None:
    put(desk)
    reads, listing, claim = list[View](), inbox.listing, work.claim

    def counted(session: Any, user: Any, view: View, **asked: Any) -> Any:
        reads.append(view)
        return listing(session, user, view, **asked)

    def beside(session: Any, *claimed: Any) -> Any:
        audit.append(session, "opened", actor="user:99")
        return claim(session, *claimed)

    monkeypatch.setattr(inbox, "listing", counted)
    page = opened(desk, "inbox.py", Role.STAFF)
    assert page.query_params["ticket"] and len(reads) == 1
    assert page.run() and len(reads) == 1
    with desk.database.transaction() as session:
        audit.append(session, "opened", actor="user:99")
    assert page.run() and len(reads) == 2
    put(desk)
    monkeypatch.setattr(work, "claim", beside)
    assert opened(desk, "inbox.py", Role.MANAGER) and len(reads) == 4


def test_the_next_ticket_is_marked_ahead_by_its_texts_alone(desk: Any, monkeypatch: Any) -> None:
    put(desk)
    put(desk)
    wishes = list[tuple[str, Any]]()
    monkeypatch.setattr(desk.ahead, "want", lambda who, work: wishes.append((who, work)))
    page = opened(desk, "inbox.py", Role.MANAGER)
    here, below = (int(number) for number in page.session_state["td_order"][:2])
    assert page.query_params["ticket"] == str(here) and len(wishes) == 1
    assert page.run() and len(wishes) == 1  # once for each next ticket
    with desk.database.transaction() as session:
        draft = session.exec(select(Draft).where(Draft.ticket_id == below)).one()
        draft.citations = [draft.citations[0] | {"text": f"{CARE} Number {below}."}]
    wishes[0][1]()
    made = marks._passage.cache_info().misses
    page.query_params["ticket"] = str(below)
    page.run()
    assert f'Number <b class="td-fig" data-fig="{below}">' in html(page)
    assert marks._passage.cache_info().misses == made
    looked = xray._part.cache_info().misses
    wishes[0][1]()
    assert xray._part.cache_info().misses == looked  # nobody flagged it
    with desk.database.transaction() as session:
        session.add(GuardVerdict(ticket_id=below, stage="input", rule="injection", verdict="flag"))
    wishes[0][1]()
    assert xray._part.cache_info().misses > looked


def shortcut(page: AppTest, key: str) -> str:
    return str(page.button(key=key).proto.shortcut)


def test_the_sending_key_belongs_to_the_form_that_is_open(desk: Any) -> None:
    page = show(desk, put(desk))
    assert shortcut(page, "td_approve") == "ctrl+enter"
    for button in ("td_changes", "td_note", "td_snooze", "td_assign", "td_reject", "td_escalate"):
        page.button(key=button).click().run()
        assert shortcut(page, "td_submit") == "ctrl+enter" and not shortcut(page, "td_approve"), button
    page.button(key="td_cancel").click().run()
    assert shortcut(page, "td_approve") == "ctrl+enter"


def approved(page: AppTest) -> str:
    """The ticket that is open after this one was approved."""
    acknowledge(page).button(key="td_approve").click().run()
    return "".join(page.query_params["ticket"])


def test_what_stands_below_is_next_and_a_search_without_more_gives_way_to_the_queue(desk: Any) -> None:
    first, second, third = put(desk), put(desk), put(desk)
    assert approved(show(desk, second)) == str(third)
    assert approved(show(desk, third)) == str(first)
    other = put(desk, body="Dear Tom,\n\nUse ClearCal every three months. It ships on Friday.", email="tom@other.example")
    page = show(desk, other, find="tom@other.example")
    assert approved(page) == str(first)
    assert "find" not in page.query_params


def test_why_tells_the_story_of_the_run_to_whoever_may_see_it(desk: Any) -> None:
    assert "Open in Traces" in html(show(desk, 1)) and "/traces?run=mine" in html(show(desk, 1))
    with desk.database.transaction() as session:
        ticket = session.get_one(Ticket, 2)
        ticket.claimed_by, ticket.claimed_until = person(desk, Role.MANAGER).id, now() + timedelta(minutes=1)
        session.add(ticket)
    elsewhere = html(show(desk, 2))
    assert "/traces?run=other" not in elsewhere and "td-step" in elsewhere


@pytest.mark.parametrize("kind", ["holding", "clarify"])
def test_only_a_reply_claims_to_answer_questions(kind: str) -> None:
    draft = Draft(ticket_id=1, episode_id=1, plan={"questions": ["When?"]}, kind=kind)
    assert "answers" not in draft_card.title(draft)
    draft.kind = "reply"
    assert "answers 1 of 1 question" in draft_card.title(draft)


@given(st.text())
def test_text_never_opens_an_element(text: str) -> None:
    made = str(tag("p", text, title=text))
    assert made.count("<") == 2 and made.count(">") == 2
    assert made.count('"') == 2


@given(st.text(alphabet="[]()<>*_`:!#@$\\ wx.j"))
def test_a_label_has_no_live_markdown(text: str) -> None:
    label = plain(text)
    for mark in "[]<>*_`:!#@$":
        assert label.count(mark) == label.count("\\" + mark)


def test_a_difference_shows_what_went_and_what_came() -> None:
    made = str(difference.inline("It is <b>free</b> today.", "It is <b>free</b> tomorrow."))
    assert "<del>today.</del>" in made and "<ins>tomorrow.</ins>" in made and "<b>" not in made


@pytest.mark.parametrize(
    ("ways", "first"),
    [
        (["in"], 0),
        (["in", "in"], 0),
        (["in", "out"], 0),
        (["in", "out", "in"], 2),
        (["in"] * 5, 2),
        (["in", "out", "in", "out", "note"], 2),
        ([], 0),
    ],
)
def test_what_waits_for_an_answer_is_open(ways: list[str], first: int) -> None:
    assert conversation._first_open(ways) == first


def test_history_speaks_in_sentences() -> None:
    def event(kind: str, **data: object) -> AuditEvent:
        return AuditEvent(actor="user:7", kind=kind, data=data, previous_hash="", hash="")

    people = {7: "Nadia", 8: "Sam"}
    assert (
        history.say(event("decision", decision="approve", version=2, edited=True), people)
        == "Nadia approved draft 2 after editing it"
    )
    assert history.say(event("assigned", to=8), people) == "Nadia gave it to Sam"
    assert history.say(event("status", to="escalated", reason="low_confidence"), people).endswith(
        "“escalated”: the agents are unsure"
    )
    assert history.say(event("something_new"), people) == "Nadia something new"


def test_what_is_known_of_a_customer_is_words() -> None:
    profile = [{"subject": "The bird", "category": "advice", "closed": "2026-03-02"}, {"subject": "<b>"}]
    assert customer._value(profile) == "<div>The bird, category advice, closed 2026-03-02</div><div>&lt;b&gt;</div>"
    assert (
        customer._value({"plan": "Taster", "status": "active"}) == "Taster, status active" and customer._value(["a", 2]) == "a, 2"
    )


def test_a_passage_is_shown_without_its_marks() -> None:
    assert "Start Machine › Care" in str(evidence._quote("4. Start **Machine › Care** in the app"))


def test_a_long_passage_unfolds() -> None:
    assert "whole passage" in str(evidence._quote("word " * 200)) and "<" not in str(evidence._quote("short"))[5:-7].replace(
        'class="td-text">', ""
    )


def test_landing_where_others_have_all_that_is_listed_open_claims_nothing_on_the_next_page(desk: Any) -> None:
    numbers = [put(desk) for _ in range(inbox.PAGE + 1)]
    manager = person(desk, Role.MANAGER)
    with desk.database.transaction() as session:
        for number in numbers[:-1]:
            assert work.claim(session, manager, number) is None
    page = opened(desk, "inbox.py", Role.STAFF, view="needs")
    assert page.query_params["ticket"] in (str(numbers[0]), [str(numbers[0])])
    assert one(desk, Ticket, id=numbers[-1]).claimed_by is None
