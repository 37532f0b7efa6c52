"""Personal data by the form it is written in, or by the word that stands before it; checksums where there are any.

Every pattern is bounded, so that a text of n characters costs O(n) however it is made.
"""

import re
from collections.abc import Iterator

from triage.guardrails import pii
from triage.guardrails.checksums import identity_numbers, luhn
from triage.guardrails.personal import kinds

Found = tuple[int, int, str]

_OF_A_ROLE = re.compile(
    r"^(?:support|help(?:desk)?|info|service|kundenservice|kundendienst|sales|billing|returns?|orders?|contact|hello|no-?reply|do-?not-?reply|"
    r"admin|office|team|press|jobs|privacy|security|abuse|postmaster|webmaster|mailer-daemon|accounts?|invoices?|rechnung|shop|feedback|care|"
    r"customer-?(?:service|care|support)|service-?client|atencion|soporte|ayuda|suporte|ajuda|apoio|assistenza|aiuto|klantenservice|kontakt)"
    r"(?:[+._-][\w.+-]*)?@",
    re.IGNORECASE,
)
_WEB = re.compile(r"(?<![\w@])(?:https?://|www\.)[^\s<>\"')\]]{3,300}", re.IGNORECASE)

_IPV4 = re.compile(r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w-]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:])(?:[0-9a-f]{1,4}:){2,7}(?::?[0-9a-f]{1,4})(?::[0-9a-f]{1,4}){0,5}(?![\w:])", re.IGNORECASE)
_RELEASE = re.compile(
    r"\b(?:v|ver|versions?|versie|versione|versión|versão|updat\w*|upgrad\w*|aktualis\w*|releases?|firmware|builds?|software|app|driver|"
    r"treiber|patch|installed|installiert\w*|mise à jour|actualiz\w*|atualiz\w*|aggiorn\w*|bijwerk\w*)\W{1,3}(?:\w{1,8}\W{1,3}){0,2}$",
    re.IGNORECASE,
)
_NETWORK = re.compile(
    r"\b(?:ip|ips|ipv4|host|server|ping\w*|from|von|depuis|desde|da|van|logg?ed|login|connect\w*|adres\w*|address\w*)\b",
    re.IGNORECASE,
)

_PHONE = re.compile(
    r"(?<![\w.,$€£#@=/-])(?<![€$£] )(?:\+|00)?[\d(][\d ()./-]{4,22}\d(?:[ ]?(?:x|ext\.?|Durchwahl)[ ]?\d{1,6})?(?!\w|[-.,/]\d)"
)
_CALL_BEFORE = re.compile(
    r"(?:phones?|tel|telephone|téléphone|telefon\w*|teléfono|telefone|mobile|cell\w*|móvil|movil|portable|cellulare|handy\w*|mobiel\w*|"
    r"telefoonnummer|fax|call|ring|text|sms|whatsapp|reach|dial|anruf\w*|ruf\w*|rückruf|erreich\w*|appel\w*|rappel\w*|joindre|llám\w*|llam\w*|"
    r"chiam\w*|ligu?\w*|bel|bellen|bereik\w*|number is|nummer ist|numéro est|número es|numero è|nummer is)\b[^\d\n]{0,24}\n?\W{0,3}$",
    re.IGNORECASE,
)
_CALL_AFTER = re.compile(r"^\s{0,2}\(?(?:office|fax|mobile|cell|home|work|phone|tel|mobil|bureau|casa|privat)\b", re.IGNORECASE)
_SURELY_PHONE = re.compile(
    r"^(?:\+|00[1-9]\d)|^\(0?\d{2,4}\)|^0\d{1,5}[ /-]\d|^0\d{9,10}$|^(?:1[ .-])?\(?[2-9]\d\d\)?[ .-]{1,2}\d{3}[ .-]\d{4}(?:[ ]?x\d{1,6})?$"
    r"|^\d{2}(?:[ .-]\d{2}){3,4}$|^[679]\d{2}[ ]\d{3}[ ]\d{3}$"
)
_DATE = re.compile(r"^(?:\d{1,2}([./ -])\d{1,2}\1\d{2,4}|\d{4}([./ -])\d{1,2}\2\d{1,2})(?![\d-])")
_OTHER_NUMBER = re.compile(
    r"(?:orders?|bestell\w*|auftrag\w*|lieferung|commandes?|pedidos?|encomenda|ordine|ordini|bestelling|tracking|parcel|paket|colis|paquete|"
    r"serial|serien\w*|invoice|rechnung\w*|factu\w*|fattura|sendung\w*|zending|ticket|case|ref\w*|article|artikel\w*|sku|model\w*|error|code|"
    r"fehler\w*|erreur|part|version|kunden\w*|customer|klant\w*|client\w*)[\s.:#-]{0,3}(?:(?:number|nummer|no|nr|num|número|numéro|numero|is|id)"
    r"[\s.:#-]{0,3}){0,2}$",
    re.IGNORECASE,
)

_CARD_BEFORE = re.compile(
    r"(?:card|karte|carte|tarjeta|cart[aã]o|carta|kaart|visa|mastercard|amex)\b[^\d\n]{0,20}$", re.IGNORECASE
)
_LONG_DIGITS = re.compile(r"(?<![\w+-])\d(?:[ -]?\d){11,18}(?![\w-])")
_SSN = re.compile(r"(?<![\w-])(?!000|666)\d{3}[- ](?!00)\d{2}[- ](?!0000)\d{4}(?![\w-])")

_NUMBERED = r"(?:[\s.:#-]{1,3}(?:number|nummer|no|nr|num|número|numéro|numero|n°|nº|is|ist|est|es|è|é|e|lautet|code|the|form|was|del|de|di)\b){0,4}[\s.:#°=-]{1,3}"
_MONTH = (
    r"(?:jan|feb|mar|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez|janv|févr|fevr|mars|avr|juin|juil|août|aout|sept|déc|ene|abr|ago|dic|"
    r"mär|maa|mei|mrt|fev|set|out|gen|mag|giu|lug|ott)[a-zéûçäèo]{0,7}\.?"
)
_DAY = (
    rf"(?:\d{{1,2}}[./ -]\d{{1,2}}[./ -]\d{{2,4}}|\d{{4}}[./-]\d{{1,2}}[./-]\d{{1,2}}|\d{{1,2}}(?:\.|st|nd|rd|th|er|º)?\s(?:de\s|of\s)?{_MONTH}(?:\s(?:de|del))?,?\s\d{{4}}"
    rf"|{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?,?\s\d{{4}})(?!\d)"
)


def _labelled(label: str, value: str, between: str = _NUMBERED) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{label}){between}({value})", re.IGNORECASE)


_BIRTH = _labelled(
    r"born|dob|d\.o\.b\.|birth ?date|birthday|date of birth|geboren|geburtsdatum|geburtstag|née?|date de naissance|nacid[oa]|fecha de nacimiento|"
    r"nascid[oa]|data de nascimento|nat[oa]|data di nascita|geboortedatum|geboren op",
    _DAY,
    r"(?:\s(?:is|on|am|ist|le|el|em|il|op|the|a|est|es|è|é))?[\s:,=-]{1,3}",
)
_SAID = r"(?:\s+(?:is|was|lautet|ist|war|est|es|é|è|era|waren?)\s*:?\s*|\s*[:=]\s*)"
_PASSWORD = _labelled(
    r"password|passwort|kennwort|mot de passe|contraseña|senha|palavra-passe|wachtwoord|passcode|passphrase|pwd|pass",
    r"\"[^\"\n]{3,64}\"|'[^'\n]{3,64}'|[^\s,;]{4,64}",
    _SAID,
)
_PIN = _labelled(r"pin|pin code|pin-code|pincode|cvv|cvc|security code|otp|tan", r"\d{3,8}(?!\w)", _SAID)
_USERNAME = _labelled(
    r"username|user name|user id|userid|login name|login|benutzername|nutzername|nom d'utilisateur|identifiant|nombre de usuario|usuario|"
    r"nome de utilizador|utilizador|nome utente|gebruikersnaam|screen name|handle|nickname",
    r"[\w.@+-]{3,40}",
    r"(?:" + _SAID + r"|\s{1,2})",
)
_KEY = _labelled(
    r"(?:api|access|secret|auth|private)[ _-]?(?:key|token|secret)|bearer|token|client[ _-]secret",
    r"[\w.~+/=-]{12,400}",
    r"(?:" + _SAID + r"|\s{1,2})",
)
_TOKEN = re.compile(
    r"(?<![\w-])(?:sk-[\w-]{16,200}|sk_(?:live|test)_\w{10,200}|rk_live_\w{10,200}|gh[pousr]_\w{20,200}|github_pat_\w{20,200}|glpat-[\w-]{16,60}|"
    r"xox[abprs]-[\w-]{10,200}|AKIA[0-9A-Z]{16}|AIza[\w-]{30,40}|eyJ[\w-]{10,1000}\.[\w-]{5,2000}(?:\.[\w-]{0,1000})?|SG\.[\w-]{16,40}\.[\w-]{16,80})(?![\w-])"
)
_PEM = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]{0,8000}?-----END [A-Z ]{0,30}PRIVATE KEY-----")
_PASSPORT = _labelled(
    r"passport|reisepass\w*|passeport|pasaporte|passaporte|passaporto|paspoort\w*", r"(?=[A-Z]{0,3}\d)[A-Z0-9]{6,10}(?!\w)"
)
_SSN_SAID = _labelled(r"ssn|social security", r"\d{3}[- ]?\d{2}[- ]?\d{4}(?!\w)")
_TAX = _labelled(
    r"tax id|tax number|tin|vat|ust-?id|steuer-?id\w*|steuernummer|steueridentifikationsnummer|numéro fiscal|nif|cif|partita iva|btw-?nummer|contribuinte|cpf",
    r"(?:[A-Z]{2})?[\d][\d ./-]{6,16}\d[A-Z0-9]{0,3}(?!\w)",
)
_ID_SAID = _labelled(
    r"national id|id card|identity card|personalausweis\w*|ausweis\w*|carte d'identité|dni|nie|bilhete de identidade|cartão de cidadão|carta d'identità|"
    r"identiteitskaart|bsn|burgerservicenummer|sozialversicherungsnummer|sécurité sociale|nino|national insurance|driver'?s licen[cs]e|driving licen[cs]e|führerschein\w*",
    r"[A-Z0-9.-]{0,12}\d[A-Z0-9.-]{0,8}(?: [A-Z0-9.-]{0,6}\d[A-Z0-9.-]{0,6}){0,5}(?<=\w)(?!\w)",
)
_PLATE = _labelled(
    r"licen[cs]e plate|number plate|registration plate|kennzeichen|nummernschild|plaque d'immatriculation|matrícula|matricula|targa|kenteken",
    r"(?=[A-Z -]{0,6}\d|\d)[A-ZÄÖÜ0-9]{1,4}(?:[ -]?[A-Z0-9]{1,4}){1,3}(?!\w)",
)
_BY_LABEL = [
    (_BIRTH, kinds.BIRTH), (_SSN_SAID, kinds.SSN), (_PASSPORT, kinds.PASSPORT), (_TAX, kinds.TAX_ID), (_ID_SAID, kinds.NATIONAL_ID),
    (_PLATE, kinds.PLATE),
]  # fmt: skip
_HAS_LABEL = re.compile(
    r"born|dob|d\.o\.b|birth|gebor|geburt|née?\b|naiss|naci|nasc|nat[oa]\b|ssn|social sec|pass|pas[pa]|tax|tin\b|vat\b|steuer|fiscal|nif\b|cif\b|iva\b|btw|"
    r"contribu|cpf|\bid\b|ausweis|dni|nie\b|identi|cidad|bsn|burgers|sozialv|sécurité|nino\b|national|licen|führer|plate|kennz|nummern|plaque|matr|targa|kenteken",
    re.IGNORECASE,
)
_HAS_SECRET = re.compile(
    r"passw|kennw|mot de passe|contrase|senha|passe\b|wachtw|passc|passp|pwd|pass\b|pin|cvv|cvc|code|otp|tan\b|user|login|nutzer|utili|usuario|identifiant|"
    r"gebruik|utente|name|handle|key|token|secret|bearer",
    re.IGNORECASE,
)


def find(text: str) -> Iterator[Found]:
    """Places and kinds in order of certainty; they may overlap, the first one counts."""
    yield from _secrets(text)
    yield from _addresses(text)
    if not _DIGIT.search(text):
        return
    yield from _labels(text)
    yield from _cards(text)
    yield from ((m.start(), m.end(), kinds.SSN) for m in _SSN.finditer(text) if not _is_other(text, m.start()))
    yield from ((start, end, kinds.NATIONAL_ID) for start, end in identity_numbers(text))
    yield from _hosts(text)
    yield from _phones(text)


_DIGIT = re.compile(r"\d")
_PLAIN_WORD = re.compile(r"[^\W\d_]+[.,;:!?]*|.{0,3}")


def _secrets(text: str) -> Iterator[Found]:
    yield from ((m.start(), m.end(), kinds.SECRET) for m in _TOKEN.finditer(text))
    if "-----BEGIN" in text:
        yield from ((m.start(), m.end(), kinds.SECRET) for m in _PEM.finditer(text))
    if not _HAS_SECRET.search(text):
        return
    for match in _PASSWORD.finditer(text):
        start, end = match.span(1)
        value = text[start:end].rstrip(".,;:!?")
        if not _PLAIN_WORD.fullmatch(value) or (
            match.group()[: start - match.start()].rstrip()[-1] in ":=" and _ends_line(text, end)
        ):
            yield start, start + len(value), kinds.PASSWORD
    yield from ((m.start(1), m.end(1), kinds.PASSWORD) for m in _PIN.finditer(text))
    for match in _KEY.finditer(text):
        if any(mark.isdigit() for mark in match.group(1)) and any(mark.isalpha() for mark in match.group(1)):
            yield match.start(1), match.end(1), kinds.SECRET
    for match in _USERNAME.finditer(text):
        value = match.group(1).rstrip(".@-+")
        if "@" not in value and (re.search(r"[\d_.]|[a-z][A-Z]", value) or ":" in text[match.start() : match.start(1)]):
            yield match.start(1), match.start(1) + len(value), kinds.USERNAME


def _ends_line(text: str, at: int) -> bool:
    return at >= len(text) or text[at] in "\r\n"


def _addresses(text: str) -> Iterator[Found]:
    if "@" in text:
        for match in pii.EMAIL.finditer(text):
            if not _OF_A_ROLE.match(match.group()):
                yield match.start(), match.end(), kinds.EMAIL
    for match in _WEB.finditer(text):
        yield match.start(), match.start() + len(match.group().rstrip(".,;:!?")), kinds.DOMAIN


def _labels(text: str) -> Iterator[Found]:
    if not _HAS_LABEL.search(text):
        return
    for pattern, kind in _BY_LABEL:
        yield from ((m.start(1), m.end(1), kind) for m in pattern.finditer(text) if sum(map(str.isdigit, m.group(1))) >= 3)


def _cards(text: str) -> Iterator[Found]:
    for datum in pii.numbers(text):
        yield datum.start, datum.end, kinds.CARD if datum.kind == "card" else kinds.IBAN
    for match in _LONG_DIGITS.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        announced = _CARD_BEFORE.search(text[max(0, match.start() - 40) : match.start()]) is not None
        if len(digits) != 17 and (
            announced or (len(digits) in (15, 16, 19) and luhn(digits) and not _is_other(text, match.start()))
        ):
            yield match.start(), match.end(), kinds.CARD


def _hosts(text: str) -> Iterator[Found]:
    for match in _IPV4.finditer(text):
        before = text[max(0, match.start() - 40) : match.start()]
        if _RELEASE.search(before):
            continue
        if _NETWORK.search(before) or any(int(part) > 31 for part in match.group().split(".")):
            yield match.start(), match.end(), kinds.IP
    if text.count(":") > 2:
        yield from ((m.start(), m.end(), kinds.IP) for m in _IPV6.finditer(text) if m.group().count(":") >= 4)


def _phones(text: str) -> Iterator[Found]:
    for match in _PHONE.finditer(text):
        shown = match.group()
        digits = sum(map(str.isdigit, shown))
        if not 6 <= digits <= 17 or _DATE.match(shown) or _is_other(text, match.start()):
            continue
        if (
            (digits >= 7 and _SURELY_PHONE.search(shown))
            or _CALL_BEFORE.search(text[max(0, match.start() - 50) : match.start()])
            or _CALL_AFTER.match(text[match.end() : match.end() + 12])
        ):
            yield match.start(), match.end(), kinds.PHONE


def _is_other(text: str, at: int) -> bool:
    """Whether an order's, a parcel's or an article's number is announced."""
    return _OTHER_NUMBER.search(text[max(0, at - 40) : at]) is not None
