"""A program that calls the API, for the visits of every operation."""

from typing import Any

from cli.page_visits import PageVisitor


class ApiCaller:
    """A program that calls the API, with an access token unless that is empty."""

    def __init__(self, visitor: PageVisitor, token: str = "") -> None:
        """Call as the visitor's programs do."""
        self.city = visitor.city.slug
        self._visitor = visitor
        self._token = token

    def __call__(self, method: str, path: str, **body: object) -> Any:  # noqa: ANN401 - JSON
        """Call the operation at a path below /api/v1, and return its JSON, if it has any."""
        reply = self._visitor.call(method, f"/api/v1{path}", self._token, body or None)
        return reply.json if reply.data else None
