"""A person in front of a browser: what they press and what they look at, found by name and role as people find it."""

import re
from contextlib import suppress

from playwright.sync_api import ConsoleMessage, Locator, Page, expect


class Visitor:
    """One browser with one page, and the errors it logged."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.errors.append(f"{page.url}: {error}"))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{self.page.url}: {message.text}")

    # ---- coming and going

    def sign_in(self, role: str) -> None:
        """One click on the sign-in page of a demo desk."""
        self.page.goto("/login")
        self.page.get_by_role("button", name=f"Sign in as {role}").click()
        expect(self.queue).to_be_visible()

    def come_back(self, role: str) -> None:
        """To the inbox in a browser that signed in before; when that session has ended, in at the door again."""
        self.page.goto("/")
        door = self.page.get_by_role("button", name=f"Sign in as {role}")
        expect(self.queue.or_(door).first).to_be_visible()
        if door.is_visible():
            self.sign_in(role)

    def sign_in_by_password(self, email: str, password: str) -> None:
        self.page.goto("/login")
        self.fill_in_password(email, password)
        expect(self.queue).to_be_visible()

    def fill_in_password(self, email: str, password: str) -> None:
        """On the sign-in page, wherever it leads then."""
        self.page.get_by_text("Sign in with a password instead").click()
        self.page.get_by_label("E-mail address").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in", exact=True).click()

    def goto(self, name: str) -> None:
        """To another screen by its link in the top bar."""
        self.page.get_by_role("link", name=name, exact=True).click()
        if name == "Inbox":
            expect(self.queue).to_be_visible()
        else:
            expect(self.page.get_by_role("heading", level=1, name=name)).to_be_visible()

    def open(self, ticket: int) -> None:
        """To a ticket by its address; a page that was just loaded counts as at rest until its first draw begins."""
        self.page.goto(f"/?view=all&ticket={ticket}")
        self.loaded()
        expect(self.headline).to_contain_text(f"#{ticket}")

    # ---- the inbox

    @property
    def queue(self) -> Locator:
        return self.page.get_by_role("listbox", name="Tickets")

    @property
    def headline(self) -> Locator:
        """Subject, number and state of the open ticket."""
        return self.page.get_by_text(re.compile(r"^#\d+ · ")).filter(visible=True).first

    @property
    def editor(self) -> Locator:
        return self.page.get_by_role("textbox", name="Reply", exact=True)

    def row(self, text: str) -> Locator:
        return self.queue.get_by_role("option").filter(has_text=text)

    def button(self, name: str) -> Locator:
        """The buttons whose label begins with these words; a key's name may follow."""
        return self.page.get_by_role("button", name=re.compile(rf"^{re.escape(name)}\b"))

    def press(self, key: str, then: Locator) -> None:
        """A key, once, pressed by somebody who looked at the page first, and what it brings about."""
        self.loaded()
        self.settled()
        self.page.keyboard.press(key)
        expect(then.first).to_be_visible()

    def press_as_it_appears(self, key: str, text: str, after: int = 0) -> None:
        """A key, once, `after` so many milliseconds from the moment at which the page draws `text`, which is to come."""
        self.page.evaluate(
            """({ key, text, after }) => {
              const press = () => document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, composed: true }));
              const drawn = new MutationObserver(() => {
                if (!document.body.innerText.includes(text)) return;
                drawn.disconnect();
                setTimeout(press, after);
              });
              drawn.observe(document.body, { subtree: true, childList: true, characterData: true });
            }""",
            {"key": key, "text": text, "after": after},
        )

    def turn_to(self, part: str, then: Locator) -> None:
        """A part of the screen by its chip, and what it shows; as with keys, a click during a redraw is made again."""
        for _ in range(3):
            self.settled()
            self.page.get_by_role("radiogroup", name="Part").get_by_role("radio", name=part).click()
            with suppress(AssertionError):
                expect(then.first).to_be_visible(timeout=10_000)
                return
        expect(then.first).to_be_visible()

    def loaded(self) -> None:
        """Wait until the page's own code is there, which hears the keys."""
        expect(self.page.locator("html")).to_have_attribute("data-keys", "heard")

    def settled(self) -> None:
        """Wait until the page is drawn and nothing is under way."""
        expect(self.page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")

    def now(self) -> int:
        """The page's clock, in milliseconds."""
        return int(self.page.evaluate("Date.now()"))

    def says(self, text: str | re.Pattern[str]) -> None:
        expect(self.page.get_by_text(text).filter(visible=True).first).to_be_visible()
