"""Mail from a real gunicorn: queued emails are sent even when a worker stops."""

from sqlalchemy import Engine

from tests.conftest import plain_client, serving, visitors
from tests.smtp import LOOPBACK, receiving


def test_a_stopping_worker_sends_its_queued_emails(
    database: str,
    engine: Engine,  # noqa: ARG001 - emptied
) -> None:
    with receiving() as postbox:
        mail = {"MAIL_URI": f"smtp://{LOOPBACK}:{postbox.server_address[1]}"}
        with (
            serving(DB_URI=database, DEBUG="1", MAIL_FROM="movr@example.com", **mail) as url,
            visitors(lambda: plain_client(url)) as new,
        ):
            member = new().register()
            assert new().post("/forgot", username=member.username).status_code == 303

        for _ in range(2):  # for the registration and the request
            assert f"{url}/verify?token=" in postbox.emails.get_nowait().message.get_content()
