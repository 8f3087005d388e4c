"""A parser for pages: their links, forms and alerts."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


class NotOffered(Exception):  # noqa: N818 - a property of the page
    """The page has no such link, form or field."""


@dataclass(slots=True)
class Form:
    """A form with its initial values, or a button with `formaction`."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The last segment of the action, which is an id."""
        return self.action.rpartition("/")[2]

    def filled(self, values: dict[str, str]) -> dict[str, str]:
        """Return all fields, updated with these values. Raises NotOffered for unknown fields."""
        if missing := values.keys() - self.fields.keys():
            raise NotOffered(f"The form to {self.action} has no field {', '.join(missing)}.")
        return self.fields | values


@dataclass(slots=True)
class Page:
    """A parsed page. `alerts` has the messages by category: success, info, warning."""

    url: str
    links: list[str] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)
    alerts: dict[str, str] = field(default_factory=dict)

    def link(self, beginning: str) -> str:
        """Return the first link that begins with `beginning`. Raises NotOffered."""
        found = next((link for link in self.links if link.startswith(beginning)), None)
        if found is None:
            raise NotOffered(f"{self.url} has no link to {beginning}.")
        return found

    def form(self, beginning: str) -> Form:
        """Return the first form whose action begins with `beginning`. Raises NotOffered."""
        found = self.forms_to(beginning)
        if not found:
            raise NotOffered(f"{self.url} has no form to {beginning}.")
        return found[0]

    def forms_to(self, beginning: str) -> list[Form]:
        """Return all forms whose action begins with `beginning`."""
        return [form for form in self.forms if form.action.startswith(beginning)]


def read(url: str, html: str) -> Page:
    """Parse the HTML of the page at this URL."""
    reader = _Reader(Page(url))
    reader.feed(html)
    reader.close()
    return reader.page


class _Reader(HTMLParser):
    """Collects links, forms and alerts. Forms are not nested.

    A button after the end of its form refers to it by the `form` attribute.
    """

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page
        self._form: Form | None = None
        self._by_id: dict[str, Form] = {}
        self._select = ""
        self._alert = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Handle the start of an element."""
        given = {name: value or "" for name, value in attributes}
        if tag == "a" and "href" in given:
            self.page.links.append(given["href"])
        elif tag == "div" and given.get("role") == "alert":
            self._alert = given["class"].split()[1].removeprefix("alert-")
        elif tag == "form" and given.get("method") == "post":
            self._form = Form(given.get("action", ""))
            self._by_id[given.get("id", "")] = self._form
            if self._form.action:
                self.page.forms.append(self._form)
        elif form := self._by_id.get(given["form"]) if "form" in given else self._form:
            self._note_control(form, tag, given)

    def _note_control(self, form: Form, tag: str, given: dict[str, str]) -> None:
        if tag == "button" and "formaction" in given:  # sends the same fields to another URL
            self.page.forms.append(Form(given["formaction"], form.fields, form.choices))
        elif tag == "input" and "name" in given:  # browsers send no others
            form.fields[given["name"]] = given.get("value", "")
        elif tag == "select":
            self._select = given["name"]
            form.choices[self._select] = []
        elif tag == "option":
            choices = form.choices[self._select]
            choices.append(given["value"])
            if len(choices) == 1 or "selected" in given:
                form.fields[self._select] = given["value"]

    def handle_endtag(self, tag: str) -> None:
        """Handle the end of an element."""
        if tag == "form":
            self._form = None
        elif tag == "div":
            self._alert = ""

    def handle_data(self, data: str) -> None:
        """Collect the text of alerts."""
        if self._alert:
            self.page.alerts[self._alert] = data.strip()
