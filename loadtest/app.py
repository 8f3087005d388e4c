"""An app that calls the API on top of Locust's client, as browser.py does for pages."""

from collections.abc import Set as AbstractSet
from http import HTTPStatus
from typing import Any, Final
from uuid import uuid4

from locust.contrib.fasthttp import FastHttpSession
from locust.exception import RescheduleTask

from loadtest.browser import OK, name_of

CREATED: Final = frozenset({HTTPStatus.CREATED})


class App:
    """An app on a phone; `address` is its IP address in X-Forwarded-For."""

    def __init__(self, session: FastHttpSession, address: str) -> None:
        """Create an app that is not logged in."""
        self._session = session
        self._address = address
        self._tokens: dict[str, Any] = {}

    def log_in(self, username: str, password: str) -> None:
        """Get tokens for a member."""
        login = {"username": username, "password": password, "device": "loadtest"}
        self._tokens = self.call("POST", "/tokens", CREATED, **login)

    def refresh(self) -> None:
        """Exchange the refresh token for new tokens."""
        spent = self._tokens["refresh_token"]
        self._tokens = self.call("POST", "/tokens/refresh", refresh_token=spent)

    def call(
        self, method: str, path: str, expected: AbstractSet[int] = OK, /, **body: str
    ) -> dict[str, Any]:
        """Call an operation and return its JSON.

        An unexpected status is recorded as a failure and aborts the rider's task (RescheduleTask).
        """
        url = f"/api/v1{path}"
        with self._session.request(
            method,
            url,
            name=name_of(url),
            json=body or None,
            headers=self._headers(method),
            catch_response=True,
        ) as reply:
            if reply.status_code not in expected:
                answered = f"answered {reply.status_code}" if reply.status_code else reply.error
                reply.failure(answered)
                raise RescheduleTask
            reply.success()
        answer: dict[str, Any] = reply.json()
        return answer

    def _headers(self, method: str) -> dict[str, str]:
        token = self._tokens.get("access_token")
        bearer = {"Authorization": f"Bearer {token}"} if token else {}
        once = {"Idempotency-Key": str(uuid4())} if token and method == "POST" else {}
        return {"X-Forwarded-For": self._address} | bearer | once
