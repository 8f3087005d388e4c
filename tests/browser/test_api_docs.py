"""The page of the API's operations, under the content security policy."""

from playwright.sync_api import Page, expect


def test_the_operations_are_shown_under_the_content_security_policy(scripted_screen: Page) -> None:
    scripted_screen.goto("/api/v1/docs")

    scripted_screen.locator("#operations-Tokens-create_token").click()

    expect(scripted_screen.get_by_text("Log in and get tokens for this device.")).to_be_visible()
    expect(scripted_screen.get_by_role("button", name="Try it out")).to_be_visible()
