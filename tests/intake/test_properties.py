"""Whatever bytes come: no error, storable text, and the same result twice."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.homes import fresh
from triage.database import Database
from triage.intake import Incoming, receive
from triage.intake.mail import parse_mail
from triage.intake.quoting import split
from triage.intake.visible import render
from triage.settings import Settings, load_settings

from .mails import mail

SETTINGS = load_settings(home=Path(tempfile.gettempdir()))
HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "References",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Reply-To",
    "Received",
    "Auto-Submitted",
    "Content-Disposition",
    "Authentication-Results",
    "List-Id",
    "Return-Path",
    "MIME-Version",
]
VALUES = st.one_of(
    st.binary(max_size=60),
    st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from(
        [
            b"multipart/mixed; boundary=x",
            b'multipart/alternative; boundary=""',
            b"text/html; charset=utf-16",
            b"text/plain; charset=\x00",
            b"base64",
            b"quoted-printable",
            b"uuencode",
            b"message/rfc822",
            b"message/delivery-status",
            b"=?utf-8?b?////?=",
            b"=?x?q?=FF?= <a@b.c>",
            b"a@b.c, <>, (",
            b"<",
            b"attachment; filename*=utf-8''%ff%00; filename*0*=x",
            b"multipart/report; report-type=*0",
            b"Fri, 32 Foo 99999 99:99:99 +9999",
            b"text/html",
        ]
    ),
)
MAILS = st.builds(
    lambda head, body: b"".join(name.encode() + b": " + value + b"\n" for name, value in head) + b"\n" + body,
    st.lists(st.tuples(st.sampled_from(HEADERS), VALUES), max_size=10),
    st.one_of(
        st.binary(max_size=300),
        st.sampled_from(
            [b"--x\n\n<p>a\n--x\nContent-Type: text/html\n\n<b>\n--x--", b"--x\n--x\n--x--", b"begin 644 a\n#0V%T\n`\nend"]
        ),
    ),
)


def _check(got: Incoming, raw: bytes) -> None:
    assert got.raw == raw
    for text in (
        got.subject,
        got.body,
        got.quoted,
        got.hidden,
        got.signature,
        got.sender_name,
        got.sender_email,
        got.message_id or "",
        *got.references,
    ):
        assert "\x00" not in text
        text.encode("utf-8")
    assert got.sender_email or got.quarantine is not None


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=2000))
def test_parse_mail_never_raises_on_bytes(raw: bytes) -> None:
    _check(parse_mail(raw, SETTINGS), raw)


@settings(max_examples=250, deadline=None)
@given(MAILS)
def test_parse_mail_never_raises_on_mangled_mail(raw: bytes) -> None:
    _check(parse_mail(raw, SETTINGS), raw)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400), st.booleans())
def test_splitting_and_rendering_never_raise(text: str, reply: bool) -> None:
    parts = split(text, reply=reply)
    assert not text.strip() or "".join(parts).strip()
    render(text)
    render(f"<div style='{text}'>{text}</div><style>{text}</style>")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.one_of(
            MAILS,
            st.sampled_from(
                [mail("Where is it?"), mail("Where is it?", Message_ID="<2@x>"), mail("No.", In_Reply_To="<one@quill.example>")]
            ),
        ),
        max_size=6,
    )
)
def test_receiving_twice_is_receiving_once(raws: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        here = load_settings(home=Path(folder))
        database = fresh(here)
        try:
            first = [_receive(database, here, raw) for raw in raws]
            again = [_receive(database, here, raw) for raw in raws]
        finally:
            database.close()
    for raw, one, two in zip(raws, first, again, strict=True):
        assert (two[0], two[2]) == (one[0], True), raw
    assert sum(queued for *_, queued in again) == 0


def _receive(database: Database, here: Settings, raw: bytes) -> tuple[int, str, bool, int]:
    queue: list[int] = []
    with database.transaction() as session:
        got = receive(session, parse_mail(raw, here), here, enqueue=lambda _session, ticket: queue.append(ticket.id or 0))
    return got.ticket_id, got.outcome, got.again, len(queue)
