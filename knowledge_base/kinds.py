"""What kind of question is asked: a code looked up, how to do something, a rule, where something is, or what is broken."""

import re

IDENTIFIER, STATUS, POLICY, ERROR, HOW_TO = "identifier", "status", "policy", "error", "how-to"

_SAYS = {  # the first that fits; English first, then German, French, Spanish, Dutch, Italian and Portuguese
    STATUS: r"where(?:'s| is| are) my|track(?:ing)? my|order status|status of my|has my \w+ (?:shipped|arrived|left)|when will my"
    r"|wo (?:ist|sind|bleibt|bleiben) mein\w*|où (?:est|sont) m\w+|dónde está[n]? mi\w*|waar (?:is|zijn|blijft) mijn"
    r"|dov'è (?:il|la) mi[oa]|onde está[o]? (?:o|a|os|as)? ?(?:meu|minha)\w*",
    POLICY: r"refund\w*|warranty|guarantee\w*|polic(?:y|ies)|eligible|entitled|allowed|may i|terms|garantie\w*|gewährleistung"
    r"|rückgabe\w*|erstatt\w*|remboursement|garant[ií]a|devolución|reembols[oa]|terugbetal\w*|garanzia|rimborso|devolução",
    ERROR: r"errors?|faults?|fail(?:s|ed|ure)?|crash\w*|broken|defect\w*|(?:does(?:n't| not)|not|won't|will not) (?:work\w*|start\w*|turn on)"
    r"|fehler\w*|defekt|kaputt|erreur|panne|fallo|avería|fout\w*|storing|errore|guasto|erro|avaria",
    HOW_TO: r"how (?:do|can|to|should|would)|wie (?:kann|mache|stelle|geht)|comment|cómo|hoe (?:kan|moet|doe)|come (?:posso|si|faccio)|como",
}
_CUES = {kind: re.compile(rf"(?<!\w)(?:{said})(?!\w)", re.I) for kind, said in _SAYS.items()}


_TOKEN = re.compile(r"[^\W_]+")


def kind_of(text: str, *, identifier: bool = False) -> str:
    """The kind of a question, empty when there is no telling; `identifier` is true for hardly more than a code."""
    if identifier:
        return IDENTIFIER
    return next((kind for kind, cue in _CUES.items() if cue.search(text)), "")


def named(text: str, products: tuple[str, ...]) -> tuple[str, ...]:
    """The products that a text names in full."""
    said = f" {_plain(text)} "
    return tuple(name for name in products if f" {_plain(name)} " in said)


def _plain(text: str) -> str:
    return " ".join(_TOKEN.findall(text.lower()))
