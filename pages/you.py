"""You: what you were told, what you want to be told and how, your account."""

from pages.parts import screen
from pages.parts.account import account
from pages.parts.notice_choices import choices
from pages.parts.notice_list import notices
from triage.accounts.access import Permission


def main() -> None:
    with screen.page("You", Permission.WORK_INBOX) as user:
        part = screen.chips("Part", "part", {"": "Notifications", "choices": "What you are told", "account": "Account"})
        {"choices": choices, "account": account}.get(part, notices)(user)


main()
