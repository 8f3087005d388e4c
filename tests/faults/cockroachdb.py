"""MovR's database on separate nodes of CockroachDB (cluster/separate_nodes.py)."""

from collections.abc import Sequence

from sqlalchemy import Engine, text

from cluster.separate_nodes import Node, wait_until, wait_until_replicated
from movr.placement import change, inspection
from movr.placement.definitions import Placement, Survival
from tests import databases

REGION_REPLICAS = 5  # enough to survive the loss of a region
WRITTEN = ("users", "vehicles", "rides")  # by riders; their keys are (city, id)


def with_movr(uri: str) -> Engine:
    """Migrate and place the database so that it survives the loss of a region."""
    databases.bring_to_head(uri)
    engine = databases.connect(uri)
    steps = change.plan(
        inspection.current_placement(engine), Placement.MULTI_REGION, Survival.REGION
    )
    for _ in change.run_steps(engine, steps, at_once=False):
        pass
    wait_until(lambda: _can_lose_a_region(engine))
    return engine


def prepare(nodes: Sequence[Node], *, leaseholder: Node) -> None:
    """Migrate, move the tables' leases to this node, and wait for three replicas of each range."""
    databases.bring_to_head(leaseholder.uri)
    engine = databases.connect(leaseholder.uri)
    place = (
        "ALTER DATABASE movr CONFIGURE ZONE USING constraints = '[]',"
        f" lease_preferences = '[[+{leaseholder}]]'"
    )
    with engine.begin() as connection:
        connection.execute(text(place))
    wait_until(lambda: _leases_are_at(leaseholder, engine))
    wait_until_replicated(nodes)
    engine.dispose()


def _leases_are_at(node: Node, engine: Engine) -> bool:
    holder = (
        "SELECT lease_holder_locality FROM [SHOW RANGE FROM TABLE {} FOR ROW"
        " ('new york', '00000000-0000-0000-0000-000000000000')]"
    )
    with engine.connect() as connection:
        holders = {connection.scalar(text(holder.format(table))) for table in WRITTEN}
    return holders == {str(node)}


def _can_lose_a_region(engine: Engine) -> bool:
    """Return True if each range of MovR and of the system has enough replicas."""
    count = "SELECT min(array_length(replicas, 1)) FROM [SHOW RANGES FROM DATABASE {}]"
    with engine.connect() as connection:
        least = [
            connection.execute(text(count.format(name))).scalar_one() for name in ("movr", "system")
        ]
    return bool(min(least) >= REGION_REPLICAS)
