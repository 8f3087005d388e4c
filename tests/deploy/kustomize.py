"""The features of kustomize that deploy/ uses, without its binary; others are refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

Manifest = dict[str, Any]

TEXT: Final = "tag:yaml.org,2002:str"
KNOWN: Final = frozenset(
    {"apiVersion", "kind", "sortOptions", "resources", "components", "images", "patches"}
)


def build(folder: Path) -> list[Manifest]:
    """Return the objects that `kubectl kustomize folder` renders, in order."""
    return _applied(folder, [])


def text(manifests: list[Manifest]) -> str:
    """Return the rendered objects as text."""
    return yaml.dump_all(manifests, Dumper=_Dumper, width=10_000).removeprefix("---\n")


def read(path: Path) -> list[Manifest]:
    return [manifest for manifest in yaml.safe_load_all(path.read_text()) if manifest]


def pods(manifest: Manifest) -> Iterator[Manifest]:
    """Yield the pod specification of this object, if it has one."""
    spec = manifest.get("spec", {})
    if manifest["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    if manifest["kind"] in {"Deployment", "Job", "CronJob"}:
        yield spec["template"]["spec"]


def _applied(folder: Path, manifests: list[Manifest]) -> list[Manifest]:
    """Apply the folder's kustomization to these manifests."""
    (wanted,) = read(folder / "kustomization.yaml")
    assert set(wanted) <= KNOWN, f"{folder}: this renderer does not know {set(wanted) - KNOWN}"
    if wanted["kind"] == "Kustomization":
        assert wanted["sortOptions"] == {"order": "fifo"}
    for resource in wanted.get("resources", ()):
        path = folder / resource
        manifests = [*manifests, *(build(path) if path.is_dir() else read(path))]
    for component in wanted.get("components", ()):
        manifests = _applied(folder / component, manifests)
    for patch in wanted.get("patches", ()):
        if "target" in patch:
            _edit(manifests, patch["target"], yaml.safe_load(patch["patch"]))
        else:
            manifests = _patched(manifests, yaml.safe_load(patch["patch"]))
    for image in wanted.get("images", ()):
        _replace_image(manifests, image)
    return manifests


def _edit(manifests: list[Manifest], target: dict[str, str], operations: list[Manifest]) -> None:
    """Apply a JSON patch (RFC 6902), of `remove` and `replace` only, to the target."""
    (changed,) = [
        manifest
        for manifest in manifests
        if target == {"kind": manifest["kind"], "name": manifest["metadata"]["name"]}
    ]
    for operation in operations:
        *parents, last = operation["path"].strip("/").split("/")
        place: Any = changed
        for name in parents:
            place = place[int(name) if name.isdigit() else name]
        del place[last]
        if operation["op"] == "replace":
            place[last] = operation["value"]
        else:
            assert operation["op"] == "remove"


def _patched(manifests: list[Manifest], patch: Manifest) -> list[Manifest]:
    (target,) = [manifest for manifest in manifests if _identity(manifest) == _identity(patch)]
    if patch.get("$patch") == "delete":
        return [manifest for manifest in manifests if manifest is not target]
    return [_merged(item, patch) if item is target else item for item in manifests]


def _identity(manifest: Manifest) -> tuple[str, str, str]:
    return manifest["apiVersion"], manifest["kind"], manifest["metadata"]["name"]


def _merged(old: Any, new: Any) -> Any:
    """Strategic merge: objects by key, lists of named objects by name, other values replaced.

    Changed objects come first in their list, as kustomize writes them.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        both = {name: _merged(old[name], new[name]) for name in old.keys() & new.keys()}
        return old | new | both
    if isinstance(old, list) and all(isinstance(item, dict) and "name" in item for item in new):
        before = {item["name"]: item for item in old}
        changed = {item["name"]: item for item in new}
        unknown = changed.keys() - before.keys()
        assert not unknown, f"only what is in the base is patched, not {unknown}"
        rest = [item for name, item in before.items() if name not in changed]
        return [*(_merged(before[name], item) for name, item in changed.items()), *rest]
    return new


def _replace_image(manifests: list[Manifest], image: dict[str, str]) -> None:
    for manifest in manifests:
        for pod in pods(manifest):
            for container in pod["containers"]:
                if container["image"].partition(":")[0] == image["name"]:
                    container["image"] = f"{image['newName']}:{image['newTag']}"


class _Dumper(yaml.SafeDumper):
    """Writes YAML as kustomize does: ambiguous text is in double quotes."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - kustomize writes none
        return True


def _represent_text(dumper: _Dumper, data: str) -> yaml.Node:
    kind = dumper.resolve(yaml.ScalarNode, data, (True, False))  # type: ignore[no-untyped-call]
    return dumper.represent_scalar(TEXT, data, None if kind == TEXT else '"')


_Dumper.add_representer(str, _represent_text)
