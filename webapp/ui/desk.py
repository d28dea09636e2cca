"""What the page needs from the rest of the app, and nothing more."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

from orchestrator.pool import Pool
from orchestrator.trajectory import ToolCall
from prefs.ballot import Ballot
from prefs.ranking import Ranking
from storage.spending.rules import LOCAL
from webapp.asking import Asking
from webapp.live_run import RunSnapshot
from webapp.revealed import Standing
from webapp.views.comparison import Rewarded
from webapp.views.history import PastRun
from webapp.views.placement import Placement


class Desk(Protocol):
    """The services behind the page.

    A LookupError means that there is no such run; a ValueError or a StoreError carries a message for the person at the
    page.
    """

    @property
    def pool(self) -> Pool:
        """The aliases on offer."""

    @property
    def policy_words(self) -> str:
        """One sentence: which policy routes and which pool replies."""

    @property
    def serving(self) -> Mapping[str, str | None] | None:
        """Where the page asks how the servers are doing: `address`, from the page, and `model`, the orchestrator's
        where it runs on a server. `None`: it does not ask.
        """

    @property
    def examples(self) -> Sequence[str]:
        """Queries to try."""

    async def ask(self, asking: Asking) -> str:
        """Start a run and give its id."""

    def follow(self, run_id: str) -> AsyncIterator[RunSnapshot]:
        """Full snapshots: one at once, one after each change (coalesced), the last when the run has ended."""

    def snapshot(self, run_id: str) -> RunSnapshot:
        """The run as it is now."""

    async def stop(self, run_id: str, trajectory_id: str | None = None) -> None:
        """Stop one trajectory, or all of the run."""

    async def resume(self, trajectory_id: str, payer: str = LOCAL.user) -> str:
        """Go on with an interrupted trajectory; gives the id of its run."""

    async def fork(self, trajectory_id: str, step: int, call: ToolCall, payer: str = LOCAL.user) -> str:
        """Add an alternative that leaves the trajectory at `step` with another call; gives the id of its run."""

    async def history(self, search: str) -> Sequence[PastRun]:
        """Past runs whose query holds the words of `search`, latest first."""

    async def ballot_of(self, run_id: str) -> Ballot | None:
        """The ballot of a run that has ended with two or more alternatives."""

    def ballot(self, ballot_id: str) -> Ballot:
        """The ballot of that id, also one that another has taken the place of."""

    async def submit_ranking(self, placement: Placement, reason: str | None, annotator: str) -> Ranking:
        """Keep a ranking of that person. The same `placement.key` twice is one; a new key supersedes the last one."""

    async def revealed(self) -> Standing:
        """P as all rankings reveal it, the newest included."""

    async def rankings_of(self, ballot_id: str, annotator: str | None = None) -> Sequence[Ranking]:
        """Rankings of the ballot, oldest first; of one person, or of all."""

    async def rewards(self, run_id: str) -> Mapping[str, Rewarded]:
        """Trajectory id to R(τ)."""
