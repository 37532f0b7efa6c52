"""The writer's skill: replies composed of the passages' own sentences, and courtesy from the phrase book."""

import re

from triage.briefs import Paragraph, Reply, Sentence, WriterBrief
from triage.llm.offline.analyse import answers
from triage.llm.offline.choose import Answer
from triage.llm.offline.notes import Wishes, read
from triage.llm.offline.orders import about_orders, order_sentences, orders_meant
from triage.llm.offline.passages import Unit, parsed
from triage.llm.offline.plan import HEADLINES, MISSING
from triage.llm.offline.questions import clean_subject
from triage.llm.offline.text import fold, phrases, says
from triage.models import Priority, Sentiment

_NAME = re.compile(r"[^\W\d_][^\W\d_'’.-]*(?:[ '’.-]+[^\W\d_][^\W\d_'’.-]*){0,3}")


def write(brief: WriterBrief) -> Reply:
    """A reply of the asked kind in the customer's language (English when the phrase book lacks it)."""
    wishes = read(brief.notes)
    paragraphs = {"reply": _answering, "clarify": _clarifying, "holding": _holding}[brief.kind](brief, wishes)
    said = phrases(brief.plan.language)
    matter = clean_subject(brief.ticket) or said["subject"]
    opening = Paragraph(style="text", sentences=[_courtesy(greeting(brief, formal=wishes.formal))])
    return Reply(subject=f"Re: {matter}", paragraphs=_revised([opening, *_capitalised(paragraphs)], wishes))


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
        paragraph.model_copy(update={"sentences": [
            sentence if n + m == 0 else sentence.model_copy(update={"text": sentence.text[:1].upper() + sentence.text[1:]})
            for m, sentence in enumerate(paragraph.sentences)
        ]})
        for n, paragraph in enumerate(paragraphs)
    ]


def _answering(brief: WriterBrief, wishes: Wishes) -> list[Paragraph]:
    said = phrases(brief.plan.language)
    if not brief.plan.questions:
        return [_text(said["glad"]), _text(said["closing_glad"])]
    force = [n for n, question in enumerate(brief.plan.questions) if any(_same(question, wanted) for wanted in wishes.answer)]
    found = answers(brief.ticket, brief.plan, brief.passages, force)
    orders = _orders(brief)
    about_order = [bool(orders) and about_orders(brief.ticket, [question]) for question in brief.plan.questions]
    if orders and not any(about_order):
        about_order[0] = True
    if not orders and not any(answer.units for answer in found):
        return _holding(brief, wishes, open_all=True)
    told: set[str] = set()
    paragraphs = [_text(*_manners(brief))]
    several = len(found) > 1
    for position, answer in enumerate(found):
        lead = said["nth"][min(position, len(said["nth"]) - 1)] if several else ""
        first = orders if about_order[position] else []
        orders = [] if about_order[position] else orders
        paragraphs += _block(answer, first, lead, told, said, wishes)
    if about_orders(brief.ticket, brief.plan.questions) and brief.customer is None:
        paragraphs.append(_text(said["unverified"]))
    closing = said["closing_formal"] if wishes.formal else said["closing"]
    return [*paragraphs, _text(closing)]


def _block(answer: Answer, orders: list[Sentence], lead: str, told: set[str], said: dict[str, str], wishes: Wishes) -> list[Paragraph]:
    """One question's paragraphs: lead, order, sentences, steps; nothing that was told before."""

    def fresh(units: tuple[Unit, ...]) -> list[Unit]:
        kept = [unit for unit in units if unit.text not in told]
        told.update(unit.text for unit in kept)
        return kept

    before, steps, after = fresh(answer.before), fresh(answer.steps), fresh(answer.after)
    if wishes.shorter:
        before, after = before[:1] if steps or orders else before[:2], []
    opening = [*([_courtesy(lead)] if lead else []), *orders, *map(_fact, before)]
    if steps:
        opening.append(_courtesy(said["steps"]))
    if not answer.units and not orders:
        opening.append(_courtesy(said["open_one"]))
    paragraphs = [Paragraph(style="text", sentences=opening)] if len(opening) > bool(lead) else []
    if steps:
        paragraphs.append(Paragraph(style="steps", sentences=[_fact(unit, "step") for unit in steps]))
    if after:
        paragraphs.append(Paragraph(style="text", sentences=[_fact(unit) for unit in after]))
    return paragraphs


def _orders(brief: WriterBrief) -> list[Sentence]:
    """What the customer's record says of the orders they ask about."""
    if brief.customer is None or not brief.customer.orders or not about_orders(brief.ticket, brief.plan.questions):
        return []
    found, unknown = orders_meant(brief.ticket, brief.customer)
    language = brief.plan.language
    wants_items = bool(re.search(r"\b(contain|items?|inside|enthalt|contient|contiene|bevat|contem)", fold(" ".join(brief.plan.questions))))
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
        _text(*_manners(brief)), Paragraph(style="text", sentences=[_courtesy(said["clarify"]), *questions]),
        _text(said["closing_formal"] if wishes.formal else said["closing"]),
    ]


def _holding(brief: WriterBrief, wishes: Wishes, *, open_all: bool = False) -> list[Paragraph]:
    """A colleague takes over; safety steps first when it is about safety, and no promise at all."""
    said = phrases(brief.plan.language)
    paragraphs = []
    if brief.plan.summary.startswith(HEADLINES["self_harm"]):
        paragraphs.append(_text(said["care"]))
    elif safety := _safety(brief):
        paragraphs.append(Paragraph(style="text", sentences=[_courtesy(said["safety"]), *map(_fact, safety)]))
    if open_all:
        return [*paragraphs, _text(*_manners(brief), said["open_all"]), _text(said["holding_end"])]
    decided = [said["holding_more"]] if brief.plan.requested_actions else []
    return [*paragraphs, _text(*_manners(brief)[-1:], said["holding"], *decided), _text(said["holding_end"])]


def _safety(brief: WriterBrief) -> list[Unit]:
    """Up to three sentences that say what to do at once, from passages in the customer's language."""
    if brief.plan.priority != Priority.URGENT and not brief.plan.summary.startswith(HEADLINES["safety_incident"]):
        return []
    units = [
        unit for passage in brief.passages if passage.language == brief.plan.language and passage.score >= 0.5
        for block in parsed(passage) for unit in block.units if says("words", "safety", unit.text)
    ]
    return units[:3]


def _manners(brief: WriterBrief) -> list[str]:
    """Thanks, and regret when the customer is upset."""
    said = phrases(brief.plan.language)
    if brief.plan.sentiment == Sentiment.NEGATIVE:
        return [said["sorry"]]
    return [said["thanks"]]


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
        added = Paragraph(style="text", sentences=[Sentence(text=_ended(text), kind="fact", passages=[]) for text in wishes.add])
        kept.insert(max(1, len(kept) - 1), added)
    return kept


def _same(one: str, other: str) -> bool:
    first, second = fold(one).strip(" .…!?"), fold(other).strip(" .…!?")
    return first == second or (len(second) > 20 and second in first)


def _fact(unit: Unit, kind: str = "fact") -> Sentence:
    return Sentence.model_validate({"text": _ended(unit.text.rstrip(";")), "kind": kind, "passages": [unit.passage]})


def _courtesy(text: str) -> Sentence:
    return Sentence(text=text, kind="courtesy", passages=[])


def _text(*texts: str) -> Paragraph:
    return Paragraph(style="text", sentences=[_courtesy(text) for text in texts])


def _ended(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?", ":", "…")) else f"{text}."


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".?")
