import pytest

from triage.accounts import passwords
from triage.errors import InputError


def test_a_password_matches_its_hash_and_no_other(quick_hash: str) -> None:
    assert passwords.matches("correct horse battery", quick_hash)
    assert not passwords.matches("correct horse batteries", quick_hash)
    assert not passwords.matches("", quick_hash)
    assert not passwords.outdated(quick_hash)


def test_no_hash_and_a_broken_hash_match_nothing() -> None:
    assert not passwords.matches("nobody signs in with this", None)
    assert not passwords.matches("anything at all", "not a hash")


def test_the_same_letters_typed_in_two_ways_are_one_password() -> None:
    assert passwords.matches("Zürich and the lake", passwords.hashed("Zu\u0308rich and the lake"))


def test_an_endless_password_is_refused_before_it_is_hashed(quick_hash: str) -> None:
    assert not passwords.matches("x" * 100_000, quick_hash)


@pytest.mark.parametrize(
    "password",
    ["short", "aaaaaaaaaaaaaaaa", "abababababababab", "ada@example.com", "password123456", "Ada Lovelace 1815!", "x" * 201],
)
def test_easy_passwords_are_refused_with_advice(password: str) -> None:
    with pytest.raises(InputError, match="Choose a password"):
        passwords.check_rule(password, email="ada@example.com", name="Ada Lovelace")


@pytest.mark.parametrize("password", ["correct horse battery", "kräuter sommer zug", "xK9#mQ2$vL5p"])
def test_good_passwords_pass(password: str) -> None:
    passwords.check_rule(password, email="ada@example.com", name="Ada")
