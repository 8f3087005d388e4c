"""Links to a new password, which are limited by network and by username.

Whether an account exists makes no difference: it is looked up when the letter is sent.
"""

from typing import Final

from web.context import movr
from web.current_city import current_city
from web.security import known_browsers, rate_limits
from web.security.link_tokens import RESET_LIFETIME
from web.security.rate_limit_store import RateLimit

RESETS_OF_ADDRESS: Final = RateLimit("links asked for by", 20, RESET_LIFETIME)
# Per lifetime of a link: a member whose limit was used up by a stranger still has a valid link.
EMAILS_TO_USERNAME: Final = RateLimit("links sent to", 3, RESET_LIFETIME)


def send(username: str, idempotency_key: str = "") -> None:
    """Send a link if the account exists; one for all calls with the same `idempotency_key`.

    Raises TooManyAttempts.
    """
    if not known_browsers.browser_known_to(username):
        rate_limits.count_attempts(*rate_limits.by_network(RESETS_OF_ADDRESS))
    if rate_limits.try_count(EMAILS_TO_USERNAME, username):
        movr().outbox.request_password_reset(current_city().name, username, idempotency_key)
