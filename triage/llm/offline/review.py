"""The reviewer's skill: a deterministic check of grounding, promises, completeness and tone."""

from triage.briefs import Note, Review, ReviewerBrief, Sentence
from triage.llm.offline.analyse import answers
from triage.llm.offline.choose import ENOUGH
from triage.llm.offline.text import guess_language, phrases, says, stems

OVERLAP = 0.6  # share of a sentence's matter that its sources must carry
LONGEST = 420  # words of a reply
RECORD = ("customer", "order:", "ticket")


def review(brief: ReviewerBrief) -> Review:
    """Approve, or revise with notes of which the offline writer can act on those about single sentences."""
    sources = {passage.id: stems(f"{passage.title} {passage.heading} {passage.text}") for passage in brief.passages}
    notes: list[Note] = []
    facts = [sentence for sentence in brief.reply.sentences if sentence.kind in ("fact", "step")]
    weak = [sentence for sentence in facts if not _grounded(sentence, sources) or sentence.text in brief.unsupported]
    own = {sentence.text for sentence in weak} | {
        str(phrases(brief.plan.language)["care"])
    }  # the emergency number stands in no article
    loose = [text for text in brief.unsupported if text not in own]
    for text in [*(sentence.text for sentence in weak), *loose]:
        notes.append(Note(topic="grounding", text=f"Remove the sentence “{text}”: no cited source supports it."))
    notes += _policy_notes(brief, sources)
    unanswered = _unanswered(brief, facts)
    notes += [Note(topic="completeness", text=f"Answer the question “{question}”.") for question in unanswered]
    notes += _tone_notes(brief)
    return Review(
        verdict="revise" if notes else "approve",
        notes=notes,
        unanswered=unanswered,
        confidence=_confidence(brief, facts, weak, notes),
    )


def _grounded(sentence: Sentence, sources: dict[str, frozenset[str]]) -> bool:
    """Whether the cited sources carry most of the sentence and all of its numbers."""
    if any(name.startswith(RECORD) for name in sentence.passages):
        return True
    cited = frozenset().union(*(sources.get(name, frozenset()) for name in sentence.passages))
    matter = stems(sentence.text)
    if not cited or not all(name in sources for name in sentence.passages):
        return False
    numbers = {term for term in matter if any(char.isdigit() for char in term)}
    return numbers <= cited and len(matter & cited) >= OVERLAP * len(matter)


def _policy_notes(brief: ReviewerBrief, sources: dict[str, frozenset[str]]) -> list[Note]:
    return [
        Note(topic="policy", text=f"Remove the sentence “{sentence.text}”: it promises something that people decide.")
        for sentence in brief.reply.sentences
        if says("words", "promise", sentence.text) and not (sentence.passages and _grounded(sentence, sources))
    ]


def _unanswered(brief: ReviewerBrief, facts: list[Sentence]) -> list[str]:
    """Questions neither answered nor openly left to a colleague; only a plain reply has to answer."""
    if brief.kind != "reply":
        return []
    known = [question for question in brief.plan.questions if question not in brief.facts.unanswered]
    if not known or (any(fact.passages for fact in facts) and len(known) == 1):
        return []
    said = stems(brief.reply.body)
    comparable = brief.plan.language == "en" or all(guess_language(question, "") == brief.plan.language for question in known)
    if not comparable:
        return known if not facts else []
    return [question for question in known if not _touched(question, said)]


def _touched(question: str, said: frozenset[str]) -> bool:
    asked = stems(question)
    return not asked or len(asked & said) >= max(1, round(0.2 * len(asked)))


def _tone_notes(brief: ReviewerBrief) -> list[Note]:
    notes = []
    body = brief.reply.body
    for sentence in brief.reply.sentences:
        if says("words", "rude", sentence.text) and not sentence.passages:
            notes.append(Note(topic="tone", text=f"Remove the sentence “{sentence.text}”: it blames the customer."))
    if len(body.split()) > LONGEST:
        notes.append(Note(topic="tone", text="Make the reply shorter."))
    written = guess_language(body, brief.plan.language)
    if written != brief.plan.language and brief.plan.language in ("en", "de", "fr", "es", "nl", "it", "pt"):
        notes.append(Note(topic="tone", text=f"Write in the customer's language ({brief.plan.language}), not in {written}."))
    return notes


def _confidence(brief: ReviewerBrief, facts: list[Sentence], weak: list[Sentence], notes: list[Note]) -> float:
    """Grounded share × answered share, tempered by how sure the plan was and how strong the passages are."""
    grounded = 1 - len(weak) / len(facts) if facts else 1.0
    asked = len(brief.plan.questions)
    answered = 1 - len([q for q in brief.plan.questions if q in brief.facts.unanswered]) / asked if asked else 1.0
    cited = {name for fact in facts for name in fact.passages}
    strength = _strength(brief, cited)
    value = grounded * (0.4 + 0.6 * answered) * strength * (0.6 + 0.4 * brief.plan.confidence) - 0.05 * len(notes)
    return round(min(0.95, max(0.05, value)), 3)


def _strength(brief: ReviewerBrief, cited: set[str]) -> float:
    """How well what was quoted fits what was asked, 0.5 to 1; the customer's own record fits."""
    found = [answer.support for answer in answers(brief.ticket, brief.plan, brief.passages) if answer.units] if cited else []
    record = any(name.startswith(RECORD) for name in cited)
    if not found:
        return 0.95 if record else 0.85
    mean = sum(found) / len(found)
    return min(1.0, max(0.5, 0.6 + 1.3 * (mean - ENOUGH)) + 0.15 * record)
