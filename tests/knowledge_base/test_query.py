import pytest

from knowledge_base import query
from knowledge_base.lexical import Word

MAIL = (
    "Hello,\nmy machine arrived last week and I love it so far, thank you very much for that. Yesterday the display showed E5 "
    "after grinding. How do I get the stone out of the grinder? And can I still pause the beans for the month of August?\nKind regards"
)


def rarity(word: Word, language: str) -> float:
    return 3.0 if word.surface in ("grinder", "stone", "E5", "pause", "beans") else 1.0


def test_a_line_is_short_and_a_mail_is_long() -> None:
    line = query.read("pause the beans", ["en"], rarity)
    assert line.long == 0 and not line.parts and not line.questions
    assert query.read(MAIL, ["en"], rarity).long > 0.4
    assert query.read("", ["en"], rarity).long == 0 and query.read(MAIL * 20, ["en"], rarity).long == 1


def test_a_mail_is_looked_up_by_what_says_most_and_by_each_question() -> None:
    mail = query.read(MAIL, ["en"], rarity)
    assert len(mail.parts) == query.PARTS and "Yesterday the display showed E5 after grinding." in mail.parts
    assert mail.questions == (
        "How do I get the stone out of the grinder?",
        "And can I still pause the beans for the month of August?",
    )
    assert query.without(mail, parts=True, questions=True).parts == ()


@pytest.mark.parametrize(("text", "identifier"), [("E6", True), ("error E6?", True), ("E6 after I had descaled the machine", False), ("coffee", False)])  # fmt: skip
def test_a_code_alone_is_an_identifier(text: str, identifier: bool) -> None:
    assert query.read(text, ["en"], rarity).identifier is identifier


@pytest.mark.parametrize(
    ("text", "language"),
    [("wie kann ich die Maschine entkalken", "de"), ("how can I descale it", "en"), ("E6", None), ("machine", None)],
)
def test_the_language_is_told_by_the_commonest_words(text: str, language: str | None) -> None:
    assert query.guess_language(text, ["en", "de"]) == language
    assert query.guess_language(text, ["en"]) is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("E6?", "identifier"),
        ("Where is my parcel?", "status"),
        ("Wo bleibt meine Bestellung", "status"),
        ("Can I get a refund for an opened bag?", "policy"),
        ("Wie lange habe ich Garantie?", "policy"),
        ("The grinder does not start", "error"),
        ("How do I pause the beans?", "how-to"),
        ("¿Cómo pauso la suscripción?", "how-to"),
        ("coffee", ""),
        ("a terrorist film about weather", ""),
    ],
)
def test_the_kind_of_a_question_is_told(text: str, kind: str) -> None:
    assert query.read(text, ["en"], rarity).kind == kind


def test_products_are_named_in_full() -> None:
    products = ("Lark One", "Lark Duo", "Grinder G2")
    assert query.read("my lark-duo and the Grinder G2!", ["en"], rarity, products).products == ("Lark Duo", "Grinder G2")
    assert query.read("a lark, one of many", ["en"], rarity, ("Lark Office",)).products == ()
