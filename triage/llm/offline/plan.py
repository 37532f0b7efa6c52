"""The manager's skill: category, mood, urgency, questions, and what needs a person."""

import re

from knowledge_base.gloss import fold
from triage.briefs import ActionRequest, Plan, PlanBrief, TicketBrief
from triage.llm.offline.category import category_of
from triage.llm.offline.questions import is_vague, only_thanks, questions, searches
from triage.llm.offline.said import clean_subject, message
from triage.llm.offline.text import LANGUAGES, ORDER_NUMBER, count, guess_language, says, section, sentences
from triage.models import EscalationReason, Priority, Sentiment

# What the summary begins with when a signal was found; the writer looks for the first two
HEADLINES = {
    "self_harm": "Possible self-harm",
    "safety_incident": "Safety incident",
    "violence": "Threat of violence",
    "legal_threat": "Legal threat",
    "chargeback": "Chargeback",
    "privacy_request": "Data-protection request",
    "security_incident": "Security incident",
    "press": "Press enquiry",
    "customer_request": "Customer asks for a person",
}
URGENT = frozenset({"self_harm", "violence", "safety_incident", "security_incident"})
MISSING = {
    "missing_product": "which product or model it is about",
    "missing_symptom": "what exactly happens, and any code or light shown",
    "missing_order": "the order number",
    "missing_wish": "what the customer would like done",
}
_AMOUNT = re.compile(
    r"(?:€|\$|£|\b(?:eur|usd|gbp|chf))\s?\d[\d.,]*\d|(?:€|\$|£)\s?\d|\d[\d.,]*\s?(?:€|£|\$|(?:eur|euros?|chf|gbp|pounds|dollars)\b)",
    re.I,
)
_ASKS_HOW = re.compile(
    r"^(?:and |but |so |also )?(?:how|when|what|which|is|are|do|does|can i|could i|may i|am i|will i|wie|wann|was|kann ich"
    r"|comment|quand|puis-je|est-ce|como|cuando|cuanto|puedo|come|quando|posso|hoe|wanneer|kan ik|mag ik|quanto)\b"
)


def plan(brief: PlanBrief) -> Plan:
    """The plan for a message; the same message always gets the same one."""
    ticket = brief.ticket
    language = ticket.language if ticket.language and ticket.language != "und" else guess_language(message(ticket))
    category, confidence = category_of(brief, language)
    actions = _actions(ticket)
    thanks = only_thanks(ticket) and not brief.signals and not actions
    asked = [] if thanks else questions(ticket)
    reason = _escalation(brief, actions, language)
    action = "escalate" if reason else "clarify" if not thanks and (not asked or is_vague(ticket)) else "answer"
    sentiment = Sentiment.POSITIVE if thanks else _sentiment(ticket)
    priority = Priority.LOW if thanks else _priority(brief, category, sentiment)
    return Plan(
        action=action,
        category=category,
        priority=priority,
        sentiment=sentiment,
        language=language,
        summary=_summary(brief, asked, thanks),
        questions=[] if action == "clarify" else asked,
        searches=[] if action == "clarify" else searches(ticket, asked, language),
        missing=_missing(category) if action == "clarify" else [],
        escalation_reason=reason,
        requested_actions=actions,
        risk=_risk(brief, actions, sentiment, priority),
        confidence=max(confidence, 0.9) if thanks or brief.signals else confidence,
    )


def _actions(ticket: TicketBrief) -> list[ActionRequest]:
    """What the customer wants done, with the amount and order number they gave; asking how it works is no wish."""
    found: dict[str, ActionRequest] = {}
    said = sentences(f"{ticket.body}")
    numbers = [number.upper() for number in ORDER_NUMBER.findall(f"{ticket.subject} {ticket.body}")]
    for sentence in said[:200]:
        informs = bool(_ASKS_HOW.search(fold(sentence)))
        for name in section("actions"):
            if name in found or informs or not says("actions", name, sentence):
                continue
            amount = _AMOUNT.search(sentence) or (
                _AMOUNT.search(ticket.body) if name in section("words")["sensitive_actions"] else None
            )
            here = ORDER_NUMBER.search(sentence)
            target = here.group().upper() if here else numbers[0] if numbers else "account" if name == "delete_account" else ""
            wants = amount.group().strip(" .,") if amount and name != "delete_account" else ""
            found[name] = ActionRequest(action=name, target=target, amount=wants, reason=" ".join(sentence.split())[:160])
    return list(found.values())


def _escalation(brief: PlanBrief, actions: list[ActionRequest], language: str) -> EscalationReason | None:
    signals = set(brief.signals)
    if says("words", "distress", brief.ticket.body) or says(
        "words", "others_data", f"{brief.ticket.subject}. {brief.ticket.body}"
    ):
        return EscalationReason.POLICY_RESTRICTION
    if signals - {"customer_request"}:
        return EscalationReason.POLICY_RESTRICTION
    if signals or says("words", "person", brief.ticket.body):
        return EscalationReason.CUSTOMER_REQUEST
    if any(action.action in section("words")["sensitive_actions"] for action in actions):
        return EscalationReason.POLICY_RESTRICTION
    return None if language in LANGUAGES else EscalationReason.UNSUPPORTED_REQUEST


def _sentiment(ticket: TicketBrief) -> Sentiment:
    text = f"{ticket.subject}. {ticket.body}"
    letters = [char for char in ticket.body if char.isalpha()]
    shouts = len(letters) > 30 and sum(char.isupper() for char in letters) > 0.7 * len(letters)
    bad = count("sentiment", "negative", text)
    bad += (bad > 0 or "!" in text) * (2 * shouts + ("!!" in text))
    good = count("sentiment", "positive", text)
    return Sentiment.NEGATIVE if bad > good else Sentiment.POSITIVE if good > bad else Sentiment.NEUTRAL


def _priority(brief: PlanBrief, category: str, sentiment: Sentiment) -> Priority:
    text = f"{brief.ticket.subject}. {brief.ticket.body}"
    if URGENT & set(brief.signals) or says("priority", "urgent", text) or says("words", "distress", text):
        return Priority.URGENT
    if brief.signals or sentiment == Sentiment.NEGATIVE or says("priority", "high", text):
        return Priority.HIGH
    if says("priority", "low", text):
        return Priority.LOW
    usual = next((card.default_priority for card in brief.categories if card.slug == category), "normal")
    return Priority(usual) if usual in list(Priority) else Priority.NORMAL


def _risk(brief: PlanBrief, actions: list[ActionRequest], sentiment: Sentiment, priority: Priority) -> str:
    sensitive = any(action.action in section("words")["sensitive_actions"] for action in actions)
    if sensitive or brief.ticket.suspicious or set(brief.signals) - {"customer_request"} or priority == Priority.URGENT:
        return "high"
    return "medium" if actions or brief.signals or sentiment == Sentiment.NEGATIVE else "low"


def _summary(brief: PlanBrief, asked: list[str], thanks: bool) -> str:
    found = {*brief.signals, *(["self_harm"] if says("words", "distress", brief.ticket.body) else [])}
    found |= {"privacy_request"} if says("words", "others_data", f"{brief.ticket.subject}. {brief.ticket.body}") else set()
    heads = [HEADLINES[signal] for signal in HEADLINES if signal in found]
    said = asked[0] if asked else clean_subject(brief.ticket) or " ".join(brief.ticket.body.split())
    matter = "The customer says thanks and asks nothing." if thanks else said[:160] or "The message says nothing."
    more = f" (and {len(asked) - 1} more)" if len(asked) > 1 else ""
    return f"{'; '.join(heads)}: {matter}{more}" if heads else f"{matter}{more}"


def _missing(category: str) -> list[str]:
    about_order = any(word in category for word in ("order", "shipping", "return", "refund", "billing"))
    names = ["missing_order", "missing_wish"] if about_order else ["missing_product", "missing_symptom"]
    return [MISSING[name] for name in names]
