"""The review desk at twice the size, and its tour: everything is reached, and nothing lies on the ticket."""

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.desk import RunningDesk
from triage import first_steps
from triage.accounts import passwords, users
from triage.models import Role

PASSWORD = "crema-at-twice-the-size"
HALF = {"width": 640, "height": 450}  # what a window of 1280 by 900 pixels shows at 200 %
WIDE = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"


def test_the_tour_and_the_desk_at_twice_the_size(desk: RunningDesk, visit: Visit) -> None:
    with desk.database.transaction() as session:
        users.create(
            session, email="zoe@larkfield.example", name="Zoe", role=Role.STAFF, actor="test"
        ).password_hash = passwords.hashed(PASSWORD)
    zoe = visit(own=True, viewport=HALF)
    zoe.sign_in_by_password("zoe@larkfield.example", PASSWORD)
    page = zoe.page
    zoe.says("1 of 3: What waits.")
    zoe.button("Next step").click()
    zoe.says("2 of 3: What the draft rests on.")
    tour, head = page.locator(".st-key-tour").bounding_box(), zoe.headline.bounding_box()
    assert tour and head and tour["y"] + tour["height"] <= head["y"]  # it stands above the ticket, not on it
    zoe.button("Next step").click()
    zoe.button("Start working").click()
    expect(page.locator(".st-key-tour")).to_have_count(0)
    with desk.database.read() as session:
        assert not first_steps.tour_is_due(users.by_email(session, "zoe@larkfield.example"))
    expect(page.get_by_role("navigation", name="Screens")).to_be_in_viewport()
    end = 0.0
    for part in (
        page.get_by_role("region", name="Queue"),
        page.get_by_role("region", name="Ticket"),
        page.get_by_role("complementary", name="About this ticket"),
    ):
        part.scroll_into_view_if_needed()
        expect(part).to_be_in_viewport()
        top = part.evaluate("node => node.getBoundingClientRect().top + document.querySelector('.stMain').scrollTop")
        assert top >= end - 1  # below what came before it
        end = top + (part.bounding_box() or {"height": 0.0})["height"]
    page.wait_for_function(WIDE)
