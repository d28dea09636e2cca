"""`podium decide`: which of some settings people would like best, and whether to go on asking."""

import argparse
import json
from typing import Any

from orchestrator.preference import PRESETS
from webapp.cli import flags


def add_to(commands: Any) -> None:
    """The command and its flags."""
    command = commands.add_parser("decide", help="which setting do the rankings favour, and is it certain enough?")
    command.add_argument(
        "settings",
        nargs="+",
        metavar="SETTING",
        help=f"two or more of {', '.join(PRESETS)}, vectors in JSON, or policies whose trajectories were ranked",
    )
    command.add_argument("--planned", type=int, metavar="N", help="rankings that were planned in all")
    command.add_argument("--json", action="store_true")
    flags.add_database(command)
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Exit code 0 whether it is certain or not; 2 where nothing can be said."""
    from storage.store import Store  # noqa: PLC0415 - parsing flags needs none of this
    from webapp.deciding import decided  # noqa: PLC0415

    with Store.open(flags.settings(chosen).database, create=False) as store:
        judgements = list(store.iter_judgements())
    if not judgements:
        raise ValueError("nothing has been ranked in this database yet; `podium serve` has the page for it")
    found = decided(judgements, chosen.settings, chosen.planned)
    if not chosen.json:
        print(found.sentence)
        return 0
    told = {
        "leader": found.leader,
        "probability": found.probability,
        "certain": found.certain,
        "used": found.used,
        "planned": found.planned,
        "saved": found.saved,
        "queries": found.queries,
        "sentence": found.sentence,
    }
    print(json.dumps(told, ensure_ascii=False))
    return 0
