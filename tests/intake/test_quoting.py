"""History and signatures fold away; what was written now stays."""

import time

import pytest

from triage.intake.quoting import split

HEADINGS = [
    "On Mon, 6 Oct 2025 at 10:00, Support <s@larkfield.example> wrote:",
    "On Mon, 6 Oct 2025 at 10:00, Support\n<s@larkfield.example> wrote:",
    "Am 06.10.25 um 10:00 schrieb Support:",
    "Am Mo., 6. Okt. 2025 um 10:00 Uhr schrieb Support <\ns@larkfield.example>:",
    "Le lun. 6 oct. 2025 à 10:00, Support <s@larkfield.example> a écrit :",
    "El lun, 6 oct 2025 a las 10:00, Support (<s@larkfield.example>) escribió:",
    "Op ma 6 okt 2025 om 10:00 schreef Support <s@larkfield.example>:",
    "Il giorno lun 6 ott 2025 alle ore 10:00 Support <s@larkfield.example> ha scritto:",
    "Em seg., 6 de out. de 2025 às 10:00, Support <s@larkfield.example> escreveu:",
    "-----Original Message-----\nFrom: Support\nSent: Monday\nTo: Ada\nSubject: Re: Order",
    "________________________________\nVon: Support <s@larkfield.example>\nGesendet: Montag, 6. Oktober 2025 10:00\nAn: Ada\nBetreff: AW: Order",
    "From: Support <s@larkfield.example>\nSent: Monday, October 6, 2025 10:00 AM\nTo: Ada\nSubject: Re: Order",
    "De : Support <s@larkfield.example>\nEnvoyé : lundi 6 octobre 2025\nÀ : Ada\nObjet : RE: Order",
]


@pytest.mark.parametrize("heading", HEADINGS)
def test_history_folds_in_every_language(heading: str) -> None:
    parts = split(f"It still fails.\n\n{heading}\n> Please try again.\n> Support\n")
    assert parts.body == "It still fails."
    assert parts.quoted.startswith(heading.split("\n")[0]) and "Please try again." in parts.quoted


def test_answers_between_and_below_quotations_are_kept() -> None:
    parts = split("On 6 Oct 2025, Support wrote:\n> Which machine is it?\nA Lark Two.\n> Since when?\nYesterday.\n")
    assert parts.body == "A Lark Two.\nYesterday."
    assert "> Since when?" in parts.quoted


def test_a_forwarded_mail_without_own_words_is_kept_whole() -> None:
    text = "---------- Forwarded message ---------\nFrom: Shop\nDate: today\nSubject: Receipt\n\nYour receipt 4411"
    assert split(text).body == text


def test_quotation_marks_in_a_first_message_are_an_excerpt() -> None:
    assert split("The screen says\n> error E6\nWhat now?", reply=False).body == "The screen says\n> error E6\nWhat now?"
    assert split("> old words\nNo.", reply=True).body == "No."


@pytest.mark.parametrize(
    "text",
    [
        "On Monday I wrote:\nplease send it",
        "From: the kitchen\nit smells",
        "My question - two parts\n- is it here?\n- or there?",
        "Am Montag schrieb ich:\nbitte",
        "Thanks, but it does not work",
        "Best machine ever!\nBut it leaks, why?",
    ],
)
def test_ordinary_sentences_are_not_folded(text: str) -> None:
    assert split(text) == (text, "", "")


@pytest.mark.parametrize(
    ("text", "signature"),
    [
        ("It leaks.\n\nBest regards,\nAda Quill\nQuill & Co\n+44 555 0100", "Best regards,\nAda Quill\nQuill & Co\n+44 555 0100"),
        ("Es tropft.\n\nMit freundlichen Grüßen\nAda", "Mit freundlichen Grüßen\nAda"),
        ("Ça fuit.\nCordialement,\nAda", "Cordialement,\nAda"),
        ("Pierde agua.\nUn saludo\nAda", "Un saludo\nAda"),
        ("Het lekt.\nMet vriendelijke groet,\nAda", "Met vriendelijke groet,\nAda"),
        ("Perde.\nCordiali saluti\nAda", "Cordiali saluti\nAda"),
        ("Vaza.\nObrigada,\nAda", "Obrigada,\nAda"),
        ("It leaks.\n\n-- \nAda\nQuill", "--\nAda\nQuill"),
        ("It leaks.\n\nSent from my iPhone", "Sent from my iPhone"),
        ("Es tropft.\nVon meinem iPhone gesendet", "Von meinem iPhone gesendet"),
    ],
)
def test_signatures_fold(text: str, signature: str) -> None:
    body, _, folded = split(text)
    assert folded == signature
    assert body == text.split("\n")[0]


def test_a_closing_that_is_the_whole_message_or_asks_something_stays() -> None:
    assert split("Thanks!\nAda").body == "Thanks!\nAda"
    assert split("It leaks.\nThanks\nWhen will you answer?").signature == ""


def test_long_hostile_texts_take_linear_time() -> None:
    start = time.process_time()
    for text in (
        "On " + "a b " * 50_000,
        "On 1 x\n" * 20_000,
        "> " * 50_000,
        "From: a\n" * 20_000,
        "Thanks\n" * 20_000,
        "\n" * 200_000,
    ):
        split(text)
    assert time.process_time() - start < 5
