"""The writer's skill: replies composed of the passages' own sentences, and courtesy from the phrase book."""

import re

from knowledge_base.gloss import fold
from triage.briefs import Evidence, Paragraph, Reply, Sentence, WriterBrief
from triage.llm.offline import style
from triage.llm.offline.analyse import answers
from triage.llm.offline.choose import Answer
from triage.llm.offline.holding import holding
from triage.llm.offline.leads import lead, left_open
from triage.llm.offline.notes import Wishes, read
from triage.llm.offline.orders import about_orders, order_sentences, orders_meant
from triage.llm.offline.passages import Unit
from triage.llm.offline.plan import MISSING
from triage.llm.offline.said import clean_subject
from triage.llm.offline.sentences import courtesy, ended, fact, text
from triage.llm.offline.text import phrases
from triage.models import Sentiment

_NAME = re.compile(r"[^\W\d_][^\W\d_'’.-]*(?:[ '’.-]+[^\W\d_][^\W\d_'’.-]*){0,3}")


def write(brief: WriterBrief) -> Reply:
    """A reply of the asked kind in the customer's language (English when the phrase book lacks it)."""
    wishes = read(brief.notes)
    shorter, formal = style.wishes(brief.style)
    wishes.shorter, wishes.formal = wishes.shorter or shorter, wishes.formal or formal
    if brief.kind == "holding":
        paragraphs = holding(brief)
    else:
        paragraphs = _answering(brief, wishes) if brief.kind == "reply" else _clarifying(brief, wishes)
    said = phrases(brief.plan.language)
    matter = clean_subject(brief.ticket) or said["subject"]
    opening = text(greeting(brief, formal=wishes.formal))
    whole = style.styled([opening, *_capitalised(paragraphs), text(said["regards"])], brief.style)
    return Reply(subject=f"Re: {matter}", paragraphs=_revised(whole, wishes))


def greeting(brief: WriterBrief, *, formal: bool = False) -> str:
    """The greeting by name; a sender's name that does not look like one is left out."""
    said = phrases(brief.plan.language)
    given = " ".join((brief.customer.name if brief.customer else brief.ticket.requester_name).split())
    if not _NAME.fullmatch(given) or len(given) > 40:
        return str(said["hello_nobody"])
    name = given.title() if given.isupper() or given.islower() else given
    if formal or brief.plan.language == "de":
        return str(said["hello_formal"]).format(name=name)
    return str(said["hello"]).format(name=name.split()[0])


def _capitalised(paragraphs: list[Paragraph]) -> list[Paragraph]:
    """Only the sentence right after the greeting may begin with a small letter (German and Italian do so)."""
    return [
        paragraph.model_copy(
            update={
                "sentences": [
                    sentence
                    if n + m == 0
                    else sentence.model_copy(update={"text": sentence.text[:1].upper() + sentence.text[1:]})
                    for m, sentence in enumerate(paragraph.sentences)
                ]
            }
        )
        for n, paragraph in enumerate(paragraphs)
    ]


def _answering(brief: WriterBrief, wishes: Wishes) -> list[Paragraph]:
    said = phrases(brief.plan.language)
    if not brief.plan.questions:
        return [text(said["glad"]), text(said["closing_glad"])]
    force = [n for n, question in enumerate(brief.plan.questions) if any(_same(question, wanted) for wanted in wishes.answer)]
    found = answers(brief.ticket, brief.plan, brief.passages, force)
    orders = _orders(brief)
    if not orders and not any(answer.units for answer in found):
        return holding(brief, unanswered=True)
    told: set[str] = set()
    paragraphs = [text(_manners(brief))]
    last = ""
    for answer, own in zip(found, _orders_first(brief, orders), strict=True):
        name = lead(answer.question, _title(answer, brief.passages), brief.plan.language) if len(found) > 1 else ""
        paragraphs += _block(answer, own, name if name != last else "", told, said, wishes)
        last = name
    if asked := _open(found, orders, brief):
        paragraphs.append(text(left_open(asked, brief.plan.language)))
    if about_orders(brief.ticket, brief.plan.questions) and brief.customer is None:
        paragraphs.append(text(said["unverified"]))
    return [*paragraphs, text(said["closing_formal"] if wishes.formal else said["closing"])]


def _orders_first(brief: WriterBrief, orders: list[Sentence]) -> list[list[Sentence]]:
    """For each question what is said of orders: all of it at the first that asks for them."""
    asks = [about_orders(brief.ticket, [question]) for question in brief.plan.questions]
    first = asks.index(True) if True in asks else 0
    return [orders if n == first else [] for n in range(len(asks))]


def _open(found: list[Answer], orders: list[Sentence], brief: WriterBrief) -> list[str]:
    """What stays unanswered: whole questions, and parts of those that were answered."""
    asked: list[str] = []
    for answer in found:
        told = bool(orders) and about_orders(brief.ticket, [answer.question])
        asked += list(answer.open) if answer.units else [] if told else [answer.question]
    return asked


def _title(answer: Answer, passages: list[Evidence]) -> str:
    cited = {unit.passage for unit in answer.units}
    return next((passage.heading or passage.title for passage in passages if passage.id in cited), "")


def _block(
    answer: Answer, orders: list[Sentence], name: str, told: set[str], said: dict[str, str], wishes: Wishes
) -> list[Paragraph]:
    """One question's paragraphs: lead, order, sentences, steps; nothing that was told before."""

    def fresh(units: tuple[Unit, ...]) -> list[Unit]:
        kept = [unit for unit in units if unit.text not in told]
        told.update(unit.text for unit in kept)
        return kept

    before, steps, after = fresh(answer.before), fresh(answer.steps), fresh(answer.after)
    if wishes.shorter:
        before, after = before[:1] if steps or orders else before[:2], []
    opening = [*orders, *map(fact, before)]
    if steps and not answer.led and not (name and not opening):
        opening.append(courtesy(said["steps"]))
    paragraphs = []
    if opening or (steps and name):
        paragraphs.append(Paragraph(style="text", sentences=[*([courtesy(name)] if name else []), *opening]))
    if steps:
        paragraphs.append(Paragraph(style="steps", sentences=[fact(unit, "step") for unit in steps]))
    if after:
        paragraphs.append(Paragraph(style="text", sentences=[fact(unit) for unit in after]))
    return paragraphs


def _orders(brief: WriterBrief) -> list[Sentence]:
    """What the customer's record says of the orders they ask about."""
    if brief.customer is None or not brief.customer.orders or not about_orders(brief.ticket, brief.plan.questions):
        return []
    found, unknown = orders_meant(brief.ticket, brief.customer)
    language = brief.plan.language
    wants_items = bool(
        re.search(r"\b(contain|items?|inside|enthalt|contient|contiene|bevat|contem)", fold(" ".join(brief.plan.questions)))
    )
    sentences = [sentence for order in found for sentence in order_sentences(order, language, items=wants_items)]
    ask = phrases(language)["order_unknown"]
    return sentences + [Sentence(text=ask.format(number=number), kind="question", passages=[]) for number in unknown]


def _clarifying(brief: WriterBrief, wishes: Wishes) -> list[Paragraph]:
    """Thanks, then what is missing; other words than ours are only asked in English."""
    said = phrases(brief.plan.language)
    names = {text: key for key, text in MISSING.items()}
    asked = [said[names[item]] for item in brief.plan.missing if item in names]
    if brief.plan.language == "en":
        asked += [f"Could you tell us {_lower(item)}?" for item in brief.plan.missing if item not in names]
    asked = asked or [said["missing_product"], said["missing_symptom"]]
    questions = [Sentence(text=text, kind="question", passages=[]) for text in asked[:3]]
    return [
        text(_manners(brief)),
        Paragraph(style="text", sentences=[courtesy(said["clarify"]), *questions]),
        text(said["closing_formal"] if wishes.formal else said["closing"]),
    ]


def _manners(brief: WriterBrief) -> str:
    """Thanks, or regret when the customer is upset."""
    said = phrases(brief.plan.language)
    return str(said["sorry"] if brief.plan.sentiment == Sentiment.NEGATIVE else said["thanks"])


def _revised(paragraphs: list[Paragraph], wishes: Wishes) -> list[Paragraph]:
    """Remove what notes ask to remove (by text, or by number in the previous order), then add what they ask to add."""
    number, kept = 0, []
    for paragraph in paragraphs:
        sentences = []
        for sentence in paragraph.sentences:
            number += 1
            if number not in wishes.remove_numbers and not any(_same(sentence.text, text) for text in wishes.remove):
                sentences.append(sentence)
        if sentences:
            kept.append(paragraph.model_copy(update={"sentences": sentences}))
    if wishes.add:
        added = Paragraph(style="text", sentences=[Sentence(text=ended(text), kind="fact", passages=[]) for text in wishes.add])
        kept.insert(max(1, len(kept) - 2), added)
    return kept


def _same(one: str, other: str) -> bool:
    first, second = fold(one).strip(" .…!?"), fold(other).strip(" .…!?")
    return first == second or (len(second) > 20 and second in first)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".?")
