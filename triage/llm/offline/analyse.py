"""The analyst's skill: for each question the sentences that answer it, and what the customer's record says."""

from collections.abc import Sequence
from dataclasses import replace

from knowledge_base.gloss import fold
from triage.briefs import AnalystBrief, CustomerCard, Evidence, Fact, Facts, Plan, TicketBrief
from triage.llm.offline.choose import Answer, answer
from triage.llm.offline.orders import about_orders, order_sentences, orders_meant
from triage.llm.offline.questions import questions
from triage.llm.offline.said import clean_subject, message
from triage.llm.offline.shelf import Shelf
from triage.llm.offline.text import guess_language, sentences, stems


def analyse(brief: AnalystBrief) -> Facts:
    """The facts for the plan's questions; a question that neither passages nor record answer is unanswered."""
    given = answers(brief.ticket, brief.plan, brief.passages)
    facts = [Fact(text=unit.text, source=unit.passage) for found in given for unit in found.units]
    ordered = _order_facts(brief.ticket, brief.plan, brief.customer)
    known = {question for question, found in zip(brief.plan.questions, given, strict=False) if found.units}
    if ordered:
        known |= {question for question in brief.plan.questions if about_orders(brief.ticket, [question])}
    distinct = {(fact.text, fact.source): fact for fact in [*ordered, *facts]}
    unanswered = [question for question in brief.plan.questions if question not in known]
    return Facts(facts=list(distinct.values()), unanswered=unanswered, requested_actions=[])


def answers(ticket: TicketBrief, plan: Plan, passages: Sequence[Evidence], force: Sequence[int] = ()) -> list[Answer]:
    """One answer for each of the plan's questions, quoting only passages in the customer's language.

    A plan made by a language model asks in English; then a customer who wrote otherwise is heard in their own
    words. `force` holds positions of questions to answer also with weak support.
    """
    here = [passage for passage in passages if passage.language == plan.language and passage.audience == "public"]
    shelf = Shelf(here, plan.language, plan.category)
    subject, said = clean_subject(ticket), sentences(message(ticket)[:2000])
    terse = len(plan.questions) > 2
    return _shared_out(
        [
            answer(
                _in_their_words(question, position, ticket, plan),
                shelf,
                subject=subject,
                context=_around(question, plan.questions, said),
                force=position in force,
                terse=terse,
            )
            for position, question in enumerate(plan.questions)
        ]
    )


def _around(question: str, questions: Sequence[str], said: Sequence[str]) -> str:
    """The message without its other questions: those are about something else."""
    others = [fold(other) for other in questions if other != question]
    return " ".join(
        sentence for sentence in said if not any(fold(sentence) in other or other in fold(sentence) for other in others)
    )


def _shared_out(found: list[Answer]) -> list[Answer]:
    """A later question whose whole answer stands in earlier ones gets the sentence that fits it best from them."""
    for position, late in enumerate(found):
        earlier = {unit for early in found[:position] for unit in early.units}
        loose = {unit for early in found[:position] for unit in (*early.before, *early.after) if len(early.units) > 1}
        if not late.units or not earlier.issuperset(late.units) or not loose & {*late.units}:
            continue
        best = max(loose & {*late.units}, key=lambda unit: (len(stems(late.question) & stems(unit.text)), unit.text))
        for n, early in enumerate(found[:position]):
            before = tuple(unit for unit in early.before if unit != best)
            found[n] = replace(early, before=before, after=tuple(unit for unit in early.after if unit != best))
    return found


def _in_their_words(question: str, position: int, ticket: TicketBrief, plan: Plan) -> str:
    if plan.language == "en" or guess_language(question, plan.language) == plan.language:
        return question
    theirs = questions(ticket)
    return theirs[position] if len(theirs) == len(plan.questions) else " ".join(theirs) or question


def _order_facts(ticket: TicketBrief, plan: Plan, customer: CustomerCard | None) -> list[Fact]:
    if customer is None or not customer.orders or not about_orders(ticket, plan.questions):
        return []
    found, _ = orders_meant(ticket, customer)
    return [
        Fact(text=sentence.text, source=sentence.passages[0])
        for order in found
        for sentence in order_sentences(order, "en", items=True)
    ]
