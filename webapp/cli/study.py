"""`podium study`: make studies, list them, see how far they are, close them."""

import argparse
import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from webapp.cli import flags

if TYPE_CHECKING:
    from prefs.study import Progress
    from storage.store import Store
    from storage.studies import Studies
    from webapp.studies import NewStudy

_OF_FILE = "of a study that has no FILE"


def add_to(commands: Any) -> None:
    """The command, its parts and their flags."""
    command = commands.add_parser("study", help="ballots for several people: make a study, see how far it is")
    parts = command.add_subparsers(dest="part", required=True, metavar="create|list|progress|close")
    _add_create(parts)
    known = parts.add_parser("list", help="studies, newest first")
    known.add_argument("--json", action="store_true", help="one record per line")
    known.set_defaults(run=_list)
    far = parts.add_parser("progress", help="how far a study is")
    far.add_argument("id", metavar="ID")
    far.add_argument("--annotator", metavar="NAME", help="of one person; without it of everybody")
    far.add_argument("--json", action="store_true", help="as JSON")
    far.set_defaults(run=_progress)
    closing = parts.add_parser("close", help="give out no ballots any more")
    closing.add_argument("id", metavar="ID")
    closing.set_defaults(run=_close)
    for part in (known, far, closing):
        flags.add_database(part)


def _add_create(parts: Any) -> None:
    create = parts.add_parser("create", help="make a study; prints its id", argument_default=argparse.SUPPRESS)
    create.add_argument(
        "file", nargs="?", type=Path, default=None, metavar="FILE", help="JSON, as POST /api/v1/studies takes it"
    )
    create.add_argument("--name", help=_OF_FILE)
    create.add_argument("--guidelines", type=Path, metavar="FILE", help="Markdown that people read first")
    create.add_argument("--ballots", nargs="+", metavar="ID", help="ballots that are kept")
    create.add_argument("--runs", nargs="+", metavar="ID|all", help="one ballot of each of these runs, or of all")
    create.add_argument("--alternatives", type=int, metavar="K", help="on each ballot that is made (4)")
    create.add_argument("--overlap", type=int, metavar="N", help="rankings of each ballot (1)")
    create.add_argument(
        "--hidden",
        nargs="*",
        metavar="WHAT",
        help="identity, cost, latency, preference, outcome: what nobody sees (identity outcome); none: all is seen",
    )
    create.add_argument("--two-phases", action="store_true", help="rank blind, then again knowing cost and time")
    create.add_argument("--tags", nargs="*", metavar="TAG", help="categories of reasons that people are offered")
    create.add_argument("--gold", dest="gold_share", type=float, metavar="SHARE", help="of each person's ballots (0)")
    create.add_argument("--next", dest="next_by", metavar="order|random|informative", help="which comes next (random)")
    create.add_argument("--most", dest="most_ballots", type=int, metavar="N", help="ballots of an informative study")
    create.add_argument("--random-share", type=float, metavar="SHARE", help="of an informative study's ballots (0.2)")
    create.add_argument("--lease", dest="lease_s", type=float, metavar="SECONDS", help="a ballot waits so long (1800)")
    create.add_argument("--seed", type=int, help="of all that is drawn (0)")
    create.add_argument("--db", metavar="URL", help="database, such as sqlite:///podium.sqlite3")
    create.set_defaults(run=_create)


def _create(chosen: argparse.Namespace) -> int:
    from datetime import UTC, datetime  # noqa: PLC0415 - parsing flags needs none of this

    from webapp.studies import create  # noqa: PLC0415

    new = _new(chosen)
    with _store(chosen) as store:
        study = asyncio.run(create(store, new, datetime.now(UTC)))
    print(study.id)
    return 0


def _new(chosen: argparse.Namespace) -> "NewStudy":
    from webapp.studies import read_new_study  # noqa: PLC0415 - as above

    said = {name: value for name, value in vars(chosen).items() if name not in ("command", "part", "run", "db")}
    file: Path | None = said.pop("file", None)
    if file is not None:
        if said:
            raise ValueError(f"a study comes from a file or from flags; leave out --{next(iter(said))}")
        return read_new_study(file.read_text("utf-8"))
    if "guidelines" in said:
        said["guidelines"] = said["guidelines"].read_text("utf-8")
    if said.get("runs") == ["all"]:
        said["runs"] = "all"
    return read_new_study(json.dumps(said))


def _list(chosen: argparse.Namespace) -> int:
    from datetime import UTC, datetime  # noqa: PLC0415 - as above

    from storage.studies import Studies  # noqa: PLC0415
    from storage.study_records import study_json  # noqa: PLC0415

    with _store(chosen) as store:
        studies = Studies(store)
        for study in studies.newest(1000):
            if chosen.json:
                print(json.dumps(study_json(study), ensure_ascii=False))
                continue
            far = studies.progress(study.id, datetime.now(UTC))
            closed = "" if study.closed_at is None else ", closed"
            print(f"{study.id}  {study.name}: {far.counted:,} of {far.wanted:,} rankings{closed}")
    return 0


def _progress(chosen: argparse.Namespace) -> int:
    from dataclasses import asdict  # noqa: PLC0415 - as above
    from datetime import UTC, datetime  # noqa: PLC0415

    from storage.studies import Studies  # noqa: PLC0415

    with _store(chosen) as store:
        studies = Studies(store)
        far = studies.progress(chosen.id, datetime.now(UTC), chosen.annotator)
        study = studies.find(chosen.id)
        twice = study is not None and study.two_phases and not chosen.json
        second = _second_looks(studies, chosen.id) if twice else ""
    print(json.dumps(asdict(far), ensure_ascii=False) if chosen.json else _printed(far) + second)
    return 0


def _close(chosen: argparse.Namespace) -> int:
    from datetime import UTC, datetime  # noqa: PLC0415 - as above

    from storage.studies import Studies  # noqa: PLC0415

    with _store(chosen) as store:
        closed = asyncio.run(Studies(store).close(chosen.id, datetime.now(UTC)))
    print(f"{closed.name} is closed since {closed.closed_at:%Y-%m-%d %H:%M} UTC")
    return 0


def _store(chosen: argparse.Namespace) -> "Store":
    from storage.store import Store  # noqa: PLC0415 - as above

    return Store.open(flags.settings(chosen).database, create=False)


def _second_looks(studies: "Studies", study_id: str) -> str:
    from prefs.fit.willingness import willingness  # noqa: PLC0415 - scipy takes a part of a second to import
    from webapp.willingness_record import sentence  # noqa: PLC0415

    return f"\n{sentence(willingness(studies.second_looks(study_id)))}"


def _printed(far: "Progress") -> str:
    lines = [
        f"{far.counted:,} of {far.wanted:,} rankings; {far.complete:,} of {far.ballots:,} ballots are complete",
        f"{far.held:,} on lease, {far.free:,} free, {far.expired:,} leases ran out",
        f"{far.extra:,} extra rankings, {far.skipped:,} skipped, {far.flagged:,} flagged; {far.gold:,} gold ballots",
    ]
    for one in far.own:
        left = "" if one.left is None else f", {one.left:,} left"
        lines.append(
            f"  {one.annotator:<20} {one.ranked:,} ranked, {one.skipped:,} skipped, {one.flagged:,} flagged{left}"
        )
    return "\n".join(lines)
