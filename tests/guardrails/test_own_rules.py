"""Rules that administrators write: what they match, what they refuse, and that they can neither be slow nor fail open."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.errors import InputError
from triage.guardrails import own_rules
from triage.guardrails.verdicts import GUARD_FAILURE
from triage.models import EscalationReason


def rule(*phrases: str, **changes: Any) -> dict[str, Any]:
    return {"name": "Recall", "stage": "input", "effect": "flag", "phrases": list(phrases), **changes}


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("recall notice", "I got your RECALL\n notice today", "RECALL\n notice"), ("recall notice", "recalled notices", None),
        ("recall*", "it was recalled", "recalled"), ("*pump", "the waterpump leaks", "waterpump"), ("lead p?int", "Lead paint!", "Lead paint"),
        ("café", "the CAFE model", "CAFE"), ("e-mail me", "please e-mail me", "e-mail me"), ("fuß*ler", "Fußballspieler", "Fußballspieler"),
        ("$50 off", "get $50 off", "$50 off"), ("pump", "pum", None),
    ],
)  # fmt: skip
def test_words_and_wildcards(phrase: str, text: str, found: str | None) -> None:
    said = own_rules.verdicts(text, [rule(phrase)], "input")
    assert [text[v.findings[0].start : v.findings[0].end] for v in said] == ([found] if found else [])


def test_the_effect_depends_on_the_stage() -> None:
    escalating = rule("refund", effect="escalate")
    (said,) = own_rules.verdicts("A refund please", [escalating, rule("refund", name="Out", stage="output")], "input")
    assert (said.rule, said.verdict, said.escalation) == ("own:Recall", "flag", EscalationReason.POLICY_RESTRICTION)
    (said,) = own_rules.verdicts("We grant a refund", [{**escalating, "stage": "output"}], "output")
    assert (said.verdict, said.escalation) == ("block", EscalationReason.GUARDRAIL_BLOCK) and "“Recall”" in said.why
    both = own_rules.verdicts("refund and recall", [rule("refund"), rule("recall", name="Second", effect="escalate")], "input")
    assert [(one.rule, one.escalation is not None) for one in both] == [("own:Recall", False), ("own:Second", True)]


def test_the_place_is_that_in_its_own_part() -> None:
    raw = [rule("recall"), rule("pump", name="Pump")]
    found = [v.findings[0] for v in own_rules.verdicts("My pump leaks", raw, "input", subject="The recall")]
    assert [(one.part, one.start, one.end) for one in found] == [("subject", 4, 10), ("body", 3, 7)]


@pytest.mark.parametrize(
    "raw",
    [
        rule(), rule("a*"), rule("*"), rule("a*b*c word"), rule("x" * 121), rule("aa* bb* cc* dd* ee*"), rule("pump", name=""), rule("pump", name="<b>"),
        rule("pump", stage="action"), rule("pump", effect="allow"), {"name": "x"}, "pump", rule(*[f"word{n}" for n in range(101)]),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_when_it_is_saved(raw: Any) -> None:
    with pytest.raises(InputError):
        own_rules.parse([raw])


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(InputError, match="Two rules"):
        own_rules.parse([rule("pump"), rule("leak", name="recall")])


@pytest.mark.parametrize("broken", [["pump"], [rule()], [{"stage": "input"}]])
def test_rules_that_cannot_be_read_block(broken: Any) -> None:
    said = own_rules.verdicts("anything", broken, "input")
    assert [(v.rule, v.verdict) for v in said] == [(GUARD_FAILURE, "block")]


def test_no_text_makes_a_rule_slow() -> None:
    raw = [
        rule(*[f"aa{n}*ab aa*ab *aaab aaa?aab" for n in range(20)], "aa*ab aa*ab", "a" * 60 + "*b", name=f"R{n}")
        for n in range(10)
    ]
    own_rules.parse(raw)
    for text in ("a" * 50_000, "aaab " * 10_000, ("a" * 39 + " ") * 1_250, "aa0" + "aab aa" * 8_000):
        began = time.process_time()
        said = own_rules.verdicts(text, raw, "input")
        assert time.process_time() - began < 2 and all(v.rule != GUARD_FAILURE for v in said)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=4))
def test_every_accepted_rule_finds_a_place_in_the_text_or_nothing(text: str, phrases: list[str]) -> None:
    try:
        own_rules.parse([rule(*phrases)])
    except InputError:
        return
    for verdict in own_rules.verdicts(text, [rule(*phrases)], "input"):
        finding = verdict.findings[0]
        assert verdict.rule == "own:Recall" and 0 <= finding.start < finding.end <= len(text)
