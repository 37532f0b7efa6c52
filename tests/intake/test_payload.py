"""Tickets as JSON, and the files they carry."""

import base64
import io

import pytest
from pydantic import ValidationError
from pypdf import PdfWriter

from triage.intake.attachments import MOST_FILES, accept, pdf_text, refuse_rest, safe_name
from triage.intake.message import IncomingFile
from triage.intake.payload import TicketPayload
from triage.settings import Settings, load_settings


@pytest.mark.parametrize(
    ("value", "subject", "body", "email", "name"),
    [
        ({"subject": "S", "body": "B", "from": "Ada <ada@quill.example>"}, "S", "B", "ada@quill.example", "Ada"),
        (
            {"text": {"subject": None, "body": "B"}, "from": {"name": "Ada", "address": "ADA@quill.example"}},
            "",
            "B",
            "ada@quill.example",
            "Ada",
        ),
        ({"text": "B", "from": None, "unknown": 1}, "", "B", "", ""),
        ({"id": 7, "body": "B", "subject": None}, "", "B", "", ""),
        ({"html": "<p>B</p><p hidden>x</p>"}, "", "B", "", ""),
        ({"body": "B", "from": "+44 555 0100"}, "", "B", "", "+44 555 0100"),
    ],
)
def test_every_way_to_write_a_ticket(
    defaults: Settings, value: dict[str, object], subject: str, body: str, email: str, name: str
) -> None:
    got = TicketPayload.model_validate(value).incoming(defaults)
    assert (got.subject, got.body, got.sender_email, got.sender_name) == (subject, body, email, name)
    assert got.channel == "api" and got.quarantine is None


@pytest.mark.parametrize(
    "value",
    [
        [],
        "text",
        {"body": 1},
        {"body": "B", "from": "a@b@c"},
        {"body": "B", "from": 5},
        {"body": "B", "channel": "E Mail"},
        {"body": "B", "sent_at": "2026-05-01T10:00:00"},
        {"body": "x" * 5_000_001},
    ],
)
def test_what_cannot_be_used_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        TicketPayload.model_validate(value)


def test_half_surrogates_and_nul_do_not_get_through(defaults: Settings) -> None:
    got = TicketPayload.model_validate({"id": "a\x00", "body": "B\x00\ud800", "subject": "\udfff"}).incoming(defaults)
    assert (got.source_id, got.body, got.subject) == ("a", "B", "")


def test_files_in_base64(defaults: Settings) -> None:
    data = base64.b64encode(b"error E6").decode()
    files = [{"filename": "../a.txt", "content_type": "text/plain", "data": data}, {"filename": "b.txt", "data": "%%%"}]
    got = TicketPayload.model_validate({"body": "B", "attachments": files}).incoming(defaults)
    assert [(f.filename, f.text, f.refused) for f in got.attachments] == [
        ("a.txt", "error E6", None),
        ("b.txt", "", "The file is not valid base64."),
    ]


def test_an_absence_notice_by_wording(defaults: Settings) -> None:
    got = TicketPayload(subject="Out of office: Re: your order", body="I am away.").incoming(defaults)
    assert (got.quarantine, got.auto) == ("auto_reply", True)


@pytest.mark.parametrize(
    ("name", "kind", "data", "why"),
    [
        ("a.exe", "image/png", b"MZ", "program"),
        ("a.png", "image/png", b"no image", "not one"),
        ("a.pdf", "application/pdf", b"hello", "not one"),
        ("a.svg", "image/svg+xml", b"<svg/>", ".svg"),
        ("invoice.pdf.js", "application/pdf", b"%PDF", ".js"),
        ("a.txt", "text/plain", b"", "empty"),
        ("a.zip", "application/zip", b"PK", ".zip"),
        ("a.txt", "text/plain", b"x" * 2000, "Larger"),
        ("x\u202etxt.exe", "text/plain", b"a", ".exe"),
    ],
)
def test_files_that_are_refused(defaults: Settings, name: str, kind: str, data: bytes, why: str) -> None:
    got = accept(name, kind, data, load_settings(home=defaults.home, attachment_limit=1000))
    assert got.refused is not None and why in got.refused
    assert (got.data, got.size) == (b"", len(data))


@pytest.mark.parametrize(
    ("name", "kind", "safe"),
    [
        ("/etc/passwd.txt", "", "passwd.txt"),
        ("C:\\x\\a.png", "", "a.png"),
        ("", "image/png", "attachment.png"),
        ("a\nb<c>.txt", "", "a_b_c_.txt"),
        ("..", "", "attachment"),
        ("x" * 300 + ".pdf", "", "x" * 116 + ".pdf"),
        ("photo", "image/jpeg", "photo.jpg"),
    ],
)
def test_file_names_are_made_safe(name: str, kind: str, safe: str) -> None:
    assert safe_name(name, kind) == safe


def test_too_many_files() -> None:
    files = refuse_rest(
        [IncomingFile(filename=f"{n}.txt", content_type="text/plain", data=b"x", size=1) for n in range(MOST_FILES + 2)]
    )
    assert [f.refused is not None for f in files].count(True) == 2
    assert files[-1].data == b""


def test_text_of_a_pdf_is_read_in_a_child_process() -> None:
    assert "Hello from a PDF" in pdf_text(_pdf("Hello from a PDF"))
    assert pdf_text(b"%PDF-1.4 broken") == ""
    assert pdf_text(_pdf("slow"), seconds=0.01) == ""


def _pdf(text: str) -> bytes:
    from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

    writer = PdfWriter()
    page = writer.add_blank_page(300, 100)
    stream = DecodedStreamObject()
    stream.set_data(f"BT /F1 12 Tf 10 50 Td ({text}) Tj ET".encode())
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    page[NameObject("/Contents")] = writer._add_object(stream)
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})})
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
