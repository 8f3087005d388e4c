"""Hostile JSON: it never causes a server error, and what is refused changes nothing.

`FAULTS=long` sends more (make test-faults).
"""

import json
import os
from collections.abc import Mapping
from typing import Any, cast

import httpx
import pytest
from apiflask import APIFlask
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from tests.databases import all_rows, put_back
from tests.web.api.v1.client import PROBLEM, ApiClient
from tests.web.api.v1.operations import Operation, operations_of
from tests.web.api.v1.test_permissions import ROWS, Anything, Request
from tests.web.pages.test_hostile_input import NASTY

INPUTS = 5_000 if os.environ.get("FAULTS") == "long" else 50
JSON = "application/json"
UNREADABLE = {
    "nothing": b"",
    "no JSON": b"{",
    "bytes": b"\xff\xfe",
    "many brackets": b"[" * 20_000,
    "many objects": b'{"city":' * 7_000,
    "a number of 5,000 digits": b"9" * 5_000,
    "not a number": b"NaN",
    "too long": b'"' + b"x" * 70_000 + b'"',
}
texts = st.one_of(st.text(max_size=60), st.sampled_from(NASTY), st.uuids().map(str))
numbers = st.one_of(st.integers(), st.floats(), st.sampled_from([2**63, 10**400, -0.0]))
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda within: st.one_of(
        st.lists(within, max_size=4), st.dictionaries(texts, within, max_size=4)
    ),
    max_leaves=8,
)


class Target:
    """A member's program, and the rows of the database."""

    def __init__(self, app: Flask, api: ApiClient, engine: Engine) -> None:
        self.operations = [
            operation
            for operation in operations_of(cast("APIFlask", app)).values()
            if operation.has_body and operation.id in ROWS
        ]
        self._api, self._engine, self._rows = api, engine, all_rows(engine)

    def send(self, operation: Operation, body: bytes, mimetype: str = JSON) -> httpx.Response:
        """Send a body, assert that a refusal changed nothing, and undo what was accepted."""
        request = Request.of(operation, Anything())
        reply = self._api.client.request(
            request.method,
            f"/api/v1{request.path}",
            content=body,
            headers={"Authorization": f"Bearer {self._api.access}", "Content-Type": mimetype},
        )
        assert reply.status_code in operation.statuses, (operation.id, reply.text)
        if reply.is_success:
            put_back(self._engine, self._rows)
        else:
            assert reply.headers["Content-Type"] == PROBLEM
            assert all_rows(self._engine) == self._rows
        return reply


@pytest.fixture
def target(app: Flask, api: ApiClient, engine: Engine) -> Target:
    return Target(app, api, engine)


def test_a_body_that_is_no_json_is_refused(target: Target) -> None:
    statuses = {
        (operation.id, what): target.send(operation, body).status_code
        for operation in target.operations
        for what, body in UNREADABLE.items()
    }

    assert {key: code for key, code in statuses.items() if code not in {400, 413, 422}} == {}


def test_a_body_of_another_type_is_refused(target: Target) -> None:
    replies = [target.send(each, b"a=b", "text/plain") for each in target.operations]

    assert {reply.status_code for reply in replies} == {415}


@settings(
    max_examples=INPUTS,
    deadline=None,  # the machine may be busy
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_spoilt_fields_are_accepted_or_refused(target: Target, data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(target.operations), label="operation")
    fine: Mapping[str, Any] = Request.of(operation, Anything()).body
    names = st.one_of(st.sampled_from([*fine]), texts)
    spoilt = data.draw(st.dictionaries(names, values, min_size=1, max_size=3), label="spoilt")

    target.send(operation, json.dumps({**fine, **spoilt}).encode())
