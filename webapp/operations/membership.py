"""What an operator watches of several processes on one database."""

from storage.processes.membership import Membership
from webapp.operations.metrics import Metrics


def watch_membership(metrics: Metrics, membership: Membership) -> None:
    """Tell how this process stands with the others."""
    metrics.watch(
        "podium_heartbeat_silence_seconds",
        "Seconds since the database last heard that this process lives; 0 where it need not say so",
        lambda: membership.silent_s,
    )
    metrics.watch(
        "podium_orphans_marked",
        "Trajectories of dead processes that this one marked as interrupted",
        lambda: membership.marked,
    )
