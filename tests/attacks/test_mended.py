"""Holes that an attacker found once, each with what closes it now."""

import stat
from pathlib import Path

import pytest
from sqlmodel import select

from tests.desks import person, recorder_of, say, ticket, waiting_draft
from tests.homes import fresh
from triage import approval, delivery, replies
from triage.accounts import sessions, users
from triage.briefs import Evidence, Paragraph, Reply, Sentence
from triage.casefile import open_case
from triage.database import Database, open_database
from triage.delivery.letter import letter
from triage.errors import AccessError, ConflictError, SignedOut
from triage.guardrails.output import OutputCheck, check_output
from triage.guardrails.pii import find
from triage.handover import handed_over
from triage.intake import attachments
from triage.judging import Rules, screen
from triage.models import Decision, DecisionKind, Outbox, Role, Run, Status, User, now
from triage.recording import Recorder
from triage.runs import start_run
from triage.settings import Settings, load_settings
from triage.tickets import work

# ---- people whose rights change while a page is open ------------------------------------------------------


def test_a_new_role_ends_the_pages_drawn_for_the_old_one(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        person(session, Role.ADMIN, "Ines")
        manager = person(session, Role.MANAGER, "Mina")
        cookie = sessions.create(session, manager, settings=settings)
        users.set_role(session, manager, Role.STAFF, actor="user:1")
        with pytest.raises(SignedOut):
            sessions.load(session, cookie, settings)


@pytest.mark.parametrize("change", [{"role": Role.STAFF}, {"disabled_at": now()}])
def test_a_click_counts_with_the_rights_of_now_not_of_the_page(
    database: Database, settings: Settings, change: dict[str, object]
) -> None:
    with database.transaction() as session:
        manager = person(session, Role.MANAGER, "Mina")
        row = ticket(session, approver="manager")
        draft = waiting_draft(session, row, approver="manager")
        ticket_id, draft_id, seal = row.id or 0, draft.id or 0, draft.seal
    page_user = User.model_validate(manager.model_dump())  # what the open page still holds
    with database.transaction() as session:
        stored = session.get_one(User, manager.id)
        for name, value in change.items():
            setattr(stored, name, value)
        session.add(stored)
    steps = [
        lambda s: approval.decide(s, recorder_of([]), settings, page_user, draft_id, kind=DecisionKind.APPROVE, seal=seal),
        lambda s: approval.sign_off(s, page_user, 1, granted=True, comment="yes"),
        lambda s: work.resolve(s, page_user, ticket_id),
    ]
    for step in steps:
        with pytest.raises(AccessError), database.transaction() as session:
            step(session)


def test_somebody_switched_off_writes_and_undoes_nothing(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        staff = person(session)
        row = ticket(session)
        decision = approval.decide(
            session,
            recorder_of([]),
            settings,
            staff,
            (draft := waiting_draft(session, row)).id or 0,
            kind=DecisionKind.APPROVE,
            seal=draft.seal,
        )
        staff.disabled_at = now()
        session.add(staff)
        session.flush()
        with pytest.raises(AccessError):
            approval.undo(session, staff, decision.id or 0)
        with pytest.raises(AccessError):
            replies.write_reply(session, staff, row.id or 0, "My own words.")


# ---- a second message, a second reply ---------------------------------------------------------------------


@pytest.fixture
def sqlite(tmp_path: Path) -> Database:
    return fresh(load_settings(home=tmp_path / "home"))


async def test_a_second_message_does_not_hide_what_the_first_one_said(sqlite: Database, tmp_path: Path) -> None:
    with sqlite.transaction() as session:
        row = ticket(session, body="My lawyer will sue you; expect a letter from the court.")
        say(session, row, "By the way, how do I descale it?")
        run = session.get_one(Run, start_run(session, recorder_of([]), row))
        case = open_case(session, run, None, body_limit=10_000)
        rules, recorder = Rules.load(session, load_settings(home=tmp_path)), Recorder.load(session, sqlite, run.id)
    screening = await screen(case, recorder, rules)
    assert "legal_threat" in screening.signals and "lawyer" not in case.brief.body


def test_what_was_answered_is_not_guarded_again(sqlite: Database) -> None:
    with sqlite.transaction() as session:
        row = ticket(session, body="My lawyer will sue you.")
        answer = say(session, row, "We are sorry.")
        answer.direction = "out"
        say(session, row, "Thanks, all is well now.")
        run = session.get_one(Run, start_run(session, recorder_of([]), row))
        case = open_case(session, run, None, body_limit=10_000)
    assert case.unanswered == ()


def test_what_a_colleague_handed_over_stays_handed_over_until_it_is_answered(sqlite: Database, tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path)
    with sqlite.transaction() as session:
        staff, manager, row = person(session), person(session, Role.MANAGER, "Mina"), ticket(session)
        draft = waiting_draft(session, row)
        assert not handed_over(session, row)
        work.hand_to_manager(session, staff, row.id or 0, "please look")
        assert handed_over(session, row)
        approval.decide(session, recorder_of([]), settings, manager, draft.id or 0, kind=DecisionKind.APPROVE, seal=draft.seal)
        assert not handed_over(session, row)


def test_an_old_failed_reply_is_not_sent_over_a_newer_one(sqlite: Database, tmp_path: Path) -> None:
    with sqlite.transaction() as session:
        staff, row = person(session), ticket(session)
        draft = waiting_draft(session, row)
        approval.decide(
            session,
            recorder_of([]),
            load_settings(home=tmp_path),
            staff,
            draft.id or 0,
            kind=DecisionKind.APPROVE,
            seal=draft.seal,
        )
        outbox = session.exec(select(Outbox)).one()
        outbox.status, row.status = "failed", Status.FAILED
        session.add_all([outbox, row])
        replies.write_reply(session, staff, row.id or 0, "A better answer.")
        with pytest.raises(ConflictError, match="another reply"):
            delivery.retry(session, None, staff, outbox.id or 0)  # type: ignore[arg-type]
        assert session.exec(select(Decision)).one().kind == "approve"


def test_ids_that_would_break_a_header_are_left_out(tmp_path: Path) -> None:
    row = Outbox(
        ticket_id=1, recipient="ada@customer.example", subject="Re: x", body="Hello", message_id="<1@desk.example>", in_reply_to="<a\nBcc: eve@evil.example>",
        references=["<good@customer.example>", "<a\r\nX: y>", "no brackets", "<a> <b>"], key="k", created_at=now(),
    )  # fmt: skip
    mail = letter(row, load_settings(home=tmp_path))
    assert mail["In-Reply-To"] is None and mail["References"] == "<good@customer.example>" and mail["Bcc"] is None
    mail.as_bytes()


# ---- what may not leave, in disguise ----------------------------------------------------------------------

SOURCE = Evidence(
    id="a#1", article="a", version=1, title="Descaling", heading="", text="Fill the tank and press the button for five seconds."
)
LEAVES_NOT = [
    "4111\u200b1111\u200b1111\u200b1111", "4111.1111.1111.1111", "4111\u00a01111\u00a01111\u00a01111", "4111/1111/1111/1111", "4111_1111_1111_1111",
    "４１１１１１１１１１１１１１１１", "4111–1111–1111–1111", "3782.822463.10005", "de89370400440532013000", "DE89.3704.0044.0532.0130.00", "DE89\u200b370400440532013000",
    "eve\u200b@evil.example", "eve＠evil.example", "https://lаrkfield.example/login", "evil.shop", "login-larkfield.tk/x", "bit.ly/abc", "[here](//evil.museum/x)",
    "We will re\u200bfund you.", "We will rеfund you.", "A refund of the amount is on its way.", "The full amount goes back to your account.",
]  # fmt: skip


@pytest.mark.parametrize("text", LEAVES_NOT)
def test_a_disguise_does_not_help_it_out(text: str) -> None:
    said = Sentence(text=f"Please note: {text}", kind="courtesy", passages=[])
    check = OutputCheck(
        reply=Reply(subject="Re: x", paragraphs=[Paragraph(style="text", sentences=[said])]), ticket="My machine", evidence=[SOURCE],
        recipient="ada@customer.example", allowed_hosts=["larkfield.example"],
    )  # fmt: skip
    assert [verdict.rule for verdict in check_output(check) if verdict.blocked]


@pytest.mark.parametrize("text", [
    "Descale it every 2-3 months and/or when the light blinks.", "See https://help.larkfield.example/descaling.", "Order LK-2041-9933 of 12.11.2026.",
    "Use 1/2 cup, i.e. 120 ml, of ClearCal.", "Press Settings > Water. Then wait 20 seconds.", "Your tracking number is 3SABC 1234 5678 9012.",
])  # fmt: skip
def test_plain_sentences_pass(text: str) -> None:
    said = Sentence(text=text, kind="courtesy", passages=[])
    reply = Reply(subject="Re: x", paragraphs=[Paragraph(style="text", sentences=[said])])
    check = OutputCheck(
        reply=reply, ticket=text, evidence=[SOURCE], recipient="ada@customer.example", allowed_hosts=["larkfield.example"]
    )
    assert not [verdict.rule for verdict in check_output(check) if verdict.blocked]


def test_places_of_what_was_found_are_those_of_the_text_given() -> None:
    text = "Card 4111\u200b1111\u200b1111\u200b1111 end"
    [datum] = find(text)
    assert text[datum.start : datum.end].startswith("4111") and text[datum.start : datum.end].endswith("1111")


# ---- files ------------------------------------------------------------------------------------------------


def test_what_lies_in_the_home_folder_is_for_this_account_only(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path / "new" / "home")
    open_database(settings).close()
    settings.folder("mail/sent")
    for path in (tmp_path / "new", settings.home, settings.home / "mail", settings.home / "mail" / "sent"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    loose = tmp_path / "loose"
    loose.mkdir(mode=0o755)
    open_database(load_settings(home=loose)).close()
    assert stat.S_IMODE((loose / "triage.db").stat().st_mode) == 0o600


def test_many_slow_pdfs_share_one_patience(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []

    def slow(data: bytes, seconds: float) -> str:
        asked.append(seconds)
        return ""

    clock = iter(range(0, 10_000, 4))
    monkeypatch.setattr(attachments, "pdf_text", slow)
    monkeypatch.setattr(attachments.time, "monotonic", lambda: next(clock))
    patience, settings = attachments.Patience(), load_settings(home=tmp_path)
    got = [
        attachments.accept(f"{n}.pdf", "application/pdf", b"%PDF-1.7", settings, patience)
        for n in range(attachments.MOST_FILES + 1)
    ]
    assert asked[:6] == [10.0, 10.0, 10.0, 8.0, 4.0, 0.0] and not any(asked[5:])
    assert got[-1].refused and not got[0].refused
