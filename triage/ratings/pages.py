"""The words of the page on which a customer rates, in their language."""

from triage.ratings import wording

_NAMES = ("send", "comment", "thanks", "taken", "already", "stop", "stopped")
_WORDS = {
    "en": (
        "Send", "Would you like to add something?", "Thank you", "Your answer has reached us.", "You have answered this already.",
        "Do not ask me again", "We will not send you such mails any more.",
    ),
    "de": (
        "Absenden", "Möchten Sie etwas dazu sagen?", "Vielen Dank", "Ihre Antwort ist angekommen.", "Sie haben schon geantwortet.",
        "Nicht mehr fragen", "Sie erhalten solche Mails nicht mehr.",
    ),
    "fr": (
        "Envoyer", "Souhaitez-vous ajouter quelque chose ?", "Merci", "Votre réponse nous est parvenue.", "Vous avez déjà répondu.",
        "Ne plus me demander", "Vous ne recevrez plus ces messages.",
    ),
    "es": (
        "Enviar", "¿Desea añadir algo?", "Gracias", "Hemos recibido su respuesta.", "Ya ha respondido.", "No volver a preguntarme",
        "No recibirá más estos mensajes.",
    ),
    "nl": (
        "Versturen", "Wilt u er iets aan toevoegen?", "Dank u wel", "Uw antwoord is aangekomen.", "U hebt al geantwoord.",
        "Vraag het mij niet meer", "U krijgt zulke mails niet meer.",
    ),
    "it": (
        "Invia", "Desidera aggiungere qualcosa?", "Grazie", "Abbiamo ricevuto la sua risposta.", "Ha già risposto.",
        "Non chiedermelo più", "Non riceverà più questi messaggi.",
    ),
    "pt": (
        "Enviar", "Deseja acrescentar algo?", "Obrigado", "A sua resposta chegou.", "Já respondeu.", "Não perguntar de novo",
        "Não receberá mais estas mensagens.",
    ),
}  # fmt: skip


def words_of(language: str) -> dict[str, object]:
    """What the page says: `question`, `scores` as (number, name) from 5 to 1, and the rest by name."""
    known = language if language in _WORDS else "en"
    mail = wording.of(known)
    named: dict[str, object] = dict(zip(_NAMES, _WORDS[known], strict=True))
    return named | {"language": known, "question": mail.subject, "scores": list(zip(wording.SCORES, mail.scores, strict=True))}
