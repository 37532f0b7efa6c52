"""The reply that answers nothing: a colleague takes over. Safety comes first, and nothing is promised."""

from triage.briefs import Evidence, Paragraph, WriterBrief
from triage.llm.offline.passages import Unit, parsed
from triage.llm.offline.plan import HEADLINES
from triage.llm.offline.sentences import courtesy, fact, text
from triage.llm.offline.shelf import Asked, Shelf
from triage.llm.offline.text import phrases, says, section

MOST = 4
_SUPPORT = 0.3  # how well a passage must fit before its safety advice is given
_MATTERS = {
    "privacy_request": "holding_privacy",
    "legal_threat": "holding_legal",
    "press": "holding_legal",
    "chargeback": "holding_money",
}


def holding(brief: WriterBrief, *, unanswered: bool = False) -> list[Paragraph]:
    """Safety or care first, then who looks at it; `unanswered` when it was only that no article answers."""
    said = phrases(brief.plan.language)
    first = _first(brief)
    if unanswered:
        return [*first, text(said["thanks"], said["open_all"]), text(said["holding_end"])]
    decided = [said["holding_more"]] if brief.plan.requested_actions and _matter(brief) == "holding" else []
    care = HEADLINES["self_harm"] in brief.plan.summary
    manners = said["sorry"] if brief.plan.sentiment == "negative" or (first and not care) else said["thanks"]
    end = [] if first else [text(said["holding_end"])]
    return [*first, text(manners, said[_matter(brief)], *decided), *end]


def _matter(brief: WriterBrief) -> str:
    """Which of the phrases says who takes over."""
    named = next((phrase for signal, phrase in _MATTERS.items() if HEADLINES[signal] in brief.plan.summary), "")
    wishes = {wish.action for wish in brief.plan.requested_actions}
    if named or not wishes & {*section("words")["sensitive_actions"]}:
        return named or "holding"
    return "holding_privacy" if wishes == {"delete_account"} else "holding_money"


def _first(brief: WriterBrief) -> list[Paragraph]:
    said, summary = phrases(brief.plan.language), brief.plan.summary
    if HEADLINES["self_harm"] in summary:
        return [text(said["care"])]
    alarming = brief.plan.priority == "urgent" and says("priority", "urgent", f"{brief.ticket.subject}. {brief.ticket.body}")
    if HEADLINES["press"] in summary or not (alarming or HEADLINES["safety_incident"] in summary):
        return []
    units = _advice(brief)
    advice = [fact(unit) for unit in units] or [courtesy(said["safety_steps"])]
    return [Paragraph(style="text", sentences=[courtesy(said["safety"]), *advice])]


def _advice(brief: WriterBrief) -> list[Unit]:
    """What the article that fits the matter best says to do at once, in the customer's language."""
    subject, body = brief.ticket.subject, brief.ticket.body[:600]
    shelf = Shelf(
        [one for one in brief.passages if one.language == brief.plan.language and one.audience == "public"], brief.plan.language
    )
    ranked = sorted(
        zip(shelf.supports(Asked(subject or body, body, subject)), shelf.passages, strict=True), key=lambda pair: -pair[0]
    )
    fitting: list[Evidence] = [passage for support, passage in ranked if support >= _SUPPORT and _warns(passage)]
    same = [passage for passage in fitting if passage.article == fitting[0].article]
    units = [unit for passage in sorted(same, key=lambda one: one.id) for block in parsed(passage) for unit in block.units]
    return [unit for unit in units if says("words", "safety", unit.text)][:MOST]


def _warns(passage: Evidence) -> bool:
    """Whether the passage tells people to stop and leave a thing alone, not merely to switch it off for cleaning."""
    return says("words", "danger", f"{passage.title} {passage.heading}")
