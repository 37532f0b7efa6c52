"""Good manners in the desk's languages: what thanks, greets, regrets and offers help, and the words that colour it.

One list for everybody who asks whether a sentence states anything: the check of a person's own words and the classes of edits.
"""

import re
from functools import cache

from triage.guardrails.conflicts import DUTY
from triage.guardrails.exact import stated
from triage.guardrails.patterns import fold
from triage.guardrails.stems import STOPS, stems_in
from triage.llm.offline.text import LANGUAGES, phrases

MANNERS = re.compile(
    r"\b(thank\w*|thanks|sorry|apolog\w*|regret\w*|hello|hi|hey|dear|welcome|regards|sincerely|cheers|glad|happy|pleas\w*|delighted|hope\w*|wish\w*|enjoy\w*|appreciate\w*|understand\w*|"
    r"frustrat\w*|annoy\w*|inconvenience|kind\w*|warm\w*|great|lovely|wonderful|patien\w*|trouble|bother\w*|feel free|hesitate|reach\w* out|write again|get in touch|getting in touch|contact us|just reply|unclear|help\w*|assist\w*|questions?|let us know|"
    r"danke?\w*|tut|leid|entschuldig\w*|bedauer\w*|hallo|guten|liebe\w*|geehrte\w*|gruss\w*|grusse?n?|freundlich\w*|herzlich\w*|gern\w*|freu\w*|hoff\w*|verstand\w*|geduld|fragen|hilf\w*|helfen|melden|"
    r"(?:re)?merci\w*|vivement|contact\w*|desole\w*|excus\w*|bonjour|cher|chere|cordialement|salutations|ravi\w*|esper\w*|comprenons|patience|hesitez|aide\w*|volontiers|"
    r"gracias|siento|sentimos|disculp\w*|hola|estimad\w*|saludos?|cordial\w*|escribir\w*|contacto|encantad\w*|lamenta\w*|paciencia|ayuda\w*|"
    r"dank\w*|bedankt|excuses|beste|groet\w*|vriendelijk\w*|graag|blij|hopen|hartelijk\w*|begrijp\w*|geduld|helpen|"
    r"grazie|scus\w*|spiacen\w*|ciao|gentile|saluti|cordiali|liet\w*|speriamo|pazienza|aiut\w*|"
    r"obrigad\w*|agradec\w*|desculp\w*|ola|prezad\w*|cumprimentos|saudacoes|atenciosamente|ajud\w*|esperamos|lamentamos|paciencia)\b"
)
_COLOUR = frozenset(
    stems_in(
        "very really simply just quite rather truly actually basically completely totally absolutely easily quickly gladly kindly "
        "gently warmly please again once more bit little nice good unfortunately sadly leider malheureusement lamentablemente "
        "desgraciadamente helaas purtroppo great super awesome amazing perfect here's go ahead following below above shortly soon "
        "briefly directly sehr einfach ganz wirklich eigentlich gerne kurz bitte mal nochmal schnell direkt tres simplement vraiment "
        "bien rapidement muy simplemente realmente bien rapidamente heel erg gewoon echt even snel molto semplicemente davvero bene subito"
    )
)
_LETTER = frozenset(
    stems_in(
        "message messages mail mails email letter note reply answer write writing wrote contact contacting feedback delay wait waiting many "
        "nachricht schreiben antwort anfrage ruckmeldung verzogerung warten vielen courriel reponse retard attente demande retour beaucoup "
        "mensaje correo respuesta demora espera escribirnos muchas bericht antwoord vertraging wachten reactie "
        "messaggio risposta ritardo attesa averci scritto molte mensagem resposta contato contacto muito pela pelo"
    )
)
"""What letters speak of when they speak of themselves."""


_ANSWER = re.compile(
    r"\b(reply|answer|respond|write|antworten|schreiben|melden|repond\w*|ecri\w*|respond\w*|escrib\w*|beantwoord\w*|antwoord\w*|schrijf\w*|rispond\w*|scriv\w*|escrev\w*)\b"
)
_WHATEVER = re.compile(
    r"\b(anything|something|questions?|etwas|fragen?|quelque chose|autre chose|points?|algo|preguntas?|iets|vragen|qualcosa|altro|domande|alguma|perguntas?)\b"
)
_OPEN = _LETTER | frozenset(
    stems_in(
        "anything something else still remain remains remaining unclear clear need any further other more back here time simply "
        "etwas noch bleibt bleiben unklar brauchen sollte sollten jederzeit weitere haben melden "
        "quelque chose autre d'autre besoin avez n'est pas clair point restait reste eclaircir n'hesitez encore "
        "algo mas queda quedara claro necesita necesitara dude duda alguna otra tiene no pregunta preguntas "
        "iets nog onduidelijk nodig dan mocht kunt heeft hebt verder vragen vraag "
        "qualcosa altro altre serve chiaro non fosse ancora bisogno avesse ha ci domanda domande "
        "algo alguma coisa precisar estiver claro nao hesite basta tiver pergunta perguntas"
    )
)
"""What an invitation to write again is made of: it leaves open what about, and so claims nothing."""
_OWN = ("thanks", "sorry", "glad", "closing", "closing_formal", "closing_glad", "regards")
"""The good manners of the desk's own phrase book."""


def parts(text: str) -> tuple[int, frozenset[str]]:
    """How many words of manners a text has, and the stems of what else it says."""
    folded = fold(text)
    return len(MANNERS.findall(folded)), said(MANNERS.sub(" ", folded))


def said(text: str) -> frozenset[str]:
    """The stems that say something."""
    return frozenset(stem for stem in stems_in(text) if stem not in STOPS and stem not in _COLOUR and len(stem) > 1)


def alone(text: str) -> bool:
    """Whether a sentence is good manners and nothing else: no figure, and no word beside them but of the letter itself."""
    if _plain(text) in _own():
        return True
    folded = fold(text)
    if stated(text) or DUTY.search(folded):
        return False
    polite, rest = parts(text)
    return (polite > 0 and rest <= _LETTER) or _invites(folded)


def _invites(folded: str) -> bool:
    """Whether it asks to write again if anything is open, and says nothing else."""
    words = said(_ANSWER.sub(" ", MANNERS.sub(" ", folded)))
    return bool(_ANSWER.search(folded) and _WHATEVER.search(folded)) and words <= _OPEN


@cache
def _own() -> frozenset[str]:
    return frozenset(_plain(phrases(language)[name]) for language in LANGUAGES for name in _OWN)


def _plain(text: str) -> str:
    return " ".join(fold(text).split()).rstrip(" .,!")
