"""`podium processes`: which processes run trajectories on the database, and how much each drives."""

import argparse
import json
from typing import Any

from webapp.cli import flags


def add_to(commands: Any) -> None:
    """The command and its flags."""
    command = commands.add_parser("processes", help="which processes run trajectories on the database")
    command.add_argument("--all", action="store_true", help="also those that ended in the last 30 days")
    command.add_argument("--json", action="store_true", help="one record per line")
    flags.add_database(command)
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Exit code 0, also where there is none."""
    from storage.store import Store  # noqa: PLC0415 - parsing flags needs none of this
    from webapp.views.processes import lines, process_view, state  # noqa: PLC0415

    with Store.open(flags.settings(chosen).database, create=False) as store:
        known = [one for one in store.membership.known() if chosen.all or state(one.process) == "alive"]
        beats = store.membership.beats
    if chosen.json:
        said = [json.dumps(process_view(one, None), ensure_ascii=False) for one in known]
    else:
        said = lines(known, beats) or ["no process runs trajectories on this database"]
    print("\n".join(said))
    return 0
