"""Plain questions to the bundled help centre, each in words of its own, so that nothing answers from a cache."""

from triage.intake.message import Incoming

QUESTIONS = [
    ("How do I descale my machine", "The light for descaling came on {detail}. Which product do I need and what are the steps?"),
    ("How can I return an order", "I ordered a grinder and it is too loud for our kitchen, {detail}. How do I send it back?"),
    ("Where is my parcel", "The tracking page has not changed {detail}. When does a parcel count as lost?"),
    ("How do I connect the machine to Wi-Fi", "The app does not find it {detail}. What do I have to press?"),
    ("How do I clean the milk system", "The milk does not foam any more {detail}. How often should I clean it and with what?"),
    ("How long does the warranty last", "My machine leaks a little {detail}. Is that covered, and what do you need from me?"),
    ("Can I change my delivery address", "We have moved house {detail}. Where do I change the address for the next delivery?"),
    ("How do I pause my subscription", "We go on holiday and have enough beans, {detail}. Can I pause it and start again later?"),
]
DETAILS = [
    "since Monday",
    "after the last update",
    "as of this morning",
    "for two weeks now",
    "since we moved it",
    "again",
    "today",
]
NAMES = ["Amira", "Bram", "Chloe", "Dario", "Elif", "Femke", "Goran", "Hanna", "Ines", "Jonas", "Karim"]


def messages(count: int, batch: str) -> list[Incoming]:
    """`count` messages, no two alike, each from a sender of its own; `batch` keeps them apart from other batches."""
    return [_message(number, batch) for number in range(count)]


def _message(number: int, batch: str) -> Incoming:
    subject, body = QUESTIONS[number % len(QUESTIONS)]
    detail, name = DETAILS[number % len(DETAILS)], NAMES[number % len(NAMES)]
    unit = f"{batch} {number}"
    return Incoming(
        subject=f"{subject} in flat {number} ({batch})?", body=f"Hello,\n\n{body.format(detail=detail)}\n\nKind regards,\n{name}, {unit}",
        sender_email=f"{name.lower()}.{number}@{batch}.example", sender_name=name, language="en", channel="email",
        message_id=f"<{batch}-{number}@customer.example>",
    )  # fmt: skip
