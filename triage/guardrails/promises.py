"""Promises that only people may make: money, remedies, dates; in folded text of the desk's languages."""

import re

from triage.guardrails.patterns import fold

PROMISE = re.compile(
    # en
    r"\b(we|i)('ll| will| shall| can| would be happy to| are going to| have| 've|'ve) (now |already |also |gladly |happily |hereby )?(refund|credit|reimburse|compensate|repay|issu\w+ (you )?(a |the |your )?(full |partial )?(refund|credit|voucher|replacement)|"
    r"refunded|credited|reimbursed|compensated|waive|send (you )?(a )?(new|free|replacement) (machine|one|unit)|give (you )?(a )?(\w+ )?(discount|voucher|refund|credit))\b"
    r"|\byou('ll| will| shall) (receive|get|be (given|paid|sent))\b[^.!?\n]{0,30}\b(refund\w*|credit\w*|money|compensation|voucher|discount|replacement)\b|\byou (will|'ll) be (refunded|reimbursed|compensated|credited)\b"
    r"|\byour (refund|credit|money|compensation)( of [^.]{1,20})? (has been|was|will be|is being|is on its way|is approved)\b|\b(we|i) (guarantee|promise)\b|\b(refund|credit|replacement) (is|has been) (approved|granted|confirmed|issued|processed)\b"
    r"|\b(refund|credit|reimbursement)( of [^.!?\n]{1,30})? is on (its|the) way\b|\b(amount|money|payment)( \w+){0,3} (goes|will go|is going|comes|will come) back to (you|your)\b"
    # de
    r"|\b(wir|ich) (erstatten|erstatte|werden|werde|haben|habe|schreiben|gewahren|ersetzen|uberweisen)\b[^.!?\n]{0,50}\b(erstatte[nt]?|ruckerstatte[nt]?|gutschr\w+|gutgeschrieben|gut|gutschein|entschadig\w+|uberwiesen|uberweisen|rabatt|ersatzgerat|kostenlos(en)? ersatz|zuruck)\b"
    r"|\bsie (erhalten|bekommen)\b[^.!?\n]{0,40}\b(erstattung|ruckerstattung|gutschrift|gutschein|geld|rabatt|entschadigung|ersatzgerat)\b|\b(wir|ich) (garantieren|verspreche\w*|versprechen)\b|\bihre (erstattung|ruckerstattung|gutschrift) (wurde|wird|ist)\b"
    # fr
    r"|\b(nous|je) (vous )?(remboursons|rembourserons|avons rembourse|allons (vous )?rembourser|crediterons|indemniserons|offrons|garantissons|promets|promettons|vous rembourse\w*)\b|\bvous (serez (rembourse|indemnise)\w*|recevrez (un |le |votre |la |une )?(remboursement|avoir|credit|bon|indemni\w+))\b"
    r"|\bvotre remboursement (a ete|sera|est)\b"
    # es
    r"|\b(le |les |te )?(reembolsaremos|devolveremos|hemos reembolsado|vamos a reembolsar|abonaremos|compensaremos|garantizamos|prometemos|indemnizaremos)\b|\b(recibira|recibiras) (el |un |su )?(reembolso|abono|compensacion|vale|descuento|dinero)\b|\bsu reembolso (ha sido|sera|esta)\b"
    # nl
    r"|\b(wij|we|ik) (betalen|zullen|hebben|vergoeden|storten|crediteren|geven)\b[^.!?\n]{0,50}\b(terug|terugbeta\w+|terugbetaald|vergoed\w*|gecrediteerd|korting|tegoed|compens\w+|gestort)\b|\bu (ontvangt|krijgt)\b[^.!?\n]{0,40}\b(terugbetaling|geld|tegoed|vergoeding|korting|waardebon|geld terug)\b|\b(wij|we|ik) (garanderen|beloven|beloof|garandeer)\b|\buw terugbetaling (is|wordt)\b"
    # it
    r"|\b(vi |le |ti )?(rimborseremo|rimborsiamo|abbiamo rimborsato|accrediteremo|risarciremo|garantiamo|promettiamo)\b|\b(ricevera|ricevrai|riceverete) (il |un |suo )?(rimborso|accredito|buono|sconto|risarcimento)\b|\b(il suo|il tuo) rimborso (e stato|sara|verra)\b"
    # pt
    r"|\b(reembolsaremos|vamos reembolsar|devolveremos|creditaremos|compensaremos|garantimos|prometemos|indenizaremos|indemnizaremos)\b|\b(recebera|vai receber) (o |um |seu )?(reembolso|credito|vale|desconto|dinheiro|compensacao)\b|\bo seu reembolso (foi|sera|esta)\b"
)
_FUTURE = re.compile(
    r"\b(will|shall|'ll|going to|expect|guaranteed?|at the latest|werden|wird|spatestens|bis zum|sera|serez|recevrez|arrivera|au plus tard|recibira|llegara|sera|a mas tardar|zal|zult|ontvangt|uiterlijk|ricevera|arrivera|sara|entro|recebera|chegara|ate)\b"
)
_WHEN = re.compile(
    r"\b\d{1,2}[./-]\d{1,2}([./-]\d{2,4})?\b|\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}(st|nd|rd|th|\.)? (of )?(january|february|march|april|may|june|july|august|september|october|november|december|januar|februar|marz|mai|juni|juli|oktober|dezember|janvier|fevrier|mars|avril|juin|juillet|aout|septembre|octobre|novembre|decembre|enero|febrero|marzo|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|januari|februari|maart|mei|augustus|gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre|janeiro|fevereiro|abril|junho|julho|setembro|outubro|dezembro)\b"
    r"|\b(tomorrow|today|tonight|monday|tuesday|wednesday|thursday|friday|saturday|sunday|morgen|heute|montag|dienstag|mittwoch|donnerstag|freitag|demain|aujourd'hui|lundi|mardi|mercredi|jeudi|vendredi|manana|hoy|lunes|martes|miercoles|jueves|viernes|vandaag|maandag|dinsdag|woensdag|donderdag|vrijdag|domani|oggi|lunedi|martedi|mercoledi|giovedi|venerdi|amanha|hoje|segunda-feira|terca-feira|quarta-feira|quinta-feira|sexta-feira)\b"
    r"|\b\d{1,3}([-–]\d{1,3})? (working |business )?(minutes?|hours?|days?|weeks?|months?|arbeitstage|werktage|tagen?|stunden|wochen|jours?|heures|semaines|dias|horas|semanas|dagen|werkdagen|uur|weken|giorni|ore|settimane|dias uteis)\b"
)
MONEY = re.compile(
    r"(?:[€£$]|\beur|\bgbp|\busd|\bchf)\s?\d[\d.,]*|\b\d[\d.,]*\s?(?:[€£$]|eur\b|euros?\b|gbp\b|pounds?\b|usd\b|dollars?\b|chf\b|%)"
)


def promised_specifics(folded: str, sources: list[str]) -> list[str]:
    """Amounts, and times that are held out for the future, which no source mentions; `folded` is one sentence."""
    money = [match.group().strip() for match in MONEY.finditer(folded)]
    times = [match.group().strip() for match in _WHEN.finditer(folded)] if _FUTURE.search(folded) else []
    if not money and not times:
        return []
    known = re.sub(r"\s+", " ", fold(" ".join(sources)))
    return [said for said in money + times if not _stands(said, known)]


def _stands(said: str, known: str) -> bool:
    """Whether the amount or time occurs in the sources, however the currency or the unit is placed."""
    if said in known:
        return True
    digits = re.search(r"\d[\d.,]*(?:[-–]\d+)?", said)
    if digits is None:
        return False
    number = re.escape(re.sub(r"[.,]00$", "", digits.group().rstrip(".,")))
    if MONEY.search(said):
        return re.search(rf"(?<![\d.,]){number}(?:[.,]00)?(?!\d|[.,]\d)", known) is not None
    unit = re.search(r"[^\W\d_]+$", said)
    return (
        unit is not None and re.search(rf"(?<![\d.,]){number} ?(?:\w{{3,9}} )?{re.escape(unit.group()[:3])}", known) is not None
    )
