"""A client of the API, with the tokens of a member."""

from copy import copy
from typing import Any, Self

import httpx

from tests.visitor import PASSWORD

PROBLEM = "application/problem+json"


class ApiClient:
    """A program that calls the API, without tokens until it logs in."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.access = self.refresh = self.key = ""

    def log_in(self, username: str, password: str = PASSWORD, device: str = "test") -> Self:
        login = {"username": username, "password": password, "device": device}
        reply = self.call("POST", "/tokens", **login)
        assert reply.status_code == 201, reply.text
        self.access, self.refresh = (
            reply.json()[f"{kind}_token"] for kind in ("access", "refresh")
        )
        return self

    def get(self, path: str) -> httpx.Response:
        return self.call("GET", path)

    def with_key(self, key: str) -> Self:
        """Return the same client, whose requests have this idempotency key unless it is empty."""
        keyed = copy(self)
        keyed.key = key
        return keyed

    def call(self, method: str, path: str, /, **body: Any) -> httpx.Response:
        """Call an operation; a path without a host is below /api/v1."""
        headers = {"Authorization": f"Bearer {self.access}"} if self.access else {}
        headers |= {"Idempotency-Key": self.key} if self.key else {}
        url = path if path.startswith("http") else f"/api/v1{path}"
        return self.client.request(method, url, json=body or None, headers=headers)
