"""Operations of connected APIs: none that moves money or deletes becomes a tool, by whatever sign it shows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.guardrails.operations import Described, check_operation

MONEY = [
    Described("POST", "/orders/{id}/refund", "doIt"), Described("POST", "/v1/refunds", "create"), Described("PUT", "/x", "issueRefund"),
    Described("PATCH", "/x", "x", "Credits the customer's account"), Described("POST", "/x", "x", "", ("payments",)),
    Described("POST", "/x", "x", "", (), ("amount",)), Described("POST", "/x", "x", "", (), ("paymentMethodId",)), Described("POST", "/x", "x", "", (), ("iban",)),
    Described("POST", "/orders/{id}/cancel", "x"), Described("POST", "/x", "cancel_pending_order"), Described("PATCH", "/orders/{id}", "patchOrder", "", (), ("cancelled",)),
    Described("PATCH", "/orders/{id}", "patchOrder", "", (), ("status",), ("refunded",)), Described("GET", "/refundOrder", "refundOrder"), Described("GET", "/orders/{id}/refund", "x"),
    Described("GET", "/x", "x", "Refund an order"), Described("POST", "/x", "return_delivered_order_items"), Described("POST", "/x", "1ssueRef\u200bund"), Described("POST", "/gutschrift", "x"),
]  # fmt: skip
DELETION = [
    Described("DELETE", "/orders/{id}", "getOrder"), Described("POST", "/users/{id}/delete", "x"), Described("PUT", "/x", "closeAccount"), Described("POST", "/x", "x", "Erases all data"),
    Described("POST", "/x", "x", "", ("gdpr",)), Described("PATCH", "/users/{id}", "patchUser", "", (), ("deactivated",)), Described("GET", "/deleteUser", "deleteUser"),
    Described("GET", "/users/{id}/delete", "x"), Described("PATCH", "/x", "x", "", (), ("state",), ("deleted",)), Described("POST", "/konto/loeschen", "loeschen_konto"), Described("POST", "/x", "supprimerCompte"),
]  # fmt: skip
HARMLESS = [
    Described("GET", "/orders/{id}", "get_order_details"), Described("GET", "/orders/{id}/refunds", "listRefunds", "Lists the refunds of an order"), Described("GET", "/payments", "listPayments"),
    Described("HEAD", "/x", "x"), Described("GET", "/users/{id}", "get_user_details"), Described("GET", "/users", "find_user_id_by_email"), Described("GET", "/refund-status", "getRefundStatus"),
    Described("PATCH", "/orders/{id}/address", "changeOrderAddress", "Change where an order is delivered", ("orders",), ("street", "city", "Hint for the driver")),
    Described("PUT", "/orders/{id}/address", "modify_pending_order_address", "Returns the updated order", (), ("address1", "zip", "country")), Described("POST", "/tickets/{id}/notes", "addNote", "Adds a note", (), ("text",), ("The customer wants a refund because it broke, please call back",)),
    Described("POST", "/appointments", "bookVisit", "Books a visit of the repair service", (), ("day", "slot")),
]  # fmt: skip


@pytest.mark.parametrize("operation", MONEY, ids=lambda one: f"{one.method} {one.path} {one.name}")
def test_money_is_refused(operation: Described) -> None:
    assert (check_operation(operation).rule, check_operation(operation).verdict) == ("payments", "block")


@pytest.mark.parametrize("operation", DELETION, ids=lambda one: f"{one.method} {one.path} {one.name}")
def test_deletions_are_refused(operation: Described) -> None:
    assert (check_operation(operation).rule, check_operation(operation).verdict) == ("deletions", "block")


@pytest.mark.parametrize("operation", HARMLESS, ids=lambda one: f"{one.method} {one.path} {one.name}")
def test_harmless_ones_pass(operation: Described) -> None:
    assert check_operation(operation).verdict == "allow", check_operation(operation)


def test_an_operation_that_takes_an_address_to_call_is_refused() -> None:
    assert check_operation(Described("GET", "/x", "x", "", (), ("callbackUrl",))).rule == "address"


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["POST", "PUT", "PATCH"]),
    st.lists(st.sampled_from(["orders", "v1", "{id}", "items", "address"]), max_size=4),
    st.sampled_from(["refund", "refunds", "payout", "charge", "credit", "delete", "erase", "purge", "close-account"]),
    st.integers(0, 3),
    st.sampled_from(["path", "name", "tag", "field", "summary"]),
)
def test_no_word_of_it_hides_anywhere(method: str, parts: list[str], word: str, at: int, where: str) -> None:
    path = [*parts[:at], word, *parts[at:]] if where == "path" else parts
    operation = Described(
        method, "/" + "/".join(path), f"do_{word}" if where == "name" else "do_it", f"Will {word} it." if where == "summary" else "",
        (word,) if where == "tag" else (), (word,) if where == "field" else (),
    )  # fmt: skip
    assert check_operation(operation).blocked


@pytest.mark.parametrize("value", ["refunded" + " " * 60, "\t" * 50 + "cancelled"])
def test_a_value_does_not_hide_behind_white_space(value: str) -> None:
    assert check_operation(Described("PATCH", "/orders/{id}", "patchOrder", "", (), ("status",), (value,))).rule == "payments"
