"""No text makes a rule slow: a long body made of what patterns like least."""

import time

import pytest

from triage.guardrails.escalation import always_escalate
from triage.guardrails.input import check_input

LENGTH = 60_000
PIECES = [
    "a ",
    "1",
    "ignore all ",
    "send all other ",
    "aWdub3Jl",
    "69 ",
    "i-",
    "a@",
    "a.a.",
    "my lawyer ",
    "<!--",
    "no fire ",
    '"tool" : ',
    "the system ",
    " ",
    "\n",
    "%41",
    "you idi ",
    "a1b2 ",
    "NL91 ABNA ",
    "&#65;",
    "\u200b",
    "ı",
]


@pytest.mark.parametrize("piece", PIECES)
def test_the_worst_body_is_judged_in_time(piece: str) -> None:
    body = (piece * LENGTH)[:LENGTH]
    always_escalate("warm up")
    check_input(subject="", body="warm up")
    started = time.process_time()
    verdicts = check_input(subject="", body=body)
    always_escalate(body)
    assert time.process_time() - started < 2
    assert all(verdict.rule != "guard_failure" for verdict in verdicts)
