"""`triage process` and `triage approve`: every line in gives a line out, with the fields that were promised."""

import json
import mailbox
import os
import re
import signal
import subprocess
import sys
import time
from email.message import EmailMessage
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from tests.cli.conftest import Run

# typer asks click for names that click is about to move
pytestmark = pytest.mark.filterwarnings("ignore:'click:DeprecationWarning")
Share = Annotated[float, Field(ge=0, le=1)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Sentence(Strict):
    text: str
    kind: Literal["fact", "courtesy", "question", "step"]
    supported: bool
    passages: list[str]


class Draft(Strict):
    subject: str
    body: str
    sentences: list[Sentence]


class Citation(Strict):
    passage: str
    article: str
    title: str


class Blocked(Strict):
    action: str
    rule: str
    target: str
    amount: str


class Guard(Strict):
    stage: Literal["input", "output", "action"]
    verdict: Literal["allow", "flag", "block"]
    findings: list[dict[str, Any]]


class Usage(Strict):
    model_calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    model: str


class Line(Strict):
    """A line of `triage process`, as the documentation of the command promises it."""

    id: str
    status: Literal["awaiting_approval", "escalated", "needs_info", "quarantined", "failed"]
    reason: str | None
    category: str
    priority: Literal["low", "normal", "high", "urgent"]
    sentiment: Literal["negative", "neutral", "positive"]
    language: Annotated[str, Field(pattern="^([a-z]{2}|und)$")]
    duplicate_of: str | None
    confidence: Share
    approver: Literal["staff", "manager"]
    draft: Draft | None
    citations: list[Citation]
    blocked_actions: list[Blocked]
    guard: list[Guard]
    usage: Usage
    seconds: Annotated[float, Field(ge=0)]
    run: str | None
    error: str | None


def lines(path: Path) -> list[Line]:
    return [Line.model_validate_json(text) for text in path.read_text().splitlines()]


def ticket(name: str, body: str, **more: Any) -> str:
    return json.dumps({"id": name, "subject": "Kettle", "body": body, "from": f"{name}@customer.example", **more})


TICKETS = [
    ticket("plain", "How do I descale my kettle with Kalkweg?"),
    ticket("refund", "I sent my order back. Please refund the 49.00 EUR to my card."),
    ticket("threat", "My lawyer will sue you in court next week."),
    "this is no JSON",
    ticket("german", "Wie entkalke ich meinen Wasserkocher? Danke und viele Grüße aus Hamburg"),
    json.dumps({"id": "wrong", "body": 5}),
    ticket("again", "How do I descale my kettle with Kalkweg?", **{"from": "plain@customer.example"}),
]


def test_tickets_from_a_file_are_worked_on_decided_and_never_twice(run: Run, shelf: Path, tmp_path: Path) -> None:
    source, out, home = tmp_path / "in.jsonl", tmp_path / "out" / "lines.jsonl", tmp_path / "home"
    source.write_text("\n".join(TICKETS) + "\n")
    ended = run("process", "--tickets", source, "--kb", shelf, "--out", out, "--home", home)
    assert ended.code == 0, ended.err
    got = {line.id: line for line in lines(out)}
    assert list(got) == ["plain", "refund", "threat", "line-4", "german", "wrong", "again"]
    plain = got["plain"]
    assert (
        plain.status == "awaiting_approval"
        and plain.draft
        and "Kalkweg" in plain.draft.body
        and plain.citations[0].article == "descaling"
    )
    assert plain.usage.model == "offline" and plain.usage.model_calls == 4 and plain.run
    assert [(b.rule, b.amount) for b in got["refund"].blocked_actions] == [("payments", "49.00 EUR")] and got[
        "refund"
    ].approver == "manager"
    assert (got["threat"].status, got["threat"].reason, got["threat"].approver) == ("escalated", "policy_restriction", "manager")
    assert (
        "not a line of JSON" in (got["line-4"].error or "")
        and "body" in (got["wrong"].error or "")
        and got["wrong"].status == "failed"
    )
    assert got["german"].language == "de" and got["again"].duplicate_of == "plain"

    again = tmp_path / "again.jsonl"
    assert run("process", "--tickets", source, "--out", again, "--home", home).code == 0
    assert [(line.id, line.status, line.run) for line in lines(again)] == [
        (line.id, line.status, line.run) for line in got.values()
    ]
    _decide(run, home, tmp_path)


def _decide(run: Run, home: Path, tmp_path: Path) -> None:
    decisions, out = tmp_path / "decisions.jsonl", tmp_path / "decided.jsonl"
    wanted = [
        {"id": "plain", "decision": "approve", "body": "Use Kalkweg."}, {"id": "refund", "decision": "reject", "reason": "against policy"},
        {"id": "german", "decision": "request_changes", "reason": "shorter"}, {"id": "nobody", "decision": "approve"},
        {"id": "threat", "decision": "burn"},
    ]  # fmt: skip
    decisions.write_text("\n".join([*map(json.dumps, wanted), "no JSON"]) + "\n")
    for _ in range(2):  # the second time decides nothing again
        ended = run("approve", "--decisions", decisions, "--out", out, "--home", home)
        assert ended.code == 0, ended.err
        got = [json.loads(text) for text in out.read_text().splitlines()]
        assert [(line["id"], line["status"]) for line in got[:2]] == [("plain", "delivered"), ("refund", "rejected")]
        assert got[2]["id"] == "german" and got[2]["status"] in ("awaiting_approval", "escalated")
        assert "no ticket with the id 'nobody'" in got[3]["error"] and "choose one of approve" in got[4]["error"]
        assert got[4]["status"] == "escalated" and got[5]["id"] is None and "not JSON" in got[5]["error"]
        mails = list(mailbox.Maildir(home / "mail" / "sent", factory=None, create=False))
        assert [mail.get_payload().strip() for mail in mails] == ["Use Kalkweg."]


def _mail(name: str, body: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"{name}@customer.example", "support@larkfield.example", "Kettle"
    mail["Message-ID"] = f"<{name}@customer.example>"
    mail.set_content(body)
    return mail


def test_mails_from_a_folder_and_from_an_mbox(run: Run, shelf: Path, tmp_path: Path) -> None:
    folder, home = tmp_path / "mails", tmp_path / "home"
    folder.mkdir()
    (folder / "one.eml").write_bytes(_mail("one", "How do I descale my kettle?").as_bytes())
    (folder / "two.eml").write_bytes(b"\x00\xff this is no mail \x00")
    out = tmp_path / "out.jsonl"
    assert run("process", "--tickets", folder, "--kb", shelf, "--out", out, "--home", home).code == 0
    assert next((line.id, line.status) for line in lines(out)) == ("one", "awaiting_approval")
    assert lines(out)[1].id == "two" and lines(out)[1].status in ("quarantined", "needs_info")
    box = mailbox.mbox(str(tmp_path / "box.mbox"))
    for name in ("three", "four"):
        box.add(_mail(name, f"How do I pair kettle {name} with the app?"))
    box.close()
    ended = run("process", "--tickets", tmp_path / "box.mbox", "--out", "-", "--home", home)
    assert ended.code == 0, ended.err
    assert [Line.model_validate_json(text).id for text in ended.out.splitlines()] == ["box-1", "box-2"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("process", "--tickets", "nowhere.jsonl", "--out", "-"), "nowhere.jsonl"), (("process", "--out", "-"), "--tickets"),
        (("process", "--tickets", "EMPTY", "--out", "-"), ".eml"), (("approve", "--decisions", "nowhere.jsonl", "--out", "-", "--home", "HOME"), "nowhere.jsonl"),
        (("no-such-command",), "no-such-command"), (("process", "--tickets", "EMPTY", "--out", "-", "--concurrency", "0"), "concurrency"),
    ],
)  # fmt: skip
def test_bad_usage_ends_with_two_and_says_what_is_wrong(run: Run, tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    (tmp_path / "empty").mkdir()
    ended = run(*(word.replace("EMPTY", str(tmp_path / "empty")).replace("HOME", str(tmp_path / "h")) for word in words))
    assert ended.code == 2 and says in re.sub(r"\x1b\[[0-9;]*m", "", ended.err) and ended.out == ""


@pytest.mark.slow
def test_a_killed_run_goes_on_and_writes_every_line(run: Run, shelf: Path, tmp_path: Path) -> None:
    source, out, home = tmp_path / "in.jsonl", tmp_path / "out.jsonl", tmp_path / "batch"
    source.write_text("\n".join(ticket(f"t{n}", f"How do I descale kettle number {n}?") for n in range(20)) + "\n")
    command = [
        sys.executable,
        "-m",
        "triage.cli.main",
        "process",
        "--tickets",
        source,
        "--kb",
        shelf,
        "--out",
        out,
        "--home",
        home,
    ]
    child = subprocess.Popen([*map(str, command), "--concurrency", "2"], env=os.environ, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 240
    while not out.exists() or out.read_text().count("\n") < 4:
        assert child.poll() is None and time.monotonic() < end, child.communicate()[1]
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    done = {line.id: line.run for text in [out.read_text()] for line in map(Line.model_validate_json, text.splitlines()[:4])}
    ended = run("process", "--tickets", source, "--out", out, "--home", home)
    assert ended.code == 0, ended.err
    got = lines(out)
    assert [line.id for line in got] == [f"t{n}" for n in range(20)] and {line.status for line in got} == {"awaiting_approval"}
    assert {line.id: line.run for line in got if line.id in done} == done and {line.usage.model_calls for line in got} == {4}
