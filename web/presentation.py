"""What templates know: the city, who is asking, and times as they read there."""

from datetime import UTC, datetime, timedelta
from typing import Final

from flask import Flask
from markupsafe import Markup

from movr.cities import EUROPE_WEST, REGIONS, US_EAST, US_WEST, find, of_region
from web.city import current_city
from web.replies import served_by
from web.session import viewer

_REGION_NAMES: Final = {US_EAST: "US East", US_WEST: "US West", EUROPE_WEST: "Europe West"}


def init_app(app: Flask) -> None:
    """Give templates their globals and filters."""
    app.jinja_env.globals.update(
        current_city=current_city,
        viewer=viewer,
        served_by=served_by,
        regions={region: of_region(region) for region in REGIONS},
        region_name=region_name,
        city_named=find,
    )
    app.jinja_env.filters.update(local_time=local_time, duration=duration)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def local_time(time: datetime, city: str) -> Markup:
    """A `<time>` element: UTC for programs, the clock of this city for people."""
    place = find(city)
    local = time.astimezone(place.timezone if place else UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        f"{local:%a} {local.day} {local:%b %Y, %H:%M}",
    )


def duration(length: timedelta) -> str:
    """A length of time in words, to the minute: `1 h 05 min`."""
    hours, minutes = divmod(round(length / timedelta(minutes=1)), 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min" if minutes else "under a minute"


def region_name(region: str) -> str:
    """A region as people call it."""
    return _REGION_NAMES[region]
