"""What the customer wants done: denied unless it is known to be harmless.

Nothing here carries an action out, and no agent can. An action that the policy allows (triage/guardrails/policy.py)
may be prepared for a person; one that moves money or deletes data is refused whatever it is called, before the policy
is read, and nothing in the desk switches that off.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from triage.briefs import ActionRequest
from triage.guardrails.normalise import normalise
from triage.guardrails.patterns import fold
from triage.guardrails.policy import Policy, PolicyFault, shipped
from triage.guardrails.runtime import Check, Checkpoint
from triage.guardrails.verdicts import Finding, Verdict
from triage.models import EscalationReason

# Names whose words sound like money or a deletion, or that may name an amount, and that a person has found harmless.
# Code, not data: a policy may allow other names, yet none that the words below give away.
VETTED = frozenset(
    [
        "answer_question",
        "send_instructions",
        "send_manual",
        "send_article",
        "explain_policy",
        "request_information",
        "request_photos",
        "pass_on_feedback",
        "pass_to_team",
        "call_back",
        "check_order",
        "order_status",
        "track_order",
        "track_parcel",
        "check_stock",
        "resend_tracking",
        "send_invoice",
        "resend_invoice",
        "send_return_label",
        "create_return_label",
        "start_return",
        "start_repair",
        "open_repair",
        "register_warranty",
        "pause_subscription",
        "cancel_subscription",
        "change_plan",
        "skip_delivery",
        "resume_subscription",
        "reset_password",
        "resend_login_link",
        "unlock_account",
        "change_address",
        "update_address",
        "change_delivery_address",
        "change_email",
        "change_language",
        "schedule_pickup",
        "file_lost_parcel",
    ]
)

_MONEY = re.compile(
    r"refund|reimburs|repay|pay ?back|payback|money ?back|cash ?back|pay ?out|payout|chargeback|credit(?! card)|debit|charge|compensat|goodwill|voucher|coupon|discount|gift ?card|"
    r"waive|write ?off|price (adjust|match|reduc)|transfer|wire|remit|disburs|settle|payment|\bpay\b|\bpays\b|paid|withdraw|top ?up|balance|bonus|billing adjust|deposit|"
    r"erstatt|gutschrift|gutschein|auszahl|uberweis|ruckzahl|zuruckzahl|rabatt|entschadig|rembours|avoir|indemnis|virement|bon d'achat|reembols|devolucion de dinero|devolver dinero|"
    r"abono|transferencia|compensac|reintegr|devolucao do dinheiro|estorn|rimbors|risarc|bonifico|accredit|sconto|terugbetal|vergoed|restitu|overmak|korting|tegoed|creditnota|storn"
)
_DELETION = re.compile(
    r"delet|eras|purg|wip(e|ing)|destroy|shred|remov|drop\b|truncate|forget|anonymi[sz]|pseudonymi[sz]|redact|unregister|terminat|deactivat|disable|"
    r"clos(e|ing|ure)\b.{0,12}(account|profile|user|customer)|cancel\w*.{0,8}(account|profile|membership)|(account|profile|user|customer|data).{0,10}(clos|cancel|terminat|deactivat)|"
    r"losch|loesch|vernicht|entfern|konto ?schliess|kontoschliess|supprim|effac|clotur|elimin|borr|suprim|apag|exclu|cancell(a|are|azione)\b|rimuov|verwijder|wissen|vernietig|\brm\b|\bgdpr\b|unlink"
)
_METHOD = re.compile(
    r"\bdelete\b|\b(post|put|patch)\b.{0,80}/(\w+/)*(refund|payment|payout|charge|credit|transfer|transaction|balance|invoice)s?\b|/(refund|payout|charge|transfer|delet|eras|purge|remove|close)\w*"
)
_ADDRESS = re.compile(
    r"https?://|\b(get|post|put|patch|delete)\s+/|^\s*/\w+/|\b(drop table|delete from|truncate table|update \w+ set)\b"
)
_NUMBER = re.compile(r"\d")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SENTENCE = 8  # words from which on a text is a sentence and no name
_LEET = str.maketrans("0134578@$", "oieastbas")


@dataclass(frozen=True)
class _Asked:
    request: ActionRequest
    identity: str
    policy: Policy | PolicyFault
    role: str
    intents: tuple[str, ...]


def check_action(
    request: ActionRequest,
    *,
    identity: str,
    policy: Policy | PolicyFault | None = None,
    role: str = "analyst",
    intents: Sequence[str] = (),
) -> Verdict:
    """Whether this may be prepared for a person; never raises. `identity` is the ticket's: verified, unverified or unknown.

    `policy` is the one in force (None: the shipped one), `role` the agent that wishes for it, `intents` the ticket's
    category and the plan's action. Blocks by rule "payments" or "deletions" (whatever the words and the policy),
    "unknown_action" (not named by the policy), "policy" (not for this matter or agent, or no usable policy) or
    "identity" (allowed, but the sender is not known for sure).
    """
    asked = _Asked(request, identity, policy or shipped(), role, tuple(intents))
    verdicts = CHECKPOINT.run(request.action, asked)
    return next((verdict for verdict in verdicts if verdict.blocked), verdicts[0])


def moves_money(text: str) -> bool:
    """Whether these words are about moving money, however joined, disguised or spelled."""
    return _MONEY.search(_words(text)) is not None


def deletes(text: str) -> bool:
    """Whether these words are about deleting data or closing an account."""
    return _DELETION.search(_words(text)) is not None


def _words(text: str) -> str:
    """Words of a name or path, however joined, disguised or spelled: issueRefund, issue_refund, 1ssue-refund."""
    spread = _CAMEL.sub(" ", normalise(text).text)
    plain = re.sub(r"[\s_\-.:]+", " ", fold(spread))
    if len(plain.split()) > _SENTENCE:  # words run together across a sentence make other words
        return plain
    return f"{plain} | {plain.translate(_LEET)} | {plain.replace(' ', '')}" if text else ""


def _blocked(rule: str, part: str, length: int, why: str, reason: EscalationReason) -> Verdict:
    return Verdict("action", rule, "block", [Finding("action", 0, length, rule, why, part)], reason, None, why)


def _payments(asked: _Asked) -> Verdict | None:
    request = asked.request
    name = _name(request)
    texts = {"action": request.action, "target": request.target, "amount": request.amount}
    for part in ("action", "target"):
        if name not in VETTED and _MONEY.search(_words(texts[part])):
            return _money_verdict(request, part, texts[part])
    if name in VETTED and re.search(r"refund|reimburs|payout|chargeback|transfer", _words(request.target)):
        return _money_verdict(request, "target", request.target)
    if request.amount.strip() and _NUMBER.search(request.amount) and not (name in VETTED and name.startswith(_TELLING)):
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
            and not (part == "target" and _name(request) in VETTED and not _is_call(text))
        ):
            why = f"“{request.action}” would delete data or an account; only people decide that, two of them."
            return _blocked("deletions", part, len(text), why, EscalationReason.POLICY_RESTRICTION)
    return None


def _by_policy(asked: _Asked) -> Verdict | None:
    name, policy = _name(asked.request), asked.policy
    if isinstance(policy, PolicyFault):
        why = f"No usable action policy, so nothing is prepared until an administrator mends it on the Guardrails screen. {policy.why}"
        return _blocked("policy", "action", len(name), why, EscalationReason.GUARDRAIL_BLOCK)
    if name not in policy.actions or any(_is_call(text) for text in (asked.request.action, asked.request.target)):
        why = f"“{asked.request.action}” is not on the list of actions the desk knows; a person has to look."
        return _blocked("unknown_action", "action", len(asked.request.action), why, EscalationReason.UNSUPPORTED_REQUEST)
    if policy.actions[name] == "verified" and asked.identity != "verified":
        why = f"“{name}” needs a sender the desk knows for sure; this one is {asked.identity or 'unknown'}."
        return _blocked("identity", "action", len(asked.request.action), why, EscalationReason.POLICY_RESTRICTION)
    if not policy.allows_action(name, asked.role, asked.intents):
        matter = " / ".join(asked.intents) or "this matter"
        why = f"“{name}” is not on the list of what the {asked.role} may prepare in {matter}; a person has to look."
        return _blocked("policy", "action", len(asked.request.action), why, EscalationReason.POLICY_RESTRICTION)
    return Verdict("action", "known_action", "allow", why=f"“{name}” is harmless and a person carries it out.")


def _name(request: ActionRequest) -> str:
    return request.action.strip()


def _is_call(text: str) -> bool:
    """Whether the text is an address, an HTTP request or a database statement rather than words."""
    return _ADDRESS.search(fold(normalise(text).text)) is not None


CHECKPOINT: Checkpoint[_Asked] = Checkpoint(
    "action", [Check("payments", _payments), Check("deletions", _deletions), Check("policy", _by_policy)]
)
