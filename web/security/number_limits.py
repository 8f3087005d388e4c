"""The limits of looking up vehicles by their numbers."""

from typing import Final

from movr.cities import City
from movr.results import UserKey
from web.security import rate_limits
from web.security.rate_limit_store import RateLimit

# Few enough that nobody reads all numbers of a city, or watches many vehicles, ...
LOOKUPS_OF_NETWORK: Final = RateLimit("numbers looked up from", 60)
LOOKUPS_OF_MEMBER: Final = RateLimit("numbers looked up by", 60, rate_limits.HOUR)
# ... or one closely: who knows the second at which it is available again finds it in the open data.
LOOKUPS_OF_NUMBER: Final = RateLimit("looked up from", 20, rate_limits.HOUR)


def count_lookup(city: City, number: int) -> None:
    """Count a lookup by network, and by network and number. Raises TooManyAttempts."""
    of_number = rate_limits.by_network(LOOKUPS_OF_NUMBER, f"{city.name} {number}")
    rate_limits.count_attempts(*rate_limits.by_network(LOOKUPS_OF_NETWORK), *of_number)


def count_lookup_of(member: UserKey) -> None:
    """Count a lookup by a member. Raises TooManyAttempts."""
    rate_limits.count_attempts((LOOKUPS_OF_MEMBER, str(member.id)))
