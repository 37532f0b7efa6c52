"""What is collected before the analyst is asked: the conversation beside a question."""

from triage.agents.gather import _conversation
from triage.briefs import EarlierMessage, TicketBrief

BODY = """Hello,

the milk does not foam any more. How often should I clean it?

Kind regards,
Chloe Martin, flat 12"""


def test_the_conversation_is_what_was_said_without_greeting_and_signature() -> None:
    earlier = EarlierMessage(direction="out", body="Your machine is a Lark Duo.")
    ticket = TicketBrief(ticket_id=1, subject="Lark Duo", body=BODY, requester_name="Chloe Martin", earlier=[earlier])
    turns = _conversation(ticket, "How often should I clean it?")
    assert [(turn.text, turn.ours) for turn in turns] == [
        ("Your machine is a Lark Duo.", True),
        ("Lark Duo", False),
        ("the milk does not foam any more.", False),
    ]
