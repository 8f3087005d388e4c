"""Administration of a database server: create and drop databases, build an SQL shell command."""

from collections.abc import Iterator
from contextlib import contextmanager
from shlex import quote

from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from movr.database import embedded
from movr.database.engine import CONNECT_TIMEOUT, hosts, is_cockroachdb, parse_uri
from movr.database.retries import retrying


class DatabaseRefused(Exception):  # noqa: N818 - the server's refusal, not an error of ours
    """The server did not create or drop a database; the message is a sentence."""


def sibling_uri(uri: str, name: str) -> str:
    """Return the URI of the database `name` on the server of `uri`."""
    return uri_text(parse_uri(uri).set(database=name))


def uri_text(url: URL) -> str:
    """Return the URL as text, including its password, in the form of the DB_URI setting."""
    return url.render_as_string(hide_password=False).replace("+psycopg2", "")


def at_one_host(url: URL) -> URL:
    """Return the URL with its first host only; psql and cockroach do not read SQLAlchemy's list."""
    host, port = hosts(url)[0]
    if "host" not in url.query or host.startswith("/"):
        return url
    several = {"host", "port", "load_balance_hosts"}
    query = {name: value for name, value in url.query.items() if name not in several}
    return url.set(host=host, port=int(port) if port else None, query=query)


def create_database(uri: str, name: str) -> None:
    """Create the empty database `name` on the server of `uri`. Raises DatabaseRefused."""
    with _server(parse_uri(uri)) as connection:
        retrying(lambda: connection.execute(text(f"CREATE DATABASE {name}")))


def drop_database(uri: str, name: str) -> None:
    """Drop the database `name` on the server of `uri` if it exists, even if it has connections.

    Raises DatabaseRefused.
    """
    url = parse_uri(uri)
    how = "CASCADE" if is_cockroachdb(url) else "WITH (FORCE)"
    with _server(url) as connection:
        retrying(lambda: connection.execute(text(f"DROP DATABASE IF EXISTS {name} {how}")))


def shell_command(uri: str, cockroach: str = "cockroach") -> str:
    """Return the command that opens an SQL shell on this database, without the password.

    `cockroach` is the path of the cockroach binary.
    """
    url = at_one_host(parse_uri(uri))._replace(password=None)
    if is_cockroachdb(url):
        return f"{quote(cockroach)} sql --url {quote(uri_text(url.set(drivername='postgresql')))}"
    program = str(embedded.psql()) if embedded.is_embedded(uri) else "psql"
    return f"{quote(program)} {quote(uri_text(url))}"


@contextmanager
def _server(url: URL) -> Iterator[Connection]:
    engine = create_engine(
        url,
        isolation_level="AUTOCOMMIT",  # CREATE DATABASE runs outside of transactions
        poolclass=NullPool,
        connect_args={"connect_timeout": CONNECT_TIMEOUT},
    )
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as error:
        first_line = str(error.orig).strip().partition("\n")[0]
        raise DatabaseRefused(f"The database server refused: {first_line}.") from error
