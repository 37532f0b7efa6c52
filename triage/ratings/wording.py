"""The mail that asks for a rating and the page behind its links, in the languages the desk answers in."""

from dataclasses import asdict, dataclass

SCORES = (5, 4, 3, 2, 1)


@dataclass(frozen=True)
class Page:
    """What the page behind the links says beside the mail's question and scores."""

    send: str
    comment: str
    thanks: str
    taken: str
    already: str
    stop: str
    stopped: str


@dataclass(frozen=True)
class Wording:
    """`subject` asks the question; `scores` from 5 to 1; `ask` takes {company}, `once` stands below the links."""

    subject: str
    ask: str
    scores: tuple[str, str, str, str, str]
    once: str
    page: Page


_WORDS = {
    "en": Wording(
        "How did we do?", "Your request is settled. How happy are you with the answer of {company}? One click on a line is enough:",
        ("Very happy", "Happy", "So-so", "Unhappy", "Very unhappy"),
        "The links work once. On the page you can add a word, or ask us not to write such mails any more.",
        Page(
            "Send", "Would you like to add something?", "Thank you", "Your answer has reached us.",
            "You have answered this already.", "Do not ask me again", "We will not send you such mails any more.",
        ),
    ),
    "de": Wording(
        "Wie war unsere Antwort?", "Ihre Anfrage ist erledigt. Wie zufrieden sind Sie mit der Antwort von {company}? Ein Klick auf eine Zeile genügt:",
        ("Sehr zufrieden", "Zufrieden", "Teils, teils", "Unzufrieden", "Sehr unzufrieden"),
        "Die Links gelten einmal. Auf der Seite können Sie etwas dazu schreiben oder solche Mails abbestellen.",
        Page(
            "Absenden", "Möchten Sie etwas dazu sagen?", "Vielen Dank", "Ihre Antwort ist angekommen.",
            "Sie haben schon geantwortet.", "Nicht mehr fragen", "Sie erhalten solche Mails nicht mehr.",
        ),
    ),
    "fr": Wording(
        "Comment était notre réponse ?", "Votre demande est réglée. Êtes-vous satisfait de la réponse de {company} ? Un clic sur une ligne suffit :",
        ("Très satisfait", "Satisfait", "Moyennement", "Mécontent", "Très mécontent"),
        "Les liens ne servent qu’une fois. Sur la page, vous pouvez ajouter un mot ou ne plus recevoir ces messages.",
        Page(
            "Envoyer", "Souhaitez-vous ajouter quelque chose ?", "Merci", "Votre réponse nous est parvenue.",
            "Vous avez déjà répondu.", "Ne plus me demander", "Vous ne recevrez plus ces messages.",
        ),
    ),
    "es": Wording(
        "¿Qué le pareció nuestra respuesta?", "Su consulta está resuelta. ¿Está satisfecho con la respuesta de {company}? Basta un clic en una línea:",
        ("Muy satisfecho", "Satisfecho", "Regular", "Insatisfecho", "Muy insatisfecho"),
        "Los enlaces sirven una vez. En la página puede añadir un comentario o pedir que no le enviemos más estos mensajes.",
        Page(
            "Enviar", "¿Desea añadir algo?", "Gracias", "Hemos recibido su respuesta.", "Ya ha respondido.",
            "No volver a preguntarme", "No recibirá más estos mensajes.",
        ),
    ),
    "nl": Wording(
        "Hoe was ons antwoord?", "Uw vraag is afgehandeld. Hoe tevreden bent u met het antwoord van {company}? Eén klik op een regel is genoeg:",
        ("Heel tevreden", "Tevreden", "Gaat wel", "Ontevreden", "Heel ontevreden"),
        "De links werken één keer. Op de pagina kunt u iets toevoegen of zulke mails afmelden.",
        Page(
            "Versturen", "Wilt u er iets aan toevoegen?", "Dank u wel", "Uw antwoord is aangekomen.",
            "U hebt al geantwoord.", "Vraag het mij niet meer", "U krijgt zulke mails niet meer.",
        ),
    ),
    "it": Wording(
        "Com’è stata la nostra risposta?", "La sua richiesta è conclusa. È soddisfatto della risposta di {company}? Basta un clic su una riga:",
        ("Molto soddisfatto", "Soddisfatto", "Così così", "Insoddisfatto", "Molto insoddisfatto"),
        "I link valgono una volta. Nella pagina può aggiungere un commento o chiedere di non ricevere più questi messaggi.",
        Page(
            "Invia", "Desidera aggiungere qualcosa?", "Grazie", "Abbiamo ricevuto la sua risposta.", "Ha già risposto.",
            "Non chiedermelo più", "Non riceverà più questi messaggi.",
        ),
    ),
    "pt": Wording(
        "Como foi a nossa resposta?", "O seu pedido está resolvido. Está satisfeito com a resposta da {company}? Basta um clique numa linha:",
        ("Muito satisfeito", "Satisfeito", "Mais ou menos", "Insatisfeito", "Muito insatisfeito"),
        "As ligações servem uma vez. Na página pode acrescentar um comentário ou pedir para não receber estas mensagens.",
        Page(
            "Enviar", "Deseja acrescentar algo?", "Obrigado", "A sua resposta chegou.", "Já respondeu.",
            "Não perguntar de novo", "Não receberá mais estas mensagens.",
        ),
    ),
}  # fmt: skip


def of(language: str) -> Wording:
    """In the customer's language, else in English."""
    return _WORDS.get(language, _WORDS["en"])


def body(language: str, company: str, link: str, signature: str) -> str:
    """The whole text of the mail; `link` is the page's address without the score."""
    words = of(language)
    lines = [f"{name}: {link}?score={score}" for score, name in zip(SCORES, words.scores, strict=True)]
    return "\n".join([words.ask.format(company=company), "", *lines, "", words.once, "", signature])


def page(language: str) -> dict[str, object]:
    """What the page says: `question`, `scores` as (number, name) from 5 to 1, `language` as it is spoken, and the rest by name."""
    words = of(language)
    scores = list(zip(SCORES, words.scores, strict=True))
    return asdict(words.page) | {
        "language": language if language in _WORDS else "en",
        "question": words.subject,
        "scores": scores,
    }
