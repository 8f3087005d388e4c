"""The features of Compose that our files use, without Docker; other features are refused."""

import copy
from pathlib import Path
from typing import Any, Final

import yaml

Service = dict[str, Any]
Model = dict[str, Any]

KNOWN: Final = frozenset({"name", "services", "networks", "volumes", "secrets"})
REPLACED: Final = frozenset({"command", "entrypoint", "test"})  # lists that are replaced


def load(*files: Path) -> Model:
    """Return the result of `docker compose -f … -f … config`, without replacing variables."""
    model: Model = {}
    for file in files:
        model = merge(model, _read(file))
    return model


def merge(old: Any, new: Any, name: str = "") -> Any:
    """Merge by Compose's rules: objects by key, lists appended, other values replaced."""
    if isinstance(old, dict) and isinstance(new, dict):
        both = {key: merge(old[key], new[key], key) for key in old.keys() & new.keys()}
        return copy.deepcopy(old | new | both)
    if isinstance(old, list) and isinstance(new, list) and name not in REPLACED:
        return [*old, *(item for item in new if item not in old)]
    return copy.deepcopy(new)


def _read(file: Path) -> Model:
    """Read a file, with absolute paths and with extended services."""
    model: Model = yaml.safe_load(file.read_text())
    unknown = {key for key in model if not key.startswith("x-")} - KNOWN
    assert not unknown, f"{file}: these tests do not know {unknown}"
    model["services"] = {name: _extended(file, name) for name in model["services"]}
    for secret in model.get("secrets", {}).values():
        secret["file"] = str((file.parent / secret["file"]).resolve())
    return model


def _extended(file: Path, name: str) -> Service:
    service: Service = yaml.safe_load(file.read_text())["services"][name]
    if "build" in service:
        context = file.parent / service["build"]["context"]
        service["build"] = {**service["build"], "context": str(context.resolve())}
    service["volumes"] = [_absolute(file, volume) for volume in service.get("volumes", ())]
    if base := service.pop("extends", None):
        extended = _extended(file.parent / base.get("file", file.name), base["service"])
        return dict(merge(extended, service))
    return service


def _absolute(file: Path, volume: str) -> str:
    source, _, rest = volume.partition(":")
    return f"{(file.parent / source).resolve()}:{rest}" if source.startswith(".") else volume
