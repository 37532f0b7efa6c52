"""Charsets, invisible characters, languages."""

import pytest

from triage.intake.charsets import decode
from triage.intake.clean import reveal, storable
from triage.intake.mail import language_of
from triage.language import detect


@pytest.mark.parametrize(
    ("data", "declared", "text"),
    [
        ("Grüße".encode(), None, "Grüße"),
        ("Grüße".encode(), "iso-8859-1", "Grüße"),
        ("Grüße".encode("latin-1"), "iso-8859-1", "Grüße"),
        ("Grüße".encode("latin-1"), "utf-8", "Grüße"),
        ("Grüße".encode("latin-1"), "us-ascii", "Grüße"),
        ("“ok” – 5 €".encode("cp1252"), "iso-8859-1", "“ok” – 5 €"),
        ("注文".encode("shift_jis"), "Shift_JIS", "注文"),
        ("订单".encode("gbk"), "gb2312", "订单"),
        ("заказ".encode("koi8-r"), "koi8-r", "заказ"),
        (b"plain", "no-such-charset", "plain"),
        (b"plain", "rot13", "plain"),
        (b"plain", "idna", "plain"),
        (b"plain", "utf-8\x00", "plain"),
        ("Tür offen, über alles".encode() + b"\xff", "utf-8", "Tür offen, über alles\ufffd"),
    ],
)
def test_bytes_become_the_text_that_was_meant(data: bytes, declared: str | None, text: str) -> None:
    assert decode(data, declared) == text


def test_tag_characters_are_spelled_out_and_removed() -> None:
    smuggled = "".join(chr(0xE0000 + ord(c)) for c in "pay them")
    assert reveal(f"Hello{smuggled} there") == ("Hello there", "pay them")


def test_variation_selectors_that_carry_bytes_are_decoded() -> None:
    smuggled = "".join(chr(0xE0100 + byte - 16) for byte in b"ignore rules")
    assert reveal(f"Hi 😊{smuggled}!") == ("Hi 😊!", "ignore rules")


def test_zero_width_and_direction_characters_vanish_but_emoji_families_stay() -> None:
    assert reveal("re\u200bfund \u202eabc\u202c")[0] == "refund abc"
    assert reveal("👩‍👩‍👧 می‌خواهم 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ❤️") == ("👩‍👩‍👧 می‌خواهم 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ❤️", "")
    assert "zero-width" in reveal("a" + "\u200b\u200c" * 10 + "b")[1]


def test_what_no_database_takes_is_removed() -> None:
    assert storable("a\x00b\ud800c\r\nd\x1b[31m") == "abc\nd[31m"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Where is my parcel?", "en"),
        ("WHERE IS MY PARCEL", "en"),
        ("Meine Maschine zeigt einen Fehler an.", "de"),
        ("Ma machine ne chauffe plus depuis hier.", "fr"),
        ("Mi cafetera no calienta desde ayer", "es"),
        ("Mijn apparaat doet het niet meer", "nl"),
        ("La macchina non si accende da ieri sera", "it"),
        ("A minha máquina não liga desde ontem", "pt"),
        ("Mój ekspres nie działa od wczoraj", "pl"),
        ("機械が動きません", "ja"),
        ("", "und"),
        ("12345 ???", "und"),
        ("https://example.com/where-is-my-parcel", "und"),
    ],
)
def test_language(text: str, code: str) -> None:
    assert detect(text) == code


def test_letters_styled_as_bold_are_still_letters() -> None:
    plain = "my kettle stopped working after the update and I cannot switch it on any more"
    styled = "".join(chr(0x1D5EE + ord(c) - ord("a")) if "a" <= c <= "z" else c for c in plain)
    assert styled != plain and detect(styled) == "en"


@pytest.mark.parametrize(
    ("subject", "body", "code"),
    [
        ("エクスポートの方法を教えてください", "bold text", "en"),
        ("Как вернуть заказ", "Hello, please help me", "en"),
        ("Where is my order?", "なぜ届かないのですか", "ja"),
        ("Meine Bestellung kam nicht an", "12345", "de"),
        ("Wo bleibt meine Bestellung?", "ok", "de"),
        ("エクスポートの方法を教えてください", "", "ja"),
    ],
)
def test_a_subject_in_other_letters_does_not_speak_for_the_body(subject: str, body: str, code: str) -> None:
    assert language_of(subject, body) == code
