"""What a person asks to be changed in a draft: one comment, cut into its wishes, each for the agents that can act on it.

Facts go to the analyst, who looks them up; wording to the writer; policy to the reviewer. Plain word rules in the desk's languages,
so that a person can foresee where a comment goes. The writer gets every wish, for it writes the next version.
"""

import re
from dataclasses import dataclass

from triage.guardrails.patterns import fold

ANALYST, WRITER, REVIEWER = "analyst", "writer", "reviewer"

_QUOTED = re.compile(r"[\"“„«][^\"“”„«»]{1,400}[\"”“»]")
_ENDS = re.compile(r"(?<=[.!?;])\s+|\n+|(?<=\x01)\s+(?=[^\W\d_a-z])")  # \x01: a quotation that ends a sentence
_AND = re.compile(r",?\s+(?:and|und|et|y|en|e|also|ausserdem)\s+", re.IGNORECASE)
_BULLET = re.compile(r"^\s*(?:[-*•–]|\d{1,2}[.)])\s+")
_POLICY = re.compile(
    r"\b(?:polic(?:y|ies)|promis\w*|allowed|legal\w*|complian\w*|goodwill|liab\w*|commit(?:s|ting|ment)?|guarantee\w*|rules?|gdpr|permitted|concession\w*|"
    r"richtlinie\w*|versprech\w*|versprich\w*|zusag\w*|erlaubt|darf|durfen|kulanz|haft(?:et|ung)\w*|regeln?|rechtlich\w*|promet\w*|promess\w*|autoris\w*|autoriz\w*|politi(?:que|ca|ek)\w*|"
    r"regles?|reglas?|regole?|regels|regras?|belof\w*|beloof\w*|beloven|toegestaan|beleid\w*|permesso|permitid\w*|garanti[re]\w*|garantiz\w*)\b"
)
_WORDING = re.compile(
    r"\b(?:short\w*|longer|too long|trim|tone|formal\w*|informal\w*|friendl\w*|polite\w*|rude|cold|rephrase\w*|reword\w*|wording|word it|typos?|spell\w*|grammar|greet\w*|"
    r"sentences?|paragraphs?|simpl\w*|warm\w*|apolog\w*|sorry|remove|drop|delete|cut|translat\w*|bullets?|list|steps|sounds?|style|sign[- ]?off|signature|empath\w*|"
    r"thank\w*|headings?|order of|merge|split|plain\w*|jargon|clearer|concise|brief\w*|kurz\w*|langer|ton|tonfall|formlich\w*|freundlich\w*|hoflich\w*|umformulier\w*|formulier\w*|"
    r"rechtschreib\w*|tippfehler|grammatik|anrede|gruss\w*|satz|satze|absatz\w*|einfach\w*|entschuldig\w*|streich\w*|losch\w*|ubersetz\w*|danke\w*|duzen|siezen|"
    r"court\w*|raccourc\w*|trop long\w*|poli\w*|aimable\w*|reformul\w*|orthograph\w*|faute\w*|phrases?|paragraphes?|excus\w*|supprim\w*|enlev\w*|tradui\w*|salut\w*|ton|"
    r"cort[aeo]\w*|acort\w*|larg\w*|tono|amable\w*|ortograf\w*|frases?|parraf\w*|disculp\w*|quita\w*|elimin\w*|traduc\w*|korter|inkort\w*|toon|vriendelijk\w*|beleefd\w*|herformul\w*|"
    r"spelling|zin|zinnen|alinea\w*|verwijder\w*|schrap\w*|vertaal\w*|brev[ei]|accorcia\w*|gentil\w*|riformul\w*|frasi|paragraf\w*|scus\w*|togli\w*|traduz\w*|curt\w*|encurt\w*|tom|desculp\w*|retir\w*)\b"
)
_FACTS = re.compile(
    r"\b(?:check\w*|verif\w*|wrong|incorrect\w*|outdated|not true|untrue|false|missing|missed|look up|out of date|source\w*|cite\w*|articles?|according to|"
    r"falsch\w*|pruf\w*|stimmt nicht|veraltet\w*|fehl(?:t|en)|quelle\w*|artikel\w*|nachsehen|faux|fausse\w*|manque\w*|incorrect\w*|erreur|sources?|"
    r"mal|falta\w*|incorrect[ao]s?|comprueb\w*|revis[ae]\w*|fuentes?|articulos?|fout\w*|onjuist\w*|klopt niet|ontbreekt|controleer\w*|bron|sbagliat\w*|manca\w*|controll\w*|"
    r"font[ei]|articol\w*|errad\w*|incorret\w*|verifi\w*|artigos?)\b"
)


@dataclass(frozen=True)
class Wish:
    """One thing that is asked for, and the agents it goes to."""

    text: str
    to: tuple[str, ...]


def read(comment: str) -> list[Wish]:
    """The wishes of a comment in order; what stands in quotation marks is never cut."""
    return [Wish(text, addressees(text)) for text in _cut(comment)]


def addressees(text: str) -> tuple[str, ...]:
    """Who can act on one wish; what names neither wording nor policy is about facts."""
    bare = fold(_QUOTED.sub(" ", text))
    policy, wording, facts = (pattern.search(bare) is not None for pattern in (_POLICY, _WORDING, _FACTS))
    if policy and not (wording and _removes(bare)):
        return (ANALYST, REVIEWER) if facts else (REVIEWER,)
    if wording:
        return (ANALYST, WRITER) if facts and not _removes(bare) else (WRITER,)
    return (ANALYST,)


def for_(role: str, comment: str) -> list[str]:
    """The wishes that go to one agent."""
    return [wish.text for wish in read(comment) if role in wish.to]


def told(comment: str) -> str:
    """To whom a comment goes, for the person who wrote it: "the analyst and the writer"."""
    roles = dict.fromkeys(role for wish in read(comment) for role in wish.to)
    names = [f"the {role}" for role in (ANALYST, WRITER, REVIEWER) if role in roles]
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def _removes(bare: str) -> bool:
    """Taking something out is the writer's, whatever it is about."""
    return re.search(r"\b(?:remove|drop|delete|cut|streich\w*|losch\w*|supprim\w*|enlev\w*|quita\w*|elimin\w*|verwijder\w*|schrap\w*|togli\w*|retir\w*)\b", bare) is not None  # fmt: skip


def _cut(comment: str) -> list[str]:
    """Sentences and lines; an "and" parts two wishes only where each side is for somebody else by words of its own."""
    kept: list[str] = []

    def hide(match: re.Match[str]) -> str:
        kept.append(match.group())
        return f"\x00{len(kept) - 1}\x00" + "\x01" * (match.group()[-2] in ".!?")

    hidden = _QUOTED.sub(hide, comment)
    pieces = [part for piece in _ENDS.split(hidden) for part in _parted(_BULLET.sub("", piece).strip())]
    pieces = [piece.replace("\x01", "") for piece in pieces]
    shown = [re.sub("\x00(\\d+)\x00", lambda match: kept[int(match.group(1))], piece).strip(" ;,") for piece in pieces]
    return [piece for piece in shown if re.search(r"\w", piece)] or [comment.strip()]


def _parted(piece: str) -> list[str]:
    parts, rest = [], piece
    for match in _AND.finditer(piece):
        left, right = rest[: match.start() - (len(piece) - len(rest))], piece[match.end() :]
        if _signs(left) and _signs(right) and addressees(left) != addressees(right):
            parts.append(left)
            rest = right
    return [*parts, rest]


def _signs(text: str) -> bool:
    folded = fold(text)
    return any(pattern.search(folded) for pattern in (_POLICY, _WORDING, _FACTS)) or any(letter.isdigit() for letter in text)
