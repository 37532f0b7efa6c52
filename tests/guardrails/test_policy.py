"""The action policy: data that can allow much, and never money or a deletion; without it nothing."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.briefs import ActionRequest
from triage.errors import InputError
from triage.guardrails import policy as policies
from triage.guardrails.actions import check_action
from triage.guardrails.policy import Policy, PolicyFault, read, shipped

MONEY = ["issue_refund", "grant_compensation", "send_payment", "apply_credit", "1ssue_r3fund", "rückerstattung", "waive_fee"]
DELETION = ["delete_account", "erase_data", "close_account", "konto_löschen", "purge_tickets", "d3l3te_user"]


def wish(action: str, target: str = "", amount: str = "") -> ActionRequest:
    return ActionRequest(action=action, target=target, amount=amount, reason="")


def open_to_all(*names: str) -> str:
    """A policy that allows these to everybody everywhere."""
    anyone = dict.fromkeys(names, "anyone")
    return yaml.safe_dump({
        "actions": anyone, "roles": {"analyst": {"actions": "all", "tools": "all"}}, "intents": {"every": {"actions": "all", "tools": "all"}},
    })  # fmt: skip


@pytest.mark.parametrize("action", [*MONEY, *DELETION])
def test_no_document_lets_money_or_a_deletion_through(action: str) -> None:
    verdict = check_action(wish(action), identity="verified", policy=read(open_to_all(action)))
    assert verdict.rule == ("payments" if action in MONEY else "deletions") and verdict.blocked


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=30) | st.sampled_from([*MONEY, *DELETION]), st.sampled_from(["anyone", "verified"])
    ),
    st.sampled_from([*MONEY, *DELETION]),
    st.sampled_from(["verified", "unverified"]),
)
def test_however_it_is_written(named: dict[str, str], action: str, identity: str) -> None:
    policy = Policy(
        actions=named,  # type: ignore[arg-type]
        roles={"analyst": policies.Allowed(actions=["all"], tools=["all"])},
        intents={"every": policies.Allowed(actions=["all"], tools=["all"])},
    )
    assert check_action(wish(action), identity=identity, policy=policy).blocked
    assert check_action(wish("change_address", amount="50 EUR"), identity=identity, policy=policy).blocked
    assert check_action(wish("send_article", target="DELETE /v1/customers/7"), identity=identity, policy=policy).blocked


def test_an_action_is_for_its_matter_and_its_agent() -> None:
    def rule(role: str, *intents: str) -> str:
        return check_action(wish("reset_password"), identity="verified", role=role, intents=intents).rule

    assert rule("analyst", "account_access", "answer") == rule("manager", "account_access") == "known_action"
    assert rule("analyst", "product_advice", "answer") == rule("analyst") == "policy"
    assert rule("writer", "account_access") == rule("nobody", "account_access") == "policy"


def test_what_a_policy_adds_may_be_prepared_and_what_it_leaves_out_may_not() -> None:
    policy = read(open_to_all("book_visit"))
    assert check_action(wish("book_visit"), identity="unknown", policy=policy).verdict == "allow"
    assert check_action(wish("send_manual"), identity="verified", policy=policy).rule == "unknown_action"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "document"),
        ("actions: [", "YAML in line"),
        ("actions: {send_manual: everyone}\nroles: {}\nintents: {every: {}}", "actions.send_manual"),
        ("actions: {}\nroles: {}\nintents: {}", "every"),
        ("actions: {}\nroles: {}\nintents: {every: {actions: [fly]}}", "fly"),
        ("actions: {}\nroles: {boss: {}}\nintents: {every: {}}", "boss"),
        ("actions: {}\nroles: {}\nintents: {every: {}}\nfixed_blocks: off", "fixed_blocks"),
        ("actions: {send_manual: anyone}\nroles: {}\nactions: {}\nintents: {every: {}}", "“actions” twice, in line 1 and again in line 3"),
        ("actions:\n  fly: verified\n  'fly': anyone\nroles: {}\nintents: {every: {}}", "“fly” twice, in line 2 and again in line 3"),
        ("&a [*a]", "document"),
        ("[" * 4_000, "policy"),
    ],
)  # fmt: skip
def test_a_broken_document_says_where(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(text)


def test_what_a_merge_brings_may_be_overwritten() -> None:
    policy = read("actions: {}\nroles: {analyst: &a {tools: [x]}, writer: {<<: *a, tools: [y]}}\nintents: {every: {}}")
    assert [policy.roles[role].tools for role in ("analyst", "writer")] == [["x"], ["y"]]


def test_without_a_usable_policy_nothing_passes_and_the_reason_is_told() -> None:
    for fault in (policies.current("actions: ["), policies.current(7), shipped(Path("/nowhere/policy.yaml"))):
        assert isinstance(fault, PolicyFault)
        verdict = check_action(wish("send_manual"), identity="verified", policy=fault)
        assert verdict.rule == "policy" and verdict.blocked and fault.why in verdict.why
        assert check_action(wish("issue_refund"), identity="verified", policy=fault).rule == "payments"


def test_the_shipped_policy_is_whole() -> None:
    policy = shipped()
    assert isinstance(policy, Policy)
    listed = {name for allowed in policy.intents.values() for name in allowed.actions}
    assert listed - {"all"} == set(policy.actions)
    assert policies.current("") == policy


@pytest.mark.parametrize(
    "value", ["2024-13-45", "!!timestamp foo", "!!int abc", "0b_", "!!float x", "!!bool x", "9" * 5_000], ids=lambda value: value[:20]
)  # fmt: skip
def test_a_value_that_yaml_chokes_on_is_a_fault_and_no_crash(value: str) -> None:
    with pytest.raises(InputError):
        read(f"actions: {value}")
    assert isinstance(policies.current(f"actions: {value}"), PolicyFault)
