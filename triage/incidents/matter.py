"""A ticket's text as tickets are compared: what the run embeds anyway."""

from knowledge_base.gloss import gloss
from triage.llm.offline.text import guess_language

LONGEST = 2_000


def matter(text: str) -> str:
    """Subject and message as an English reading, so that the same matter is near in every language."""
    return gloss(text[:LONGEST], guess_language(text))
