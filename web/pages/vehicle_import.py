"""Vehicles from a CSV file: a check that changes nothing, then the import of all or none.

A long import is answered by a page that shows its progress while it is sent. A client that reads it
slowly does not hold the import up, which runs in another thread.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TakesLongerError
from functools import partial
from http import HTTPStatus
from queue import SimpleQueue
from typing import Final

from flask import Blueprint, Response, flash, redirect, render_template, stream_template
from flask.typing import ResponseReturnValue
from flask_login import login_required

from movr.cities import DEFAULT_CITY, City, find_city
from movr.errors import Refusal
from movr.messages import gettext_noop
from movr.results import LineError
from movr.vehicle_import import ImportPlan, Report
from web.context import movr
from web.current_city import current_city
from web.forms import VehicleFileForm
from web.languages import gettext as _
from web.languages import ngettext, translate
from web.rendering.template_filters import number
from web.security import session
from web.services import vehicle_csv, vehicle_files
from web.services.vehicle_csv import VehicleFile

blueprint = Blueprint("vehicle_import", __name__, url_prefix="/vehicles/import")

SHOWN: Final = 100  # vehicles that a check lists; it lists all errors
PATIENCE: Final = 1  # seconds after which progress is shown
FAILED: Final = gettext_noop("Something went wrong on our side. No vehicle was added.")

logger = logging.getLogger("movr")


@blueprint.get("")
@login_required
def form() -> ResponseReturnValue:
    """Show the form for a file of vehicles in the owner's home city."""
    return _page(VehicleFileForm())


@blueprint.post("")
@login_required
def send() -> ResponseReturnValue:
    """Check a file and show what it would do; add its vehicles if this was seen."""
    member = session.current_member()
    owner = member.key
    vehicle_files.count_file(owner)
    form = VehicleFileForm()
    file = vehicle_csv.parse(form.content, _home())
    plan = with_errors_of(file, movr().vehicle_import.plan(owner, file.vehicles))
    if plan.errors or not form.add.data:
        return _page(form, plan), status_of(plan)
    add = partial(movr().vehicle_import.add, owner, file.vehicles, proof=member.session_epoch)
    return added(add, len(plan.new), session.own_profile())


def _page(form: VehicleFileForm, plan: ImportPlan | None = None) -> str:
    return page(form, _home(), plan, layout="base.html")


def page(form: VehicleFileForm, city: City, plan: ImportPlan | None, **context: object) -> str:
    """Return the page with the form, and with what the file would do."""
    return render_template(
        "vehicles/import.html",
        form=form,
        home=city,
        columns=vehicle_csv.COLUMNS,
        plan=plan,
        shown=SHOWN,
        **context,
    )


def with_errors_of(file: VehicleFile, plan: ImportPlan) -> ImportPlan:
    """Add the errors of the file to those of the plan, translated, in the order of the lines."""
    found = sorted([*plan.errors, *file.errors], key=lambda error: error.line or 0)
    return plan._replace(errors=list(map(_translated, found)))


def _translated(error: LineError) -> LineError:
    """Return the error with its sentence translated; those of the file are already."""
    if isinstance(error.sentence, str):
        return error
    return error._replace(sentence=translate(error.sentence))


def status_of(plan: ImportPlan) -> HTTPStatus:
    """Return the status of the page that shows the plan."""
    return HTTPStatus.UNPROCESSABLE_ENTITY if plan.errors else HTTPStatus.OK


def added(add: Callable[[Report], int], total: int, next_page: str) -> ResponseReturnValue:
    """Add vehicles and redirect to the next page, or show the progress if that takes long."""
    steps: SimpleQueue[int | None] = SimpleQueue()
    adding = vehicle_files.THREADS.submit(add, steps.put)
    adding.add_done_callback(lambda _: steps.put(None))
    try:
        flash(_sentence(adding.result(PATIENCE)), "success")
    except TakesLongerError:
        progress = stream_template(
            "vehicles/importing.html",
            steps=iter(steps.get, None),
            total=total,
            end=_end(adding),
            next_page=next_page,
        )
        return Response(progress, headers={"X-Accel-Buffering": "no"})  # of nginx
    return redirect(next_page, HTTPStatus.SEE_OTHER)


def _end(adding: Future[int]) -> Callable[[], str]:
    """Return a function for the end of the page, which says what has happened."""

    def sentence() -> str:
        try:
            return _sentence(adding.result())
        except Refusal as refusal:
            return translate(refusal.message())
        except Exception:
            logger.exception("an import failed")
            return _(FAILED)

    return sentence


def _sentence(added: int) -> str:
    if not added:
        return _("All vehicles of this file were listed before. Nothing was changed.")
    return ngettext(
        "%(shown)s vehicle is listed. Riders can find them now.",
        "%(shown)s vehicles are listed. Riders can find them now.",
        added,
        shown=number(added, current_city().name),
    )


def _home() -> City:
    return find_city(session.current_member().city) or DEFAULT_CITY
