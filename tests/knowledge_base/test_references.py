"""What a question leaves to be known, and what it names itself."""

import pytest

from knowledge_base.references import References, references


@pytest.mark.parametrize(("question", "found"), [
    ("Does this animal have antlers?", References(pointing=1)),
    ("How much does it cost?", References(pronouns=1)),
    ("When was the season released?", References(definite=1)),
    ("What awards has the actor received for his role?", References(pronouns=1, definite=1)),
    ("What is that?", References(pronouns=1)),
    ("How do I descale a Lark Duo?", References()),
    ("Who owns the Lark Duo?", References()),
    ("What is the capital of France?", References()),
    ("Is it possible to pause a subscription?", References()),
    ("How long does it take to ship to Spain?", References()),
    ("Who wrote books that describe Rome?", References()),
    ("", References()),
])  # fmt: skip
def test_only_what_has_no_name_is_left_open(question: str, found: References) -> None:
    assert references(question) == found
    assert references(question).any == (found != References())
