"""What pages and programs share of the import of many vehicles.

An import runs in a thread of its own: a request's deadline does not end it.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

from movr.results import UserKey
from web.security import rate_limits
from web.security.rate_limit_store import RateLimit

FILES_OF_MEMBER: Final = RateLimit("files of vehicles of", 60, rate_limits.HOUR)
THREADS: Final = ThreadPoolExecutor(2, thread_name_prefix="import")


def count_file(sender: UserKey) -> None:
    """Count a file that a member sends, which takes a second of a processor.

    Raises TooManyAttempts.
    """
    rate_limits.count_attempts((FILES_OF_MEMBER, str(sender.id)))
