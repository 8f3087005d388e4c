"""Calls of every operation of staff, as a new manager of a city."""

from typing import Any, Final

from cli.api_caller import ApiCaller
from movr.formats import MENDED, SUPPORT

_WHY: Final = "placement check"
_PLACE: Final = {"place": "there"}
LISTED: Final = {"reference": "1", "type": "bike", "color": "red", "brand": "Tour", **_PLACE}


def call_as_manager(manager: ApiCaller, ride: dict[str, Any]) -> None:
    """Call every operation of staff, with a ride that goes on and whose vehicle is reported."""
    home = f"/staff/{manager.city}"
    for path in ("/staff", home, *(f"{home}/{noun}" for noun in ("rides", "vehicles", "reports"))):
        manager("GET", path)
    paths = _paths(manager, home, ride)
    for path in paths.values():
        manager("GET", path)
    for noun, action, details in (
        *(("ride", "end", _PLACE), ("ride", "refund", {}), ("vehicle", "move", _PLACE)),
        *(("vehicle", action, {}) for action in ("pause", "resume", "mark-missing")),
        *(("vehicle", "mark-found", _PLACE), ("vehicle", "remove", {})),
        *(("report", "close", {"outcome": MENDED}), ("member", "suspend", {})),
        *(("member", "restore", {}), ("member", "grant-role", {"role": SUPPORT})),
    ):
        manager("POST", f"{paths[noun]}/{action}", reason=_WHY, **details)
    manager("POST", f"{paths['member']}/vehicles", reason=_WHY, vehicles=[LISTED])
    role = paths["member"].replace("/members", f"/roles/{manager.city}")
    manager("POST", f"{role}/{SUPPORT}/revoke", reason=_WHY)
    for noun in ("members?q=tour", "roles", "money", "letters", "audit"):
        manager("GET", f"{home}/{noun}")


def _paths(manager: ApiCaller, home: str, ride: dict[str, Any]) -> dict[str, str]:
    """Return the paths of a ride, its rider and vehicle, and the last report about that."""
    shown = manager("GET", f"{home}/rides/{ride['id']}")
    vehicle = f"{home}/vehicles/{shown['vehicle_id']}"
    found = manager("GET", vehicle)
    manager("GET", f"{home}/vehicles/by-number/{found['number']}")
    history = found["history"]["items"]
    report = next(item["id"] for item in history if item["source"] == "report")
    return {
        "ride": f"{home}/rides/{ride['id']}",
        "member": f"{home}/members/{shown['rider_id']}",
        "vehicle": vehicle,
        "report": f"{home}/reports/{report}",
    }
