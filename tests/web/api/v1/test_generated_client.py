"""A client that is generated from the description of the API works."""

import json
import subprocess
import sys
from collections.abc import Iterator
from http import HTTPStatus
from importlib import import_module
from typing import Any

import httpx
import pytest
from flask import Flask

from movr.errors import TokenInvalid
from tests.conftest import HERE, NewVisitor
from tests.visitor import PASSWORD

PACKAGE = "generated_movr_client"
CENTRE = {"latitude": 40.7128, "longitude": -74.006}


@pytest.fixture(scope="session")
def generated(
    session_app: Flask, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[pytest.MonkeyPatch]:
    """Generate the client, and make its package importable."""
    folder = tmp_path_factory.mktemp("client")
    spec, options = folder / "openapi.json", folder / "options.json"
    described = session_app.test_client().get("/api/v1/openapi.json")
    spec.write_bytes(described.data)
    options.write_text(json.dumps({"post_hooks": []}))  # which would format the code
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning"]
    where = ["--path", spec, "--config", options, "--output-path", folder / PACKAGE]
    made = subprocess.run(
        [*command, *map(str, where), "--meta", "none"], check=False, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stdout + made.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield patch


class GeneratedClient:
    """The generated client of a member."""

    def __init__(self, app: Flask, token: str = "") -> None:
        package = import_module(PACKAGE)
        transport = {"transport": httpx.WSGITransport(app)}
        self.client = (
            package.AuthenticatedClient(base_url=HERE, token=token, httpx_args=transport)
            if token
            else package.Client(base_url=HERE, httpx_args=transport)
        )

    def call(self, operation: str, *ids: object, status: int = 200, **arguments: Any) -> Any:
        """Call an operation, e.g. `rides.start_ride`, and return what it has parsed."""
        function = import_module(f"{PACKAGE}.api.{operation}").sync_detailed
        reply = function(*ids, client=self.client, **arguments)
        assert reply.status_code == HTTPStatus(status), reply.content
        return reply.parsed


def model(name: str, **fields: Any) -> Any:
    """Return an input of this name."""
    return getattr(import_module(f"{PACKAGE}.models"), name).from_dict(fields)


@pytest.mark.usefixtures("generated")
def test_a_generated_client_rides_from_login_to_receipt(
    app: Flask, new_visitor: NewVisitor
) -> None:
    new_visitor().register().add_vehicle()
    username = new_visitor().register().username
    credentials = model("Credentials", username=username, password=PASSWORD, device="phone")
    tokens = GeneratedClient(app).call("tokens.create_token", body=credentials, status=201)
    client = GeneratedClient(app, tokens.access_token)

    (vehicle,) = client.call("cities.list_vehicles", "new-york").items
    wanted = model("VehicleToTake", city=vehicle.city, vehicle_id=str(vehicle.id))
    reservation = client.call("rides.reserve_vehicle", body=wanted, status=201)
    assert client.call("me.get_me").reservation == reservation
    ride = client.call("rides.start_ride", body=wanted, status=201)
    assert client.call("rides.start_ride", body=wanted, status=201) == ride  # a second tap
    place = model("Parking", **CENTRE, place="2 Broadway")
    assert client.call("rides.end_ride", "new-york", ride.id, body=place) == ride
    receipt = client.call("rides.get_ride", ride.id)

    assert receipt.end_time > receipt.start_time
    assert client.call("rides.list_my_rides").items == [receipt]
    refresh = model("RefreshToken", refresh_token=tokens.refresh_token)
    assert client.call("tokens.refresh_token", body=refresh).access_token
    assert client.call("me.get_me", status=401).detail == TokenInvalid.sentence
