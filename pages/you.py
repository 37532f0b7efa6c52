"""You: what you were told, what you want to be told and how, signals of your own reviewing, your account."""

from pages.parts import screen
from pages.parts.account import account
from pages.parts.notice_choices import choices
from pages.parts.notice_list import notices
from pages.parts.own_signals import own_signals
from triage.accounts.access import Permission


def main() -> None:
    with screen.page("You", Permission.WORK_INBOX) as user:
        parts = {"": "Notifications", "choices": "What you are told", "signals": "Reviewer signals", "account": "Account"}
        part = screen.chips("Part", "part", parts)
        {"choices": choices, "signals": own_signals, "account": account}.get(part, notices)(user)


main()
