"""Clients of the API in this process."""

from collections.abc import Iterator

import httpx
import pytest
from flask import Flask

from tests.conftest import HERE
from tests.visitor import Visitor
from tests.web.api.v1.client import ApiClient


@pytest.fixture
def stranger(app: Flask) -> Iterator[ApiClient]:
    """A program without tokens."""
    with httpx.Client(transport=httpx.WSGITransport(app), base_url=HERE) as client:
        yield ApiClient(client)


@pytest.fixture
def api(stranger: ApiClient, visitor: Visitor) -> ApiClient:
    """A program with the tokens of the visitor, who is a member."""
    return stranger.log_in(visitor.register().username)
