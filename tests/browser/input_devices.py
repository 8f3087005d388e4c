"""Input devices: a mouse, or a keyboard only."""

from collections.abc import Callable

from playwright.sync_api import Locator, Page

MOST_TABS = 200  # presses of Tab to reach any element of a page


class Mouse:
    """Clicks elements and types into them."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, button: Locator) -> None:
        button.click()

    def fill(self, field: Locator, text: str) -> None:
        field.click()
        self.page.keyboard.type(text)

    def choose(self, field: Locator, label: str) -> None:
        field.select_option(label)


class Keyboard:
    """Moves the focus forward with Tab to reach elements."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, button: Locator) -> None:
        self._go_to(button)
        self.page.keyboard.press("Enter")

    def fill(self, field: Locator, text: str) -> None:
        self._go_to(field)
        self.page.keyboard.type(text)

    def choose(self, field: Locator, label: str) -> None:
        self._go_to(field)
        self.page.keyboard.type(label)

    def _go_to(self, target: Locator) -> None:
        target.wait_for()
        focused = target.and_(self.page.locator(":focus"))
        for _ in range(MOST_TABS):
            if focused.count():
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{target} is not reached by keyboard")


InputDevice = Mouse | Keyboard
INPUT_DEVICES: dict[str, Callable[[Page], InputDevice]] = {"mouse": Mouse, "keyboard": Keyboard}
