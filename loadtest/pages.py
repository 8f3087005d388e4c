"""A page as a browser knows it: its links, its forms, and what it says to its reader."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


class NotOffered(Exception):  # noqa: N818 - what the page lacks
    """The page has no such link, form or field."""


@dataclass(slots=True)
class Form:
    """What a button sends: the form's values as its page gave them; `label` is what it says."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    label: str = ""

    @property
    def id(self) -> str:
        """The id that the action ends with."""
        return self.action.rpartition("/")[2]

    def filled(self, words: dict[str, str]) -> dict[str, str]:
        """All fields, with these words in theirs. Raises NotOffered for a field it lacks."""
        if missing := words.keys() - self.fields.keys():
            raise NotOffered(f"The form to {self.action} has no field {', '.join(missing)}.")
        return self.fields | words


@dataclass(slots=True)
class Page:
    """What a page offers. `alerts` has what it says, by the kind: success, info, warning."""

    url: str
    links: list[str] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)
    alerts: dict[str, str] = field(default_factory=dict)

    def link(self, beginning: str) -> str:
        """The first link that begins like this. Raises NotOffered."""
        found = next((link for link in self.links if link.startswith(beginning)), None)
        if found is None:
            raise NotOffered(f"{self.url} has no link to {beginning}.")
        return found

    def form(self, beginning: str) -> Form:
        """The first form whose action begins like this. Raises NotOffered."""
        found = self.forms_to(beginning)
        if not found:
            raise NotOffered(f"{self.url} has no form to {beginning}.")
        return found[0]

    def forms_to(self, beginning: str) -> list[Form]:
        """All forms whose action begins like this."""
        return [form for form in self.forms if form.action.startswith(beginning)]


def read(url: str, html: str) -> Page:
    """The page of this URL."""
    reader = _Reader(Page(url))
    reader.feed(html)
    reader.close()
    return reader.page


class _Reader(HTMLParser):
    """Notes links, forms and alerts as they come by; forms are never inside one another.

    A button may be of a form that ended before; it says so by the form's id.
    """

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page
        self._form: Form | None = None
        self._pressed: Form | None = None
        self._by_id: dict[str, Form] = {}
        self._select = ""
        self._alert = ""
        self._in_button = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note what begins here."""
        given = {name: value or "" for name, value in attributes}
        if tag == "a" and "href" in given:
            self.page.links.append(given["href"])
        elif tag == "p" and given.get("class", "").startswith("alert alert-"):
            self._alert = given["class"].removeprefix("alert alert-")
        elif tag == "form" and given.get("method") == "post":
            self._form = self._pressed = Form(given.get("action", ""))
            self._by_id[given.get("id", "")] = self._form
            if self._form.action:
                self.page.forms.append(self._form)
        elif form := self._by_id.get(given["form"]) if "form" in given else self._form:
            self._note_control(form, tag, given)

    def _note_control(self, form: Form, tag: str, given: dict[str, str]) -> None:
        if tag == "button":
            self._in_button = True
            if "formaction" in given:  # the same fields, sent elsewhere
                self._pressed = Form(given["formaction"], form.fields, form.choices)
                self.page.forms.append(self._pressed)
        elif tag == "input":
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
        """Note what ends here."""
        if tag == "form":
            self._form = self._pressed = None
        elif tag == "button":
            self._in_button = False
            self._pressed = self._form
        elif tag == "p":
            self._alert = ""

    def handle_data(self, data: str) -> None:
        """Note what buttons and alerts say."""
        if self._alert:
            self.page.alerts[self._alert] = data.strip()
        elif self._pressed and self._in_button:
            self._pressed.label += data
