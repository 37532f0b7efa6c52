"""What is asked to be done: money and deletions never, unknown things not either."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.briefs import ActionRequest
from triage.guardrails.actions import check_action
from triage.guardrails.policy import Policy, shipped
from triage.guardrails.verdicts import Verdict
from triage.models import EscalationReason

POLICY = shipped()
assert isinstance(POLICY, Policy)


def ask(
    action: str, target: str = "", amount: str = "", reason: str = "", identity: str = "verified", intents: Sequence[str] = ()
) -> Verdict:
    wish = ActionRequest(action=action, target=target, amount=amount, reason=reason)
    return check_action(wish, identity=identity, intents=intents)


@pytest.mark.parametrize(
    ("action", "target", "amount", "reason"),
    [
        ("issue_refund", "LF-10293", "€34", ""),
        ("issueRefund", "", "", ""),
        ("ISSUE-REFUND", "", "", ""),
        ("1ssue_r3fund", "", "", ""),
        ("re_fund", "", "", ""),
        ("ｒefund_order", "", "", ""),
        ("rückerstattung", "", "", ""),
        ("rembourser_client", "", "", ""),
        ("reembolsar", "", "", ""),
        ("rimborso", "", "", ""),
        ("terugbetalen", "", "", ""),
        ("grant_goodwill_voucher", "", "", ""),
        ("apply_discount", "", "", ""),
        ("reverse_charge", "", "", ""),
        ("http_request", "POST https://api.example/v1/refunds", "", ""),
        ("update_address", "LF-10293", "50 EUR", ""),
        ("send_article", "/v1/payouts/7", "", ""),
        ("answer_question", "", "", "POST https://api.example/v1/transfers amount=5"),
    ],
)
def test_money_is_refused_whatever_it_is_called(action: str, target: str, amount: str, reason: str) -> None:
    verdict = ask(action, target, amount, reason)
    assert (verdict.verdict, verdict.rule, verdict.escalation) == ("block", "payments", EscalationReason.POLICY_RESTRICTION)


@pytest.mark.parametrize(
    ("action", "target", "reason"),
    [
        ("delete_account", "account", ""),
        ("deleteAccount", "", ""),
        ("d3l3te_user", "", ""),
        ("erase_data", "", ""),
        ("close_account", "", ""),
        ("cancel_account", "", ""),
        ("remove_saved_card", "", ""),
        ("konto_löschen", "", ""),
        ("supprimer_compte", "", ""),
        ("verwijder_account", "", ""),
        ("anonymise_customer", "", ""),
        ("http_request", "DELETE /v1/customers/7", ""),
        ("run_sql", "DROP TABLE ticket", ""),
        ("reset_password", "", "x; DELETE FROM customer"),
    ],
)
def test_deletion_is_refused_whatever_it_is_called(action: str, target: str, reason: str) -> None:
    verdict = ask(action, target, "", reason)
    assert (verdict.verdict, verdict.rule, verdict.escalation) == ("block", "deletions", EscalationReason.POLICY_RESTRICTION)


def test_unknown_actions_are_refused() -> None:
    for action in ("launch_rocket", "cancel_order", "", "http_request", "Send_Invoice "):
        verdict = ask(action)
        assert (verdict.verdict, verdict.rule, verdict.escalation) == (
            "block",
            "unknown_action",
            EscalationReason.UNSUPPORTED_REQUEST,
        )


def test_known_actions_pass_for_known_senders_only() -> None:
    for action, who in POLICY.actions.items():
        assert ask(action, intents=list(POLICY.intents)).verdict == "allow", action
        for identity in ("unverified", "unknown", ""):
            verdict = ask(action, identity=identity, intents=list(POLICY.intents))
            assert verdict.verdict == ("block" if who == "verified" else "allow")


def test_an_invoice_may_name_its_amount() -> None:
    assert ask("send_invoice", "LF-10293", "€34.00", "wants a refund later").verdict == "allow"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=20))
def test_only_listed_actions_are_ever_allowed(action: str, target: str, amount: str) -> None:
    assert ask(action, target, amount).verdict == "block" or action.strip() in POLICY.actions
