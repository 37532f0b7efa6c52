"""The texts of the demo's past: drafts that people accepted, edited or threw away, made from the replies they sent."""

import random
import re
from dataclasses import dataclass
from typing import Any

from rapidfuzz.distance import Levenshtein

from triage.models import Customer

SIGNATURE = "Larkfield Coffee Support"
GREETING = {
    "en": "Hello {first},",
    "de": "Guten Tag {name},",
    "fr": "Bonjour {name},",
    "nl": "Beste {first},",
    "es": "Hola, {first}:",
}
UNFOUNDED = {
    "en": (
        "You will have it by Friday.",
        "Our partners usually make an exception here.",
        "This also holds for machines bought abroad.",
    ),
    "de": (
        "Sie haben es bis Freitag.",
        "Unser Partner macht hier meist eine Ausnahme.",
        "Das gilt auch für im Ausland gekaufte Maschinen.",
    ),
    "fr": ("Vous l'aurez vendredi au plus tard.", "Notre partenaire fait souvent une exception."),
    "nl": ("U heeft het uiterlijk vrijdag.", "Onze partner maakt hier meestal een uitzondering."),
    "es": ("Lo tendrá el viernes a más tardar.", "Nuestro socio suele hacer una excepción."),
}
FILLER = {
    "en": "Thank you very much for reaching out to us about this today.",
    "de": "Vielen herzlichen Dank, dass Sie sich heute mit Ihrem Anliegen an uns wenden.",
    "fr": "Nous vous remercions vivement de nous avoir contactés à ce sujet.",
    "nl": "Hartelijk dank dat u hierover contact met ons heeft opgenomen.",
    "es": "Muchas gracias por ponerse en contacto con nosotros hoy.",
}
HOLDING = {
    "en": "Thank you for your message. A colleague has to look at this in person and will write to you.",
    "de": "Vielen Dank für Ihre Nachricht. Eine Kollegin oder ein Kollege sieht sich das persönlich an und schreibt Ihnen.",
    "fr": "Merci pour votre message. Un collègue doit examiner cela personnellement et vous écrira.",
    "nl": "Dank voor uw bericht. Een collega kijkt hier persoonlijk naar en schrijft u.",
    "es": "Gracias por su mensaje. Un compañero tiene que revisarlo en persona y le escribirá.",
}
ASKING = {
    "en": "Could you tell us the order number or the serial number of the machine?",
    "de": "Nennen Sie uns bitte die Bestellnummer oder die Seriennummer der Maschine?",
    "fr": "Pourriez-vous nous indiquer le numéro de commande ou le numéro de série ?",
    "nl": "Kunt u ons het bestelnummer of het serienummer van de machine geven?",
    "es": "¿Puede indicarnos el número de pedido o el número de serie de la máquina?",
}
THANKS = {
    "en": ("Thanks, that did it.", "Perfect, works again. Thank you!", "Great, thank you for the quick answer."),
    "de": ("Danke, hat geklappt.", "Super, vielen Dank für die schnelle Hilfe."),
    "fr": ("Merci, c'est réglé.", "Parfait, merci beaucoup."),
    "nl": ("Dank je, het is gelukt.", "Helemaal goed, bedankt!"),
    "es": ("Gracias, ya funciona.", "Perfecto, muchas gracias."),
}
AGAIN = {
    "en": "I'm afraid that did not solve it, it is the same again today.",
    "de": "Leider hat das nicht geholfen, heute ist es wieder dasselbe.",
    "fr": "Malheureusement cela n'a pas suffi, le problème est revenu.",
    "nl": "Helaas heeft dat niet geholpen, vandaag is het weer zo.",
    "es": "Por desgracia no se ha resuelto, hoy ha vuelto a pasar.",
}


@dataclass(frozen=True)
class Text:
    """A reply: its words, and each sentence with kind and support as the desk stores them."""

    body: str
    sentences: list[dict[str, Any]]

    @property
    def unsupported(self) -> list[int]:
        return [index for index, sentence in enumerate(self.sentences) if not sentence["supported"]]


def in_language(texts: dict[str, Any], language: str) -> Any:
    return texts.get(language, texts["en"])


def final_reply(item: dict[str, Any], customer: Customer) -> str:
    """The reply that was sent, with this customer's name and the desk's signature."""
    lines = item["reply"].strip().split("\n")
    lines[0] = in_language(GREETING, item["language"]).format(name=customer.name, first=customer.name.split()[0])
    lines[-1] = SIGNATURE
    return "\n".join(lines)


def short_reply(item: dict[str, Any], customer: Customer, texts: dict[str, str]) -> str:
    """A holding reply or a question back."""
    language = item["language"]
    greeting = in_language(GREETING, language).format(name=customer.name, first=customer.name.split()[0])
    return f"{greeting}\n\n{in_language(texts, language)}\n\n{SIGNATURE}"


def drafted(rng: random.Random, final: str, edit: str, language: str) -> str:
    """The draft that a person turned into `final` with this class of edit: none, fact, tone, format, middle or rewrite."""
    paragraphs = final.split("\n\n")
    if edit == "fact":
        place = rng.randrange(1, max(2, len(paragraphs) - 1))
        paragraphs[place] += " " + rng.choice(in_language(UNFOUNDED, language))
    elif edit == "tone":
        paragraphs.insert(1, in_language(FILLER, language))
    elif edit == "format" and len(paragraphs) > 3:
        paragraphs[1], paragraphs[2] = paragraphs[2], paragraphs[1]
    elif edit in ("middle", "rewrite"):
        kept = paragraphs[1 : 2 if edit == "rewrite" else 3]
        wanted = 0.62 if edit == "rewrite" else 0.42
        paragraphs = [paragraphs[0], *(_thinned(kept, final, wanted, language)), paragraphs[-1]]
    return "\n\n".join(paragraphs)


def read_sentences(rng: random.Random, body: str, passage: str, doubt: float) -> Text:
    """Cut a reply into sentences; unfounded ones, and a share `doubt` of the others, have no source."""
    unfounded = {text for texts in UNFOUNDED.values() for text in texts}
    sentences, position = [], 0
    parts = [part for line in body.split("\n") for part in re.split(r"(?<=[.!?])\s+(?=\D)", line) if len(part.split()) > 2]
    for number, text in enumerate(parts):
        start = body.index(text, position)
        position = start + len(text)
        kind = _kind(text, number)
        claim = kind in ("fact", "step")
        supported = not claim or (text not in unfounded and rng.random() >= doubt)
        score = round(rng.uniform(0.62, 0.94) if supported else rng.uniform(0.08, 0.3), 2) if claim else 1.0
        sentences.append(
            {
                "text": text,
                "kind": kind,
                "supported": supported,
                "score": score,
                "passages": [passage] if claim and supported else [],
                "start": start,
                "end": position,
            }
        )
    return Text(body, sentences)


def distance(draft: str, sent: str) -> float:
    """Token Levenshtein ÷ the longer length, as in triage.approval."""
    return float(Levenshtein.normalized_distance(draft.split(), sent.split()))


def _kind(text: str, number: int) -> str:
    if text.endswith("?"):
        return "question"
    if re.match(r"\d+\. ", text):
        return "step"
    return "courtesy" if number == 0 or text.endswith((",", ":")) else "fact"


def _thinned(paragraphs: list[str], final: str, wanted: float, language: str) -> list[str]:
    """Fewer words of the reply between stock phrases, until it is as far from the sent one as wanted."""
    words = " ".join(paragraphs).split()
    stock = [in_language(FILLER, language), in_language(HOLDING, language)]
    while len(words) > 6 and distance(" ".join([*stock, *words]), final) < wanted:
        words = words[: len(words) * 4 // 5]
    return [stock[0], " ".join(words), stock[1]]
