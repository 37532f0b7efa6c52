"""The category of a message: a vote of labelled examples, words that speak for a topic, error codes."""

import math

from knowledge_base.gloss import fold, gloss
from triage.briefs import Neighbour, PlanBrief, Suggestion
from triage.llm.offline.said import clean_subject, message
from triage.llm.offline.text import codes, section, words

_CLOSENESS = 12.0  # how much more a nearer example counts
_FAR = 0.2  # cosine below which examples say nothing
_NOWHERE = 0.3  # how sure the plan of a message is that belongs to no category
_RULES = 0.3  # share of the words beside the vote


def category_of(brief: PlanBrief, language: str) -> tuple[str, float]:
    """The best category and how clear it is, 0 to 1; an empty one when there are none."""
    slugs = [card.slug for card in brief.categories] or list(dict.fromkeys(near.category for near in brief.neighbours))
    if not slugs:
        return "", 0.2
    if not any(char.isalpha() for char in f"{brief.ticket.subject}{brief.ticket.body}"):
        return "", _NOWHERE
    if brief.suggestion is not None:
        return _suggested(brief.suggestion, _shares(_rules(brief, language), slugs), slugs)
    votes, rules = _shares(_votes(brief.neighbours), slugs), _shares(_rules(brief, language), slugs)
    weight = _RULES if any(votes.values()) else 1.0
    mixed = {slug: (1 - weight) * votes[slug] + weight * rules[slug] for slug in slugs}
    ranked = sorted(slugs, key=lambda slug: -mixed[slug])
    first, second = mixed[ranked[0]], mixed[ranked[1]] if len(ranked) > 1 else 0.0
    closest = max((neighbour.similarity for neighbour in brief.neighbours), default=0.0)
    clear = 0.45 + 0.55 * (first - second) / (first + second) if first else 0.0
    known = min(1.0, max((closest + 0.2) / 0.65, 0.75 if rules[ranked[0]] > 0.5 else 0.0))
    return ranked[0], round(min(0.95, max(0.05, clear * known)), 3)


def _suggested(suggestion: Suggestion, rules: dict[str, float], slugs: list[str]) -> tuple[str, float]:
    """The fitted classifier's category with the words that speak for one; none where it leaves the message and no word speaks."""
    chances = {slug: chance for slug, chance in suggestion.ranking if slug in slugs}
    if suggestion.abstain and not any(rules.values()):
        return "", _NOWHERE
    mixed = {slug: (1 - _RULES) * chances.get(slug, 0.0) + _RULES * rules[slug] for slug in slugs}
    best = max(slugs, key=lambda slug: mixed[slug])
    return best, round(min(0.95, max(0.05, mixed[best] if any(rules.values()) else chances.get(best, 0.0))), 3)


def _votes(neighbours: list[Neighbour]) -> dict[str, float]:
    weights: dict[str, float] = {}
    for near in neighbours:
        if near.similarity >= _FAR:
            weights[near.category] = weights.get(near.category, 0.0) + math.exp(_CLOSENESS * near.similarity)
    return weights


def _rules(brief: PlanBrief, language: str) -> dict[str, float]:
    """For each category the words in the message that speak for it; the subject counts twice, an error code four times."""
    subject = clean_subject(brief.ticket)
    text = f"{subject} {subject} {message(brief.ticket)[:1500]}"
    said = [*words(text), *(words(gloss(text, language)) if language != "en" else []), *4 * sorted(codes(text))]
    weights: dict[str, float] = {}
    for topic in section("topics").values():
        cues = topic["words"].split()
        hits = sum(any(word == cue or (len(cue) > 3 and word.startswith(cue)) for cue in cues) for word in said)
        for card in brief.categories:
            if hits and any(slug in fold(f"{card.slug} {card.title}") for slug in topic["slugs"]):
                weights[card.slug] = weights.get(card.slug, 0.0) + hits
    return weights


def _shares(weights: dict[str, float], slugs: list[str]) -> dict[str, float]:
    total = sum(weights.get(slug, 0.0) for slug in slugs)
    return {slug: weights.get(slug, 0.0) / total if total else 0.0 for slug in slugs}
