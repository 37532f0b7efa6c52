"""What a person changed in a draft, and of which class each change is."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.learning.hunks import KINDS, changed_words, hunks, main_kind

CASES = [json.loads(line) for line in Path(__file__).with_name("edit_cases.jsonl").read_text("utf-8").splitlines()]
AROUND = "Keep the machine in a dry place."
SENTENCES = st.lists(
    st.sampled_from(
        ["Hello Ann,", "Open the lid.", "It takes 5 minutes.", "We are sorry.", "Use ClearCal twice a year.", "Kind regards", "Öffnen Sie die App."]
    ),
    max_size=8,
)  # fmt: skip


def classed(case: dict[str, str]) -> str:
    rows = [{"text": case["before"], "kind": case["kind"], "passages": []}] if case["kind"] else []
    return main_kind(hunks(f"{AROUND}\n{case['before']}\n", f"{AROUND}\n{case['after']}\n", rows))


@pytest.mark.parametrize(("part", "least"), [("tuned", 0.97), ("held", 0.9)])
def test_labelled_edits_get_their_class(part: str, least: float) -> None:
    cases = [case for case in CASES if case["set"] == part]
    wrong = [(case["class"], classed(case), case["before"], case["after"]) for case in cases if classed(case) != case["class"]]
    assert len(cases) >= 40
    assert 1 - len(wrong) / len(cases) >= least, wrong


def test_each_place_is_a_change_of_its_own_with_what_it_cites() -> None:
    draft = "Hi Ann,\n\nUse ClearCal every three months. It costs €9.\n\nKind regards"
    sent = "Hello Ann,\n\nUse ClearCal every two months. It costs €9.\n\nWe will refund you.\n\nKind regards"
    rows = [{"text": "Use ClearCal every three months.", "kind": "fact", "passages": ["descale#1"]}]
    found = hunks(draft, sent, rows, {"descale#1": "descale"})
    assert [(one.kind, one.before, one.after) for one in found] == [
        ("tone", "Hi Ann,", "Hello Ann,"),
        ("fact", "Use ClearCal every three months.", "Use ClearCal every two months."),
        ("policy", "", "We will refund you."),
    ]
    assert [one.article for one in found] == ["", "descale", ""]
    assert main_kind(found) == "policy"
    assert changed_words(found[1].before, found[1].after) == ("three", "two")


def test_a_sentence_in_the_place_of_another_is_one_change() -> None:
    rest = "Open the lid.\n\nRinse the tank."
    assert [(one.kind, one.before, one.after) for one in hunks(f"Hello,\n\n{rest}", f"Dear,\n\n{rest}")] == [
        ("tone", "Hello,", "Dear,")
    ]
    swapped = hunks("Hello,\nOpen the lid.\nThanks", "Dear,\nOpen the lid.\nCheers")
    assert [(one.before, one.after) for one in swapped] == [("Hello,", "Dear,"), ("Thanks", "Cheers")]
    apart = hunks(f"Hello,\n{rest}", f"{rest}\nCheers")  # at another place: one went, one came
    assert [(one.before, one.after) for one in apart] == [("Hello,", ""), ("", "Cheers")]
    several = hunks(f"Hello,\n{rest}", f"Dear,\nSorry!\n{rest}")  # nobody can tell which took the place
    assert {(one.before, one.after) for one in several} == {("Hello,", ""), ("", "Dear,"), ("", "Sorry!")}


def test_a_moved_paragraph_and_a_list_are_format() -> None:
    one, two = "Open the lid. Take the tank out.", "Rinse it with warm water."
    assert [hunk.kind for hunk in hunks(f"{one}\n\n{two}", f"{two}\n\n{one}")] == ["format"]
    assert [hunk.kind for hunk in hunks("Open the lid. Rinse it.", "1. Open the lid.\n2. Rinse it.")] == ["format"]


@given(SENTENCES, SENTENCES)
def test_nothing_is_lost_and_nothing_is_made_up(before: list[str], after: list[str]) -> None:
    old, new = "\n".join(before), "\n".join(after)
    found = hunks(old, new)
    assert all(one.kind in KINDS and (one.before or one.after) for one in found)
    assert all(one.before in old and one.after in new for one in found)
    assert bool(found) == (old != new)
    told_out, told_in = [one.before for one in found], [one.after for one in found]
    assert all(text in told_out for text in set(before) - set(after))
    assert all(text in told_in for text in set(after) - set(before))
