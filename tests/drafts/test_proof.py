"""A text is held against its sources again when a person changes it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.desks import person, ticket, waiting_draft
from triage.briefs import CustomerCard, Evidence, OrderCard
from triage.database import Database
from triage.drafts import proof
from triage.drafts.proof import Row, Sources
from triage.llm.offline.text import LANGUAGES, phrases

PASSAGE = Evidence(
    id="refunds#1", article="refunds", version=2, title="Refunds", heading="How long", text="A refund takes 5 working days."
)
ORDER = OrderCard(number="LF-10346", status="delivered", placed="2026-03-05", total="38.00 EUR", carrier="DHL")
SOURCES = Sources([PASSAGE], CustomerCard(name="Priya Raman", orders=[ORDER]), "Where are my 12 capsules?")
KNOWN: list[Row] = [
    {"text": "Hello Priya,", "kind": "courtesy", "supported": True, "passages": []},
    {"text": "A refund takes 5 working days.", "kind": "fact", "supported": True, "passages": ["refunds#1"]},
    {"text": "We will call you tomorrow.", "kind": "fact", "supported": False, "why": "No source says so.", "passages": []},
]
BODY = "Hello Priya,\n\nA refund takes 5 working days. We will call you tomorrow.\n\nKind regards\nNadia"


def found(text: str) -> dict[str, Row]:
    rows = proof.check(text, [{**row, "index": n} for n, row in enumerate(KNOWN)], SOURCES)
    assert all(text[row["start"] : row["end"]] == row["text"] for row in rows)
    return {str(row["text"]): row for row in rows}


def test_what_agents_wrote_keeps_what_was_found_and_names_are_no_facts() -> None:
    rows = found(BODY)
    assert [row.get("index") for row in rows.values()] == [0, 1, 2, None, None]
    assert proof.open_points(list(rows.values())) == [rows["We will call you tomorrow."]]
    assert not proof.open_points(list(rows.values()), acknowledged=[2])


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("A refund takes 9 working days.", "No source mentions 9 working days"),
        ("You get €45.00 back.", "No source mentions €45.00"),
        ("Your order LF-10999 is on its way.", "No source mentions LF-10999"),
        ("A refund does not take 5 working days.", "negation"),
        ("We will surely call you tomorrow.", "nor the sentence of the draft"),
    ],
)
def test_what_a_person_types_without_a_source_has_to_be_acknowledged(typed: str, why: str) -> None:
    row = found(BODY.replace("We will call you tomorrow.", typed))[typed]
    assert (row["by"], row["supported"]) == ("person", False) and why in row["why"]
    assert proof.open_points([row]) and not proof.open_points([row], vouched=[typed])


@pytest.mark.parametrize(
    ("typed", "passages"),
    [
        ("The refund takes 5 working days.", ["refunds#1"]),
        ("Order LF-10346 with a total of 38.00 EUR was delivered.", ["order:LF-10346"]),
        ("You asked for your 12 capsules.", []),
    ],
)
def test_what_a_person_types_may_rest_on_passages_records_and_the_customers_words(typed: str, passages: list[str]) -> None:
    row = found(BODY.replace("We will call you tomorrow.", typed))[typed]
    assert row["supported"] and row["passages"] == passages


def test_other_words_of_a_persons_own_are_shown_but_need_nothing() -> None:
    row = found(f"{BODY}\n\nMy own closing words, not yet sent.")["My own closing words, not yet sent."]
    assert not row["supported"] and not proof.needs_word(row)


@pytest.mark.parametrize(
    "typed",
    [
        "Thank you for your message.", "We are sorry for the delay.", "Please do not hesitate to contact us.", "We apologise for the inconvenience.",
        "Vielen Dank für Ihre Nachricht.", "Merci beaucoup pour votre message.", "Gracias por su mensaje.", "Hartelijk dank voor uw bericht.",
        "Grazie per il suo messaggio.", "Obrigado pela sua mensagem.",
    ],
)  # fmt: skip
def test_good_manners_of_a_persons_own_need_no_source(typed: str) -> None:
    assert found(f"{BODY}\n\n{typed}")[typed]["supported"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_desks_own_manners_need_no_source_from_a_person_either(language: str) -> None:
    for name in ("thanks", "sorry", "glad", "closing", "closing_formal", "closing_glad", "regards"):
        typed = phrases(language)[name]
        assert found(f"{BODY}\n\n{typed}")[typed]["supported"], typed


@pytest.mark.parametrize(
    "typed",
    [
        "If anything else is unclear, please reply to this mail.", "Should you need anything further, just write back.",
        "Bei weiteren Fragen antworten Sie bitte auf diese E-Mail.", "Si vous avez d'autres questions, écrivez-nous.",
        "Si tiene alguna otra pregunta, escríbanos.", "Als u nog vragen heeft, beantwoord dan dit bericht.",
        "Se avesse altre domande, ci scriva.", "Se tiver alguma pergunta, escreva-nos.",
    ],
)  # fmt: skip
def test_an_invitation_to_write_again_needs_no_source(typed: str) -> None:
    assert found(f"{BODY}\n\n{typed}")[typed]["supported"]


@pytest.mark.parametrize(
    "typed",
    [
        "Sorry, the boiler is covered.", "You must help yourself, sorry.", "We are happy to ship abroad.",
        "If anything is still unclear, simply reply to this message within 14 days.",
        "If anything is still unclear, simply reply to this message and we refund you.",
        "If you need anything else, simply reply to this message, shipping is free.",
        "Thank you for your message, the warranty covers it.", "If anything breaks, reply to this message.",
        "Wenn etwas unklar bleibt, antworten Sie einfach auf diese Nachricht, der Versand ist kostenlos.",
        "Si quelque chose n'est pas clair, répondez simplement à ce message : le retour est gratuit.",
        "Si algo no queda claro, responda a este mensaje y le devolvemos el dinero.",
        "Is er nog iets onduidelijk, beantwoord dan gewoon dit bericht, de garantie geldt.",
        "Se qualcosa non è chiaro, risponda a questo messaggio: la garanzia vale ancora.",
        "Se algo não estiver claro, basta responder a esta mensagem, o envio é gratuito.",
    ],
)  # fmt: skip
def test_what_manners_wrap_is_looked_at(typed: str) -> None:
    assert not found(f"{BODY}\n\n{typed}")[typed]["supported"]


def test_what_has_no_source_is_placed_in_the_text_with_its_figures() -> None:
    text = f"{BODY}\n\n🙂 My own closing words. A refund takes 9 working days."
    rows = proof.check(text, [{**row, "index": n} for n, row in enumerate(KNOWN)], SOURCES)
    assert [(text[start:end], kind) for start, end, kind in proof.places(text, rows, SOURCES)] == [
        ("We will call you tomorrow.", "open"),
        ("🙂 My own closing words.", "own"),
        ("A refund takes ", "open"),
        ("9 working days", "open figure"),
        (".", "open"),
    ]
    assert proof.places(BODY, [{**row, "index": n} for n, row in enumerate(KNOWN)], SOURCES) == [
        (BODY.index("We will"), BODY.index("tomorrow.") + 9, "open")
    ]


def test_a_sentence_without_a_source_stays_one_with_something_put_beside_it() -> None:
    rows = found(BODY.replace("tomorrow.", "tomorrow.!"))
    assert proof.needs_word(rows["We will call you tomorrow."])


def test_a_changed_supported_sentence_is_looked_at_anew() -> None:
    rows = found(BODY.replace("A refund takes", "Be sure that a refund takes"))
    assert rows["Be sure that a refund takes 5 working days."]["by"] == "person"


def test_an_unedited_draft_is_read_as_it_is(database: Database) -> None:
    with database.transaction() as session:
        person(session)
        row = ticket(session)
        draft = waiting_draft(session, row)
        assert proof.of_text(session, draft, row, draft.body) == [{**draft.sentences[0], "index": 0}]
        [typed] = [
            r
            for r in proof.of_text(session, draft, row, f"{draft.body}\n\nIt costs €7.")
            if "index" not in r and r["kind"] == "fact"
        ]
        assert typed["text"] == "It costs €7." and proof.needs_word(typed)


@given(st.text(alphabet="aA refund takes 59 working days.!?\n1)-", max_size=120))
def test_every_word_stands_in_exactly_one_row(text: str) -> None:
    rows = proof.check(text, KNOWN, SOURCES)
    spans = sorted((int(row["start"]), int(row["end"])) for row in rows)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    covered = "".join(text[a:b] for a, b in spans)
    assert sum(c.isalpha() for c in covered) == sum(c.isalpha() for c in text)
