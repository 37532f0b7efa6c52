"""A short list of rules against unwanted mail; each says in plain words why it fired.

A message is spam from 3 points on. A rule about selling needs an offer *and* a thing on offer, so that a customer
who mentions a website, a prize or a password is not taken for a spammer; talk of an own order takes points off.
"""

import re
from typing import NamedTuple

from triage.intake.headers import Headers

THRESHOLD = 3


class Signal(NamedTuple):
    points: int
    why: str


class _Rule(NamedTuple):
    points: int
    why: str
    patterns: tuple[re.Pattern[str], ...]

    def fires(self, text: str) -> bool:
        return all(pattern.search(text) for pattern in self.patterns)


def _words(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(rf"\b(?:{pattern})", re.IGNORECASE) for pattern in patterns)


_OFFER = (
    r"we (?:can|will|could|offer|provide|specialise|specialize|are an?)|our (?:team|agency|company|services?|portfolio|experts?|packages?)\b|i (?:can|offer) |"
    r"interested\b.{0,60}\?|(?:reply|contact|write|answer)(?: (?:me|us|back))? (?:for|to get)|let me know if you|would you (?:like|be interested)|"
    r"wir (?:bieten|können|optimieren|gestalten)|unsere agentur|nous (?:proposons|offrons)|notre agence|ofrecemos|nuestra agencia|offriamo|wij bieden|oferecemos"
)
_SERVICE = (
    r"(?:re-?)?design(?:ing)? (?:of )?your (?:web ?site|site|logo)|your website (?:design|ranking|traffic)|search engine optimi[sz]ation|seo\b|"
    r"(?:first|top|1st) (?:page|position|rank\w*) (?:of|on|in) google|google ranking|back ?links?\b|link building|guest post|sponsored (?:post|article)|"
    r"domain authority|web ?site (?:traffic|development|redesign)|web design|mobile app development|lead generation|qualified leads|"
    r"(?:email|mailing|contact|attendee) (?:list|database)s? of|explainer video|bulk (?:email|sms)|social media (?:followers|marketing)|"
    r"business loan|unsecured loan|working capital|webseite (?:neu|optimieren|gestalten)|suchmaschinenoptimierung|référencement|posicionamiento web"
)
_FORTUNE = (
    r"(?:\d[\d,.]* ?|one |two |several )(?:million|billion)s? (?:\w+ ){0,2}(?:dollars|usd|euros?|pounds)|(?:usd|us\$|\$|€|£) ?\d[\d,.]* ?(?:million|m\b)|"
    r"lottery|jackpot|inheritance|compensation fund|unclaimed funds?"
)
_FORTUNE_TALK = (
    r"next of kin|beneficiary|late (?:client|husband|mr)|barrister|dying|confidential (?:business|transaction)|winning (?:number|notification)|"
    r"you (?:have )?(?:won|been selected)|transfer (?:the|this) (?:fund|money|sum)|god bless|bank details"
)
_PHISHING = (
    r"(?:your )?(?:mailbox|e-?mail account|webmail|storage|inbox) (?:is |has |will be )(?:almost )?(?:full|exceeded|suspended|deactivated|closed|expir\w+)|"
    r"(?:re-?validate|verify|confirm|upgrade) your (?:mailbox|e-?mail account|webmail|mail account)|password (?:for \S+ )?(?:expires|will expire) (?:today|in|soon)|"
    r"you have \(?\d+\)? (?:undelivered|pending|quarantined|held) (?:mails?|messages?|e-?mails?)"
)
_RULES = (
    _Rule(3, "It offers a service nobody asked for (websites, search ranking, leads, loans).", _words(_OFFER, _SERVICE)),
    _Rule(3, "It promises a fortune.", _words(_FORTUNE, _FORTUNE_TALK)),
    _Rule(
        2,
        "It lures with a link to log in to a mailbox.",
        (*_words(_PHISHING), re.compile(r"https?://|click|klick|hxxp", re.IGNORECASE)),
    ),
    _Rule(
        3,
        "It threatens to publish recordings unless coins are paid.",
        _words(
            r"(?:recorded (?:you|a video)|footage of you\b|video of you\b|(?:through|via|on) your (?:webcam|camera)|compromising)",
            r"(?:bitcoin|btc|monero|crypto(?:currency)?) ?(?:wallet|address)?",
        ),
    ),
    _Rule(
        3,
        "It sells an investment with sure gains.",
        _words(
            r"(?:bitcoin|crypto(?:currency)?|forex|trading (?:bot|platform|signals)|investment)",
            r"(?:guaranteed (?:returns?|profits?|income)|double your|passive income|(?:daily|weekly) (?:returns?|profits?)|\d+ ?% (?:daily|weekly|per (?:day|week))|risk[- ]free)",
        ),
    ),
    _Rule(
        3,
        "It sells medicine, gambling or dating.",
        _words(
            r"(?:viagra|cialis|online (?:casino|pharmacy)|free spins|casino bonus|weight[- ]loss (?:pills?|gummies)|hot singles|horny)"
        ),
    ),
    _Rule(
        2,
        "It lures with a prize or voucher.",
        _words(
            r"(?:congratulations|you(?:'ve| have) (?:won|been (?:selected|chosen))|(?:weekly|monthly|lucky|prize) draw|lucky winner|herzlichen glückwunsch|félicitations)",
            r"(?:voucher|gift ?cards?|prize|reward|payout|iphone|gutschein|gewinn|bon d.achat)",
            r"(?:claim|click|act now|limited time|(?:offer )?(?:ends|expires) (?:in|today|soon)|confirm your|jetzt|cliquez)",
        ),
    ),
    _Rule(
        -3,
        "It speaks of an own order, delivery or invoice.",
        _words(
            r"(?:my|our|an|the) (?:recent |last |latest )?(?:order|delivery|parcel|package|invoice|subscription|purchase|refund|machine)\b|i (?:ordered|bought|purchased|received)|order (?:no|number|#)|"
            r"(?:meine|unsere) (?:bestellung|lieferung|rechnung)|(?:ma|notre) commande|mi pedido|mijn bestelling|il mio ordine|meu pedido"
        ),
    ),
)
_LINK = re.compile(r"https?://\S+", re.IGNORECASE)


def content_signals(subject: str, body: str) -> list[Signal]:
    """What the wording says, each with its points."""
    text = f"{subject}\n{body[:8000]}"
    found = [Signal(rule.points, rule.why) for rule in _RULES if rule.fires(text)]
    links = len(_LINK.findall(text))
    if links >= 8 and len(_LINK.sub("", text).split()) < 20 * links:
        found.append(Signal(2, f"It is little more than {links} links."))
    return found


def header_signals(headers: Headers, own: str) -> list[Signal]:
    """What mail servers and list software say. A list that our own address belongs to does not count."""
    found = []
    if headers.token("X-Spam-Flag") == "yes" or headers.token("X-Spam-Status").startswith("yes"):
        found.append(Signal(3, "The mail server marked it as spam."))
    own_name, _, own_host = own.partition("@")
    lists = " ".join(value.lower() for name in ("List-Id", "List-Post", "List-Unsubscribe") for value in headers.raw(name))
    ours = bool(own_host) and (own in lists or f"{own_name}.{own_host}" in lists)
    bulk = headers.token("Precedence") in ("bulk", "junk", "list")
    if not ours and headers.token("Precedence") in ("bulk", "junk"):
        found.append(Signal(1, "It says itself that it is bulk mail."))
    if any(re.search(r"\bdmarc\s*=\s*fail\b", value, re.IGNORECASE) for value in headers.raw("Authentication-Results")[:1]):
        found.append(Signal(1, "The mail server found its sender forged."))
    if not ours and "List-Unsubscribe" in headers and (bulk or "Feedback-ID" in headers or "List-Id" in headers):
        found.append(Signal(3, "It was sent to a mailing list that is not ours."))
    return found


def verdict(signals: list[Signal]) -> str | None:
    """The reasons in one line when they make a message spam, else None."""
    if sum(signal.points for signal in signals) < THRESHOLD:
        return None
    return " ".join(signal.why for signal in signals if signal.points > 0)
