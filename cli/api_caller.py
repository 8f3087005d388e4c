"""A program that calls the API, for the visits of every operation."""

from typing import Any, Self
from uuid import uuid4

from cli.page_visits import PageVisitor


class ApiCaller:
    """A program that calls the API, with an access token unless that is empty."""

    def __init__(self, visitor: PageVisitor, token: str = "", *, has_keys: bool = False) -> None:
        """Call as the visitor's programs do, with an idempotency key in each call or without."""
        self.city = visitor.city.slug
        self._visitor = visitor
        self._token = token
        self._has_keys = has_keys

    def with_keys(self) -> Self:
        """Return the same program, whose calls have idempotency keys."""
        return type(self)(self._visitor, self._token, has_keys=True)

    def __call__(self, method: str, path: str, **body: object) -> Any:  # noqa: ANN401 - JSON
        """Call the operation at a path below /api/v1, and return its JSON, if it has any."""
        reply = self._visitor.call(method, f"/api/v1{path}", self._headers(), body or None)
        return reply.json if reply.data else None

    def if_there(self, method: str, path: str, **body: object) -> None:
        """Call an operation that is not there with some settings."""
        url, headers = f"/api/v1{path}", self._headers()
        self._visitor.call(method, url, headers, body or None, may_be_missing=True)

    def _headers(self) -> dict[str, str]:
        bearer = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        return bearer | ({"Idempotency-Key": str(uuid4())} if self._has_keys else {})
