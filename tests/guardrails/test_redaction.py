"""Personal data goes, what a reader needs stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.guardrails.redaction import redact


def test_what_names_a_person_goes_and_the_matter_stays() -> None:
    text = (
        "Hello Priya,\n\nOrder KT-10001 went to priya.raman@customer.example, call +31 20 123 4567. Pay to DE89 3704 0044 0532 0130 00 "
        "[#123]. Use Kalkweg at E6 on 4.3.0, 2 sachets, 30 minutes.\n\nNadia"
    )
    clean = redact(text, names=["Priya Raman", "Nadia"], values=["KT-10001"])
    for gone in ("Priya", "Raman", "Nadia", "KT-10001", "@", "4567", "DE89", "123]"):
        assert gone not in clean
    for kept in ("Kalkweg at E6 on 4.3.0, 2 sachets, 30 minutes", "Hello [name]", "Order [number]"):
        assert kept in clean


@pytest.mark.parametrize(("text", "names", "clean"), [
    ("Raman Priya wrote", ["Priya Raman"], "[name] wrote"),
    ("the marking on the marked one", ["Mark Us"], "the marking on the marked one"),
    ("die MÜLLER und Müller", ["Anna Müller"], "die [name] und [name]"),
    ("nothing here", ["", "Li"], "nothing here"),
])  # fmt: skip
def test_names_are_whole_words(text: str, names: list[str], clean: str) -> None:
    assert redact(text, names=names) == clean


@given(st.text(max_size=300), st.lists(st.text(max_size=20), max_size=4))
def test_any_text_can_be_redacted_and_again_changes_no_address(text: str, names: list[str]) -> None:
    assert "ann@customer.example" not in redact(f"{text} ann@customer.example", names=names, values=names)
