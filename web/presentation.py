"""What templates know: the city, who is asking, and times as they read there."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from flask import Flask
from markupsafe import Markup

from movr.cities import EUROPE_WEST, REGIONS, US_EAST, US_WEST, find, of_region
from web.city import current_city
from web.replies import served_by
from web.session import viewer

ADDRESSES: Final = 10_000  # remembered: building one takes as long as a ticket around it

_REGION_NAMES: Final = {US_EAST: "US East", US_WEST: "US West", EUROPE_WEST: "Europe West"}


def init_app(app: Flask) -> None:
    """Give templates their globals and filters."""
    app.jinja_env.globals.update(
        url_for=lru_cache(ADDRESSES)(app.url_for),  # what it says never changes
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
    instant = time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    words = f"{local:%a} {local.day} {local:%b %Y, %H:%M}"
    return Markup(f'<time datetime="{instant}Z">{words}</time>')  # noqa: S704 - nobody's words


def duration(length: timedelta) -> str:
    """A length of time in words, to the minute: `1 h 05 min`."""
    hours, minutes = divmod(round(length / timedelta(minutes=1)), 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min" if minutes else "under a minute"


def region_name(region: str) -> str:
    """A region as people call it."""
    return _REGION_NAMES[region]
