"""The operations of the API, as its description has them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from apiflask import APIFlask


@dataclass(frozen=True)
class Operation:
    """An operation, with its path below /api/v1."""

    id: str
    method: str
    path: str
    statuses: frozenset[int]
    requires_token: bool
    has_body: bool

    @property
    def is_write(self) -> bool:
        return self.method != "GET"


def operations_of(app: APIFlask) -> Mapping[str, Operation]:
    """Return the operations by their ids."""
    with app.app_context():
        return {operation.id: operation for operation in _read(app.spec)}


def _read(spec: Any) -> Iterator[Operation]:
    for path, methods in spec["paths"].items():
        for method, described in methods.items():
            yield Operation(
                id=described["operationId"],
                method=method.upper(),
                path=path.removeprefix("/api/v1"),
                statuses=frozenset(map(int, described["responses"])),
                requires_token={} not in (described.get("security") or [{}]),
                has_body="requestBody" in described,
            )
