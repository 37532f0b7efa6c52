"""Files and the watched folder."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlmodel import Session, func, select

from triage.database import Database
from triage.errors import InputError
from triage.intake import Incoming
from triage.intake.files import probe, read
from triage.intake.folder import take_in
from triage.models import Message, Ticket
from triage.settings import Settings, load_settings

from .mails import mail

Enqueue = Callable[[Session, Ticket], None]


def test_a_folder_of_mails(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "b.eml").write_bytes(mail("second"))
    (tmp_path / "a.EML").write_bytes(mail("first"))
    (tmp_path / "notes.txt").write_text("not a mail")
    got = list(read(tmp_path, settings))
    assert [(name, item.body, item.source_id) for name, item in got if isinstance(item, Incoming)] == [
        ("a", "first", "a"),
        ("b", "second", "b"),
    ]


def test_json_lines_give_a_result_for_every_line(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "in.jsonl"
    good = json.dumps({"id": "x", "text": {"subject": None, "body": "Hi"}, "from": "ada@quill.example"})
    path.write_bytes(
        b"\xef\xbb\xbf"
        + good.encode()
        + b'\n\n{"id": "y", "body": 5}\nnot json\n[1]\n{"body": "no id"}\n\xff\xfe\n{"id": 9, "from": "a@b@c", "body": "z"}'
    )
    got = list(read(path, settings))
    assert [name for name, _ in got] == ["x", "y", "line-4", "line-5", "line-6", "line-7", "9"]
    assert [isinstance(item, Incoming) for _, item in got] == [True, False, False, False, True, False, False]
    assert str(got[1][1]) == f"{path}:3: body: Input should be a valid string."
    assert "address" in str(got[6][1])
    assert got[4][1].source_id == "in-line-6"  # type: ignore[union-attr]


def test_an_mbox(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "box"
    stamp = b"From ada@quill.example Fri Nov 20 09:00:00 2026\n"
    path.write_bytes(
        stamp
        + mail("one\n\n>From here on\nFrom inside a line stays\n")
        + b"\n"
        + stamp
        + mail("x" * 4000)
        + b"\n\n"
        + stamp
        + mail("three")
    )
    got = list(read(path, load_settings(home=settings.home, message_limit=2000)))
    assert [name for name, _ in got] == ["box-1", "box-2", "box-3"]
    first, second, third = (item for _, item in got if isinstance(item, Incoming))
    assert first.body == "one\n\nFrom here on\nFrom inside a line stays" and third.body == "three"
    assert second.quarantine == "oversized"


def test_paths_that_cannot_be_read(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "x.mbox").write_text("hello")
    for path in (tmp_path / "missing.jsonl", tmp_path / "x.mbox"):
        with pytest.raises(InputError, match=path.name):
            probe(path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"no \.eml"):
        read(tmp_path / "empty", settings)


def drop(settings: Settings, name: str, data: bytes, age: float = 60) -> Path:
    path = settings.folder("inbox") / name
    path.write_bytes(data)
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_the_inbox_folder(settings: Settings, database: Database, enqueue: Enqueue, queue: list[int]) -> None:
    drop(settings, "a.eml", mail("first matter"))
    drop(settings, "b.jsonl", b'{"id": "1", "body": "second matter, by JSON"}\n{"id": "1b", "body": 5}\n')
    drop(settings, "bad.jsonl", b"nonsense\n")
    drop(settings, "half.eml", mail("still written"), age=0)
    drop(settings, "half.part", mail("unfinished"))
    got = take_in(database, settings, enqueue)
    assert (len(got.receipts), len(got.refused), len(queue)) == (2, 2, 2)
    inbox = settings.home / "inbox"
    assert sorted(path.name for path in inbox.iterdir()) == ["done", "half.eml", "half.part", "refused"]
    assert [path.name for path in (inbox / "done").iterdir()] == ["a.eml"]
    assert sorted(path.name for path in (inbox / "refused").iterdir()) == [
        "b.jsonl",
        "b.jsonl.why.txt",
        "bad.jsonl",
        "bad.jsonl.why.txt",
    ]
    assert "b.jsonl:2" in (inbox / "refused" / "b.jsonl.why.txt").read_text()


def test_a_crash_before_the_file_is_moved_makes_no_double(
    settings: Settings, database: Database, enqueue: Enqueue, queue: list[int]
) -> None:
    for _ in range(2):
        drop(settings, "a.eml", mail("first matter"))
        drop(settings, "b.jsonl", b'{"id": "1", "body": "second matter"}\n')
        take_in(database, settings, enqueue)
    assert len(queue) == 2
    assert len(list((settings.home / "inbox" / "done").iterdir())) == 4
    with database.read() as session:
        assert session.exec(select(func.count()).select_from(Message)).one() == 2


def test_two_different_mails_under_one_name_are_two_tickets(
    settings: Settings, database: Database, enqueue: Enqueue, queue: list[int]
) -> None:
    for body, number in (("The first matter", "<1@x>"), ("Quite another one", "<2@x>")):
        drop(settings, "mail.eml", mail(body, Message_ID=number))
        take_in(database, settings, enqueue)
    assert len(queue) == 2
