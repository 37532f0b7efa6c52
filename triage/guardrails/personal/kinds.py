"""What personal data is called here, and which of it points at a person."""

import re
from dataclasses import dataclass

EMAIL, PHONE, CARD, IBAN = "EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE"
SSN, NATIONAL_ID, PASSPORT, TAX_ID = "US_SSN", "NATIONAL_ID", "PASSPORT", "TAX_ID"
PERSON, USERNAME, PASSWORD, SECRET = "PERSON", "USERNAME", "PASSWORD", "SECRET"
STREET, ZIP, IP, BIRTH, PLATE = "STREET_ADDRESS", "ZIP_CODE", "IP_ADDRESS", "DATE_OF_BIRTH", "LICENCE_PLATE"
PLACE, ORGANIZATION, GROUP, TITLE = "GPE", "ORGANIZATION", "NRP", "TITLE"
AGE, DATE, DOMAIN = "AGE", "DATE_TIME", "DOMAIN_NAME"

IDENTIFYING = frozenset(
    {
        EMAIL, PHONE, CARD, IBAN, SSN, NATIONAL_ID, PASSPORT, TAX_ID, PERSON, USERNAME, PASSWORD, SECRET, STREET, ZIP, IP, BIRTH, PLATE,
    }
)  # fmt: skip
"""What tells who somebody is, where they live or how to act in their name; the rest only describes."""

IN_WORDS = {
    EMAIL: "e-mail address", PHONE: "phone number", CARD: "card number", IBAN: "bank account", SSN: "social security number",
    NATIONAL_ID: "national identity number", PASSPORT: "passport number", TAX_ID: "tax number", PERSON: "name", USERNAME: "user name",
    PASSWORD: "password", SECRET: "access token", STREET: "address", ZIP: "post code", IP: "IP address", BIRTH: "date of birth",
    PLATE: "licence plate", PLACE: "place", ORGANIZATION: "organisation", GROUP: "nationality", TITLE: "title", AGE: "age",
    DATE: "date", DOMAIN: "web address",
}  # fmt: skip


MARKS = {
    EMAIL: "EMAIL", PHONE: "PHONE", CARD: "CARD", IBAN: "IBAN", SSN: "SSN", NATIONAL_ID: "ID", PASSPORT: "PASSPORT", TAX_ID: "TAX", PERSON: "PERSON",
    USERNAME: "USER", PASSWORD: "PASSWORD", SECRET: "SECRET", STREET: "ADDRESS", ZIP: "POSTCODE", IP: "IP", BIRTH: "BIRTHDATE", PLATE: "PLATE",
    PLACE: "PLACE", ORGANIZATION: "ORGANISATION", GROUP: "NATIONALITY", TITLE: "TITLE", AGE: "AGE", DATE: "DATE", DOMAIN: "WEB",
}  # fmt: skip
"""The word in a numbered placeholder such as [PERSON_1]."""

PLACEHOLDER = re.compile(
    rf"\[(?:(?:{'|'.join([*MARKS.values(), 'TEXT'])})_[0-9]{{1,6}}|{'|'.join(map(re.escape, [*IN_WORDS.values(), 'number']))})\]"
)
"""What stands for personal data that was taken out: numbered, or in words as redaction.redact puts it."""


@dataclass(frozen=True, order=True)
class Span:
    """A piece of personal data: text[start:end] of the text it was found in, in code points."""

    start: int
    end: int
    kind: str
    text: str
