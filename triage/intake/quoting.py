"""Fold away what a sender did not write now: quoted history below or between, and the closing signature.

Works line by line, in time linear in the text, for English, German, French, Spanish, Dutch, Italian and
Portuguese (and a few more) as the common mail programs write them. When nothing would be left, nothing is folded.
"""

import re
from typing import NamedTuple

_WROTE = re.compile(
    r"^\W{0,3}(?:On\b.*\bwrote|Am\b.*\bschrieb\b.*|Le\b.*\ba\s+écrit|El\b.*\bescribió|Op\b.*\bschreef\b.*|"
    r"(?:Il|Lo|In data)\b.*\bha\s+scritto|(?:Em|A)\b.*\bescreveu|Dne\b.*\bnapsala?(?:\(a\))?|(?:W dniu|Dnia)\b.*\bnapisał.*|"
    r"(?:Den|Vào)\b.*\b(?:skrev|đã viết)\b.*|.{3,80}<[^<>\s]+@[^<>\s]+>\s*(?:wrote|schrieb|a écrit|escribió|schreef|ha scritto|escreveu))"
    r"\s*:\s*$",
    re.IGNORECASE,
)
_WROTE_STARTS = re.compile(r"^\W{0,3}(?:On|Am|Le|El|Op|Il|Lo|In data|Em|A|Dne|W dniu|Dnia|Den)\s", re.IGNORECASE)
_ORIGINAL = re.compile(
    r"^\s*[-_*]{2,}\s*(?:Original (?:Message|Email|Appointment)|Ursprüngliche Nachricht|Originalnachricht|Message (?:d.)?origine?|"
    r"Message transféré|Mensaje original|Oorspronkelijk bericht|Messaggio originale|Mensagem original|Forwarded message|"
    r"Weitergeleitete Nachricht|Messaggio inoltrato|Mensaje reenviado|Doorgestuurd bericht|Původní zpráva|Reply message)"
    r"\s*[-_*]{2,}\s*$|^\s*(?:Begin forwarded message|Anfang der weitergeleiteten Nachricht|Début du message (?:transféré|réexpédié)|"
    r"Inizio messaggio inoltrato|Inicio del mensaje reenviado)\s*:\s*$",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"^[\s*>]{0,6}(?P<name>From|Sent|To|Subject|Date|Cc|Von|Gesendet|An|Betreff|Datum|De|Envoyé|À|Objet|Enviado(?: el)?|Para|Asunto|"
    r"Fecha|Van|Verzonden|Aan|Onderwerp|Da|Inviato|A|Oggetto|Data|Enviada(?: em)?|Assunto|Od|Odesláno|Komu|Předmět)\s?\*?:\s?\S?",
    re.IGNORECASE,
)
_FROM_NAMES = frozenset({"from", "von", "de", "van", "da", "od"})
_RULE = re.compile(r"^\s*[_-]{20,}\s*$")
_QUOTE = re.compile(r"^\s{0,3}(?:>|\|\s)")
_DASHES = re.compile(r"^(?:--|—|__)\s*$")
_SENT_FROM = re.compile(
    r"^\W*(?:Sent from (?:my|Outlook|Yahoo|Mail for|ProtonMail|Proton Mail|the all new)|Get Outlook for|Von meinem .{2,40} gesendet|"
    r"Gesendet (?:von|mit|aus)|Diese Nachricht wurde von meinem|Envoyé (?:de|depuis)|Enviado (?:desde|do|de) (?:mi|meu|o|Outlook)|"
    r"Obter o Outlook|Obtener Outlook|Télécharger Outlook|Outlook für|Verzonden (?:vanaf|met|vanuit)|Verstuurd vanaf|Inviato da|"
    r"Scarica Outlook|Odesláno z|Yahoo Mail)\b.{0,80}$",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"^\W*(?:(?:with |my )?(?:best|kind|kindest|warm|warmest|many)(?: regards| wishes| thanks)?|regards|sincerely(?: yours)?|"
    r"yours (?:sincerely|faithfully|truly)|cheers|thanks(?: again| a lot| so much| in advance)?|thank you(?: very much| in advance)?|"
    r"thanks and regards|thanks & regards|mit (?:freundlichen|besten|lieben) grü(?:ß|ss)en|freundliche grü(?:ß|ss)e|"
    r"(?:viele|liebe|beste|schöne|herzliche) grü(?:ß|ss)e|(?:besten|vielen|herzlichen) dank|danke|gru(?:ß|ss)|lg|vg|mfg|hochachtungsvoll|"
    r"(?:bien )?cordialement|salutations(?: distinguées)?|bien à vous|sincères salutations|merci(?: beaucoup| d.avance)?|"
    r"(?:un )?(?:cordial )?saludos?(?: cordiales)?|atentamente|(?:muchas )?gracias(?: de antemano)?|atte|"
    r"(?:cordiali|distinti) saluti|saluti|grazie(?: mille)?|un saluto|(?:met )?(?:vriendelijke|hartelijke) groet(?:en|jes)?|groet(?:en|jes)?|"
    r"(?:alvast )?bedankt|mvg|atenciosamente|(?:com os melhores )?cumprimentos|(?:muito )?obrigad[oa]|abraços?)\W*$",
    re.IGNORECASE,
)
_LONGEST_SIGNATURE = 10
_LONGEST_CLOSING = 8


class Parts(NamedTuple):
    body: str
    quoted: str
    signature: str


def split(text: str, *, reply: bool = True) -> Parts:
    """Part a plain text into what was written now, the quoted history and the signature.

    `reply` says whether the message answers another: in a first message a line beginning with ">" is kept, since
    it is more likely an excerpt than history.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    own, quoted = _fold_history(lines, reply)
    if not _said(own):
        return Parts(text.strip(), "", "")
    body, signature = _fold_signature(own)
    return Parts(_join(body), _join(quoted), _join(signature))


def _fold_history(lines: list[str], reply: bool) -> tuple[list[str], list[str]]:
    start, length, marked = _history(lines)
    if start is None:
        if not reply:
            return lines, []
        return [x for x in lines if not _QUOTE.match(x)], [x for x in lines if _QUOTE.match(x)]
    above, head, below = lines[:start], lines[start : start + length], lines[start + length :]
    if marked and any(_QUOTE.match(line) for line in below):
        # quoted line by line: what stands between or below the quotations is an answer
        answers = [line for line in below if not _QUOTE.match(line)]
        if reply:
            above, kept = [x for x in above if not _QUOTE.match(x)], [x for x in above if _QUOTE.match(x)]
            head = kept + head
        return [*above, *answers], [*head, *(line for line in below if _QUOTE.match(line))]
    return above, [*head, *below]


def _history(lines: list[str]) -> tuple[int | None, int, bool]:
    """Where the history begins, how many lines its heading takes, and whether its lines are marked with ">"."""
    for number, line in enumerate(lines):
        if len(line) > 400:
            continue
        if _ORIGINAL.match(line):
            return number, 1, False
        if length := _attribution(lines, number):
            return number, length, True
        if length := _header_block(lines, number):
            ruled = number and _RULE.match(lines[number - 1])
            return (number - 1, length + 1, False) if ruled else (number, length, False)
    return None, 0, False


def _attribution(lines: list[str], number: int) -> int:
    """How many lines "On …, … wrote:" takes here (it may be broken over three); 0 when it is not one."""
    line = lines[number]
    if not _WROTE_STARTS.match(line) and "@" not in line:
        return 0
    joined = ""
    for length in (1, 2, 3):
        joined = " ".join((joined + " " + line.lstrip("> ")).split()) if length > 1 else line.strip()
        if len(joined) <= 400 and joined.endswith(":") and _WROTE.match(joined) and re.search(r"\d|@", joined):
            return length
        if number + length >= len(lines) or not lines[number + length].strip():
            return 0
        line = lines[number + length][:400]
    return 0


def _header_block(lines: list[str], number: int) -> int:
    """How many lines a block "From: … Sent: … To: …" takes here; 0 when it is not one."""
    first = _HEADER.match(lines[number])
    if not first or first["name"].lower() not in _FROM_NAMES:
        return 0
    names = {first["name"].lower()}
    length = 1
    for line in lines[number + 1 : number + 9]:
        match = _HEADER.match(line[:400])
        if not match:
            break
        names.add(match["name"].lower())
        length += 1
    return length if len(names) >= 3 else 0


def _fold_signature(lines: list[str]) -> tuple[list[str], list[str]]:
    last = max((n for n, line in enumerate(lines) if line.strip()), default=-1) + 1
    for number in range(max(0, last - _LONGEST_SIGNATURE - 2), last):
        tail = lines[number:last]
        if _DASHES.match(lines[number]) or (_SENT_FROM.match(lines[number]) and len(tail) <= 3):
            if _said(lines[:number]):
                # a closing above the dashes belongs to the signature too
                body, more = _fold_signature(lines[:number])
                return body, [*more, *tail]
        elif _CLOSING.match(lines[number]) and _is_closing(tail[1:]) and _said(lines[:number]):
            return lines[:number], tail
    return lines[:last], []


def _is_closing(tail: list[str]) -> bool:
    """A name, a role, an address: few short lines that ask nothing."""
    said = [line.strip() for line in tail if line.strip()]
    sentences = any(len(line.split()) > 9 or len(line) > 70 or line.endswith(("?", "!")) for line in said)
    return len(said) <= _LONGEST_CLOSING and not sentences


def _said(lines: list[str]) -> bool:
    return any(c.isalnum() for line in lines for c in line)


def _join(lines: list[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip()
