"""What the customer wants done: denied unless it is known to be harmless.

Nothing here carries an action out, and no agent can. An action that is allowed may be prepared for a person; one
that moves money or deletes data is refused whatever it is called, and nothing in the desk switches that off.
"""

import re
from dataclasses import dataclass

from triage.briefs import ActionRequest
from triage.guardrails.normalise import normalise
from triage.guardrails.patterns import fold
from triage.guardrails.runtime import Check, Checkpoint
from triage.guardrails.verdicts import Finding, Verdict
from triage.models import EscalationReason

# Harmless actions, and whether the desk must know who asks. A person still does them.
KNOWN: dict[str, bool] = {
    "answer_question": False,
    "send_instructions": False,
    "send_manual": False,
    "send_article": False,
    "explain_policy": False,
    "request_information": False,
    "request_photos": False,
    "pass_on_feedback": False,
    "pass_to_team": False,
    "call_back": False,
    "check_order": True,
    "order_status": True,
    "track_order": True,
    "track_parcel": True,
    "check_stock": False,
    "resend_tracking": True,
    "send_invoice": True,
    "resend_invoice": True,
    "send_return_label": True,
    "create_return_label": True,
    "start_return": True,
    "start_repair": True,
    "open_repair": True,
    "register_warranty": True,
    "pause_subscription": True,
    "cancel_subscription": True,
    "change_plan": True,
    "skip_delivery": True,
    "resume_subscription": True,
    "reset_password": True,
    "resend_login_link": True,
    "unlock_account": True,
    "change_address": True,
    "update_address": True,
    "change_delivery_address": True,
    "change_email": True,
    "change_language": True,
    "schedule_pickup": True,
    "file_lost_parcel": True,
}

_MONEY = re.compile(
    r"refund|reimburs|repay|pay ?back|payback|money ?back|cash ?back|pay ?out|payout|chargeback|credit(?! card)|debit|charge|compensat|goodwill|voucher|coupon|discount|gift ?card|"
    r"waive|write ?off|price (adjust|match|reduc)|transfer|wire|remit|disburs|settle|payment|\bpay\b|\bpays\b|paid|withdraw|top ?up|balance|bonus|billing adjust|deposit|"
    r"erstatt|gutschrift|gutschein|auszahl|uberweis|ruckzahl|zuruckzahl|rabatt|entschadig|rembours|avoir|indemnis|virement|bon d'achat|reembols|devolucion de dinero|devolver dinero|"
    r"abono|transferencia|compensac|reintegr|devolucao do dinheiro|estorn|rimbors|risarc|bonifico|accredit|sconto|terugbetal|vergoed|restitu|overmak|korting|tegoed|creditnota|storn"
)
_DELETION = re.compile(
    r"delet|eras|purg|wip(e|ing)|destroy|shred|remov|drop\b|truncate|forget|anonymi[sz]|pseudonymi[sz]|redact|unregister|terminat|deactivat|disable|"
    r"clos(e|ing|ure)\b.{0,12}(account|profile|user|customer)|cancel\w*.{0,8}(account|profile|membership)|(account|profile|user|customer|data).{0,10}(clos|cancel|terminat|deactivat)|"
    r"losch|vernicht|entfern|konto ?schliess|kontoschliess|supprim|effac|clotur|elimin|borr|suprim|apag|exclu|cancell(a|are|azione)\b|rimuov|verwijder|wissen|vernietig|\brm\b|\bgdpr\b|unlink"
)
_METHOD = re.compile(
    r"\bdelete\b|\b(post|put|patch)\b.{0,80}/(\w+/)*(refund|payment|payout|charge|credit|transfer|transaction|balance|invoice)s?\b|/(refund|payout|charge|transfer|delet|eras|purge|remove|close)\w*"
)
_ADDRESS = re.compile(
    r"https?://|\b(get|post|put|patch|delete)\s+/|^\s*/\w+/|\b(drop table|delete from|truncate table|update \w+ set)\b"
)
_NUMBER = re.compile(r"\d")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LEET = str.maketrans("0134578@$", "oieastbas")


@dataclass(frozen=True)
class _Asked:
    request: ActionRequest
    identity: str


def check_action(request: ActionRequest, *, identity: str) -> Verdict:
    """Whether this may be prepared for a person; never raises. `identity` is the ticket's: verified, unverified or unknown.

    Blocks by rule "payments" or "deletions" (whatever the words), "unknown_action" (not on the list) or "identity"
    (on the list, but the sender is not known for sure).
    """
    asked = _Asked(request, identity)
    verdicts = CHECKPOINT.run(request.action, asked)
    return next((verdict for verdict in verdicts if verdict.blocked), verdicts[0])


def _words(text: str) -> str:
    """Words of a name or path, however joined, disguised or spelled: issueRefund, issue_refund, 1ssue-refund."""
    spread = _CAMEL.sub(" ", normalise(text).text)
    plain = re.sub(r"[\s_\-.:]+", " ", fold(spread))
    return f"{plain} | {plain.translate(_LEET)} | {plain.replace(' ', '')}" if text else ""


def _blocked(rule: str, part: str, length: int, why: str, reason: EscalationReason) -> Verdict:
    return Verdict("action", rule, "block", [Finding("action", 0, length, rule, why, part)], reason, None, why)


def _payments(asked: _Asked) -> Verdict | None:
    request = asked.request
    name = _name(request)
    texts = {"action": request.action, "target": request.target, "amount": request.amount}
    for part in ("action", "target"):
        if name not in KNOWN and _MONEY.search(_words(texts[part])):
            return _money_verdict(request, part, texts[part])
    if name in KNOWN and re.search(r"refund|reimburs|payout|chargeback|transfer", _words(request.target)):
        return _money_verdict(request, "target", request.target)
    if request.amount.strip() and _NUMBER.search(request.amount) and not (name in KNOWN and name.startswith(_TELLING)):
        return _money_verdict(request, "amount", request.amount)
    for part, text in (*texts.items(), ("reason", request.reason)):
        if _is_call(text) and (_METHOD.search(fold(text)) and _MONEY.search(_words(text))):
            return _money_verdict(request, part, text)
    return None


_TELLING = (
    "answer_",
    "explain_",
    "check_",
    "order_",
    "track_",
    "send_",
    "resend_",
    "request_",
    "pass_",
    "start_return",
    "create_return",
)


def _money_verdict(request: ActionRequest, part: str, text: str) -> Verdict:
    amount = f" of {request.amount}" if request.amount.strip() else ""
    why = f"“{request.action}”{amount} would move money; only people decide that, two of them."
    return _blocked("payments", part, len(text), why, EscalationReason.POLICY_RESTRICTION)


def _deletions(asked: _Asked) -> Verdict | None:
    request = asked.request
    for part, text in (
        ("action", request.action),
        ("target", request.target),
        ("amount", request.amount),
        ("reason", request.reason),
    ):
        looked_at = part in {"action", "target"} or _is_call(text)
        if (
            looked_at
            and _DELETION.search(_words(text))
            and not (part == "target" and _name(request) in KNOWN and not _is_call(text))
        ):
            why = f"“{request.action}” would delete data or an account; only people decide that, two of them."
            return _blocked("deletions", part, len(text), why, EscalationReason.POLICY_RESTRICTION)
    return None


def _known(asked: _Asked) -> Verdict | None:
    name = _name(asked.request)
    if name not in KNOWN or any(_is_call(text) for text in (asked.request.action, asked.request.target)):
        why = f"“{asked.request.action}” is not on the list of actions the desk knows; a person has to look."
        return _blocked("unknown_action", "action", len(asked.request.action), why, EscalationReason.UNSUPPORTED_REQUEST)
    if KNOWN[name] and asked.identity != "verified":
        why = f"“{name}” needs a sender the desk knows for sure; this one is {asked.identity or 'unknown'}."
        return _blocked("identity", "action", len(asked.request.action), why, EscalationReason.POLICY_RESTRICTION)
    return Verdict("action", "known_action", "allow", why=f"“{name}” is harmless and a person carries it out.")


def _name(request: ActionRequest) -> str:
    return request.action.strip()


def _is_call(text: str) -> bool:
    """Whether the text is an address, an HTTP request or a database statement rather than words."""
    return _ADDRESS.search(fold(normalise(text).text)) is not None


CHECKPOINT: Checkpoint[_Asked] = Checkpoint(
    "action", [Check("payments", _payments), Check("deletions", _deletions), Check("known_action", _known)]
)
