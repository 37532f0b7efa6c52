"""What counts as personal data, what does not, and that places are exact."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.guardrails.personal import find
from triage.guardrails.personal.cover import Cover, names_of, redact
from triage.guardrails.personal.kinds import IDENTIFYING, PERSON

WRITTEN = [
    ("Call me on +49 30 901820 today", "+49 30 901820", "PHONE_NUMBER"),
    ("reach me: (0115) 496 0412", "(0115) 496 0412", "PHONE_NUMBER"),
    ("bel mij op 0985-324600", "0985-324600", "PHONE_NUMBER"),
    ("mail ann.lee+shop@post.example please", "ann.lee+shop@post.example", "EMAIL_ADDRESS"),
    ("card 4111 1111 1111 1111 was charged", "4111 1111 1111 1111", "CREDIT_CARD"),
    ("Mastercard 2221000000000009", "2221000000000009", "CREDIT_CARD"),
    ("Konto DE89 3704 0044 0532 0130 00 bitte", "DE89 3704 0044 0532 0130 00", "IBAN_CODE"),
    ("my SSN: 219-09-9999", "219-09-9999", "US_SSN"),
    ("I logged in from 203.0.113.77 yesterday", "203.0.113.77", "IP_ADDRESS"),
    ("geboren am 3. März 1984 in Ulm", "3. März 1984", "DATE_OF_BIRTH"),
    ("née le 27/02/1992 à Lyon", "27/02/1992", "DATE_OF_BIRTH"),
    ("date of birth: 1990-04-12", "1990-04-12", "DATE_OF_BIRTH"),
    ("passport number X1234567", "X1234567", "PASSPORT"),
    ("mi DNI es 12345678Z gracias", "12345678Z", "NATIONAL_ID"),
    ("codice RSSMRA85T10A562S", "RSSMRA85T10A562S", "NATIONAL_ID"),
    ("BSN: 123456782", "123456782", "NATIONAL_ID"),
    ("Steuer-ID 12 345 678 901", "12 345 678 901", "TAX_ID"),
    ("mein Kennzeichen ist B-AB 1234", "B-AB 1234", "LICENCE_PLATE"),
    ("my password is Hunter2!x and it fails", "Hunter2!x", "PASSWORD"),
    ("Passwort: geheim", "geheim", "PASSWORD"),
    ("the PIN is 4821", "4821", "PASSWORD"),
    ("key sk-abcdEFGH1234567890abcd works", "sk-abcdEFGH1234567890abcd", "SECRET"),
    ("Authorization: Bearer abc123def456ghi789", "abc123def456ghi789", "SECRET"),
    ("my username jade755 is blocked", "jade755", "USERNAME"),
]
SPOKEN = [
    ("write to john dot smith at mail dot com okay", "john dot smith at mail dot com", "EMAIL_ADDRESS"),
    ("it's a n n a at post dot org", "a n n a at post dot org", "EMAIL_ADDRESS"),
    ("schreiben Sie an lena punkt kurz ät post punkt de", "lena punkt kurz ät post punkt de", "EMAIL_ADDRESS"),
    ("mon mail est luc point roy arobase poste point fr", "luc point roy arobase poste point fr", "EMAIL_ADDRESS"),
    ("escríbeme a ana punto ruiz arroba correo punto es", "ana punto ruiz arroba correo punto es", "EMAIL_ADDRESS"),
    ("scrivi a rosa chiocciola posta punto it", "rosa chiocciola posta punto it", "EMAIL_ADDRESS"),
    ("mail jan apenstaartje post punt nl", "jan apenstaartje post punt nl", "EMAIL_ADDRESS"),
    ("thomas [at] mail (dot) org", "thomas [at] mail (dot) org", "EMAIL_ADDRESS"),
    ("lauren AT example (dot) org please", "lauren AT example (dot) org", "EMAIL_ADDRESS"),
    ("bob(at)example.com is mine", "bob(at)example.com", "EMAIL_ADDRESS"),
    ("call me on six one five five four four nine", "six one five five four four nine", "PHONE_NUMBER"),
    ("meine Nummer ist null eins sieben zwei drei drei acht", "null eins sieben zwei drei drei acht", "PHONE_NUMBER"),
    ("c'est le zéro six un deux trois quatre cinq", "zéro six un deux trois quatre cinq", "PHONE_NUMBER"),
    ("my zip is six zero seven nine zero", "six zero seven nine zero", "ZIP_CODE"),
    ("card 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "CREDIT_CARD"),
]
NAMED = [
    ("Hello, my name is Katarzyna Wiśniewska.", "Katarzyna Wiśniewska", "PERSON"),
    ("Guten Tag, hier ist Jürgen Straßer.", "Jürgen Straßer", "PERSON"),
    ("Bonjour, je m'appelle Amélie Rousseau.", "Amélie Rousseau", "PERSON"),
    ("Hola, soy Íñigo Salazar.", "Íñigo Salazar", "PERSON"),
    ("Buongiorno, sono Ludovica Ferri.", "Ludovica Ferri", "PERSON"),
    ("Met vriendelijke groet,\nSanne de Wit", "Sanne de Wit", "PERSON"),
    ("Com os melhores cumprimentos,\nJoão Figueiredo", "João Figueiredo", "PERSON"),
    ("It has not arrived yet.\n\nOliver\n", "Oliver", "PERSON"),
    ("Please send it to 14 Harbour Road in Leeds.", "14 Harbour Road", "STREET_ADDRESS"),
    ("Meine neue Adresse lautet Lindenstraße 12, 10969 Berlin.", "Lindenstraße 12", "STREET_ADDRESS"),
    ("Il mio indirizzo è Via Garibaldi, 23, 06018 Trento.", "Via Garibaldi, 23", "STREET_ADDRESS"),
]
INNOCENT = [
    "I got links at work. Looking at them. The rest is at Fastmail. Beginning today.",
    "It fails with @wanadoo.example and at example.com too.",
    "Where is order #W2673043201 of €853.04?",
    "Die Bestellung 2024-7078023 ist nicht da.",
    "Tracking 1Z7666193451450612 says delivered.",
    "After updating to 20.3.3.40 I see 0x6D30C01C.",
    "Firmware v10.0.19.45 installed, error E11 stays.",
    "On 2025-07-20T22:20:50Z I paid $681.98.",
    "Invoice number 20240099182 of 12/08/2024 is wrong.",
    "Serial number 4111111111111112 of the HX-300.",
    "Write to support@yourcompany.example or returns@yourcompany.example.",
    "My password is not working, the pin code was never sent.",
    "Steps: one, two, three. Then wait for four minutes.",
    "Meet us at half past two dot or so.",
    "Two or three of the five cups broke.",
    "La commande A-5423555 de $335.79 est en retard.",
    "I need 12 x 30 x 45 cm, 250 ml, 9 bar and 1450 W.",
    "Ich habe 2 Tassen für 19,90 EUR bestellt.",
]


@pytest.mark.parametrize(("text", "datum", "kind"), [*WRITTEN, *SPOKEN, *NAMED])
def test_it_is_found_where_it_stands(text: str, datum: str, kind: str) -> None:
    assert (datum, kind) in [(span.text, span.kind) for span in find(text)]


@pytest.mark.parametrize("text", INNOCENT)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert [span for span in find(text) if span.kind in IDENTIFYING] == []


def test_disguises_do_not_hide_it_and_places_are_those_of_the_text() -> None:
    text = "mail \u200bann\u200b@post.example or call ＋４９ ３０ ９０１８２０, I am Zoe\u0301 Martin."
    found = {span.kind: span.text for span in find(text)}
    assert found["PHONE_NUMBER"] == "＋４９ ３０ ９０１８２０" and "ann\u200b@post.example" in found["EMAIL_ADDRESS"]
    assert redact(text)[0].count("\u0301") == 0


def test_what_only_describes_stays_what_it_is_when_only_some_kinds_are_asked_for() -> None:
    text = "I am Katarzyna Wiśniewska.\n\nLindenstraße 12, 10969 Berlin"
    asked, every = find(text, IDENTIFYING), find(text)
    assert asked == [span for span in every if span.kind in IDENTIFYING] and text[-6:] in [span.text for span in every]


PARTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from([text for text, _, _ in [*WRITTEN, *SPOKEN, *NAMED]]),
    st.sampled_from(
        [
            "[PERSON_1]",
            "[EMAIL_9]",
            "[name]",
            "\0",
            "\n",
            "Anna ",
            " at ",
            "dot",
            "4111",
            "@",
            "one two",
            "é\u0301",
            "а",
            "\u200b",
        ]
    ),
)
TEXTS = st.lists(PARTS, max_size=8).map(" ".join) | st.lists(PARTS, max_size=8).map("".join)


@given(TEXTS)
def test_spans_cover_exactly_the_text_and_never_overlap(text: str) -> None:
    spans, last = find(text), 0
    for span in spans:
        assert text[span.start : span.end] == span.text and last <= span.start < span.end
        last = span.end


@given(TEXTS)
def test_redacting_twice_changes_nothing(text: str) -> None:
    once, _ = redact(text)
    again, spans = redact(once)
    assert again == once and spans == []


@given(st.lists(TEXTS, min_size=1, max_size=3))
def test_placeholders_restore_exactly_what_was_covered(texts: list[str]) -> None:
    cover = Cover()
    covered = [cover.cover(text) for text in texts]
    assert [cover.restore(text) for text in covered] == texts


def test_the_same_datum_has_one_placeholder_wherever_it_stands() -> None:
    cover = Cover()
    for kind, value in names_of("Priya Raman"):
        cover.know(kind, [value])
    first = cover.cover("I am Priya Raman, mail p.raman@post.example.")
    second = cover.cover('{"to": "p.raman@post.example", "greeting": "dear Priya"}')
    assert first == "I am [PERSON_1], mail [EMAIL_1]." and second == '{"to": "[EMAIL_1]", "greeting": "dear [PERSON_2]"}'


def test_a_placeholder_that_somebody_wrote_gives_nothing_away() -> None:
    cover = Cover()
    covered = cover.cover("Tell me [EMAIL_1] and [PERSON_1]. My mail is eve@post.example")
    assert "[EMAIL_1]" in covered and cover.restore("[TEXT_1]") == "[EMAIL_1]"
    assert cover.restore(covered) == "Tell me [EMAIL_1] and [PERSON_1]. My mail is eve@post.example"


def test_public_data_stay() -> None:
    cover = Cover(public="Our shop: Canal Street 14, help line +31 20 555 0100")
    assert cover.cover("Is +31 20 555 0100 right? Mine is +31 20 555 0199") == "Is +31 20 555 0100 right? Mine is [PHONE_1]"


def test_what_is_put_back_into_json_cannot_end_its_string() -> None:
    cover = Cover()
    cover.know(PERSON, ['Ann "the boss" Lee\n'])
    covered = cover.cover('Ann "the boss" Lee')
    assert cover.restore_json(f'{{"name": "{covered}"}}') == '{"name": "Ann \\"the boss\\" Lee"}'


@pytest.mark.parametrize(
    "unit", ["1 ", "1-", "((1", "x at y dot ", "Aa ", "a:1:", "DE12 ", "password: ", "a@", "one ", "eyJaaaaaaaaaaa.", "4111 "]
)
def test_a_long_hostile_text_costs_no_more_than_its_length(unit: str) -> None:
    def cpu(size: int) -> float:
        text = (unit * size)[:size]
        began = time.process_time()
        find(text)
        return time.process_time() - began

    cpu(100)
    assert cpu(40_000) < 12 * cpu(10_000) + 0.3
