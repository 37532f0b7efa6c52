"""Good manners in the desk's languages: what thanks, greets, regrets and offers help, and the words that colour it.

One list for everybody who asks whether a sentence states anything: the check of a person's own words and the classes of edits.
"""

import re

from triage.guardrails.conflicts import DUTY
from triage.guardrails.exact import stated
from triage.guardrails.patterns import fold
from triage.guardrails.stems import STOPS, stems_in

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


def parts(text: str) -> tuple[int, frozenset[str]]:
    """How many words of manners a text has, and the stems of what else it says."""
    folded = fold(text)
    return len(MANNERS.findall(folded)), said(MANNERS.sub(" ", folded))


def said(text: str) -> frozenset[str]:
    """The stems that say something."""
    return frozenset(stem for stem in stems_in(text) if stem not in STOPS and stem not in _COLOUR and len(stem) > 1)


def alone(text: str) -> bool:
    """Whether a sentence is good manners and nothing else: no figure, and no word beside them but of the letter itself."""
    polite, rest = parts(text)
    return polite > 0 and rest <= _LETTER and not stated(text) and not DUTY.search(fold(text))
