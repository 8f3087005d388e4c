"""A command as somebody at a terminal has it."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.conftest import ROOT


def unmeasured(environment: Mapping[str, str]) -> dict[str, str]:
    """This environment without coverage, whose tracer may be interrupted as it holds a lock.

    It never gives that back then, and the command's threads wait for it and the end for them.
    """
    return {name: text for name, text in environment.items() if name != "COVERAGE_PROCESS_CONFIG"}


class Command:
    """A command in a session of its own, as a terminal gives it one; what it says is kept."""

    def __init__(
        self, command: Sequence[str], output: Path, environment: Mapping[str, str]
    ) -> None:
        self._output = output
        with output.open("wb") as file:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        """All that it has said so far."""
        return self._output.read_text()

    def press_ctrl_c(self) -> None:
        """What a terminal does: SIGINT to the whole group."""
        os.killpg(self.process.pid, signal.SIGINT)

    def tell_to_end(self, ending: signal.Signals) -> None:
        """By this signal, as the terminal or the system sends it."""
        if ending is signal.SIGINT:
            self.press_ctrl_c()
        else:
            self.process.send_signal(ending)
