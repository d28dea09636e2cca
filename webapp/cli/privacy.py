"""`podium privacy forget|retain|redact`: what people may ask of whoever keeps their work."""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from webapp.cli import flags
from webapp.cli.console import console, opened

if TYPE_CHECKING:
    from storage.privacy.person import Kept
    from webapp.redacted import Striking

LOG_NOT_EMPTIED = (
    "somebody reads the database, so its write-ahead log still holds old pages: the next podium privacy command that "
    "deletes something empties it, or a server's daily look"
)


def add_to(commands: Any) -> None:
    """The command and its actions."""
    actions = commands.add_parser("privacy", help="forget somebody, delete what is old, redact files").add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    forget = actions.add_parser("forget", help="forget an account or an annotator, for good")
    forget.add_argument("name", metavar="NAME")
    forget.add_argument("--rankings", action="store_true", help="delete the rankings; else they stay without a name")
    forget.add_argument("--runs", action="store_true", help="delete the runs that only they asked for and nobody needs")
    forget.add_argument("--vacuum", action="store_true", help="write an SQLite file anew afterwards; others wait")
    forget.add_argument("--yes", action="store_true", help="do not ask")
    retain = actions.add_parser("retain", help="delete what is older than so many days")
    retain.add_argument("--runs-days", type=int, metavar="N", help="runs that nobody refers to")
    retain.add_argument("--rankings-days", type=int, metavar="N", help="rankings, but for those of open studies")
    retain.add_argument("--audit-days", type=int, metavar="N", help="entries of the log of who did what")
    for action, run in ((forget, _forget), (retain, _retain)):
        action.add_argument("--dry-run", action="store_true", help="only tell what would go")
        action.add_argument("--json", action="store_true", help="as JSON")
        flags.add_database(action)
        action.set_defaults(run=run)
    redact = actions.add_parser("redact", help="strike keys, tokens and e-mail addresses out of a file of JSON lines")
    redact.add_argument("file", type=Path, metavar="FILE")
    redact.add_argument("--out", type=Path, metavar="FILE", help="file to write; otherwise stdout")
    redact.add_argument("--patterns", type=Path, metavar="FILE", help="regular expressions besides (PODIUM_REDACT)")
    redact.set_defaults(run=_redact)


def _forget(chosen: argparse.Namespace) -> int:
    from storage.privacy.forgetting import Forgetting, Wish  # noqa: PLC0415 - parsing flags needs no database
    from storage.sqlite import rewrite  # noqa: PLC0415

    with opened(chosen) as store:
        forgetting = Forgetting(store)
        before = forgetting.look(chosen.name)
        if chosen.dry_run or not chosen.yes:
            print(json.dumps(_counts(before)) if chosen.json else "\n".join(_lines(before, chosen)))
        if chosen.dry_run:
            return 0
        if not chosen.yes and not _agreed(before.person.name):
            print("nothing was changed", file=sys.stderr)
            return 1
        done = asyncio.run(forgetting.forget(Wish(chosen.name, chosen.rankings, chosen.runs), console()))
        if chosen.vacuum:
            store.read(rewrite)
        emptied = done.log_emptied or asyncio.run(forgetting.resume()).log_emptied
    runs = f"; {done.runs_deleted:,} runs deleted, {done.runs_kept:,} kept" if chosen.runs else ""
    rankings = f"{done.before.rankings:,} rankings {_done(done.rankings_deleted)}"
    print(f"forgotten: {rankings}{runs}, {done.texts_deleted:,} texts deleted")
    if not emptied:
        print(LOG_NOT_EMPTIED, file=sys.stderr)
    print("Backups and files that were exported still hold what they held: see docs/privacy.md", file=sys.stderr)
    return 0


def _agreed(name: str) -> bool:
    if not sys.stdin.isatty():
        raise ValueError("this cannot be taken back: add --yes, or --dry-run to see what would go")
    return input("This cannot be taken back. Type the name to go on: ") == name


def _lines(before: "Kept", chosen: argparse.Namespace) -> Iterator[str]:
    yield f"{before.person.name}: {'an account' if before.account else 'no account'}"
    for name, count in _counts(before).items():
        if name != "account":
            yield f"  {name:12} {count:,}"
    yield f"rankings would be {_done(chosen.rankings)}; runs would {'go' if chosen.runs else 'stay'}"


def _done(deleted: bool) -> str:
    return "deleted" if deleted else "made anonymous"


def _counts(before: "Kept") -> dict[str, int]:
    from dataclasses import asdict  # noqa: PLC0415

    return {name: value for name, value in asdict(before).items() if name != "person"}


def _retain(chosen: argparse.Namespace) -> int:
    from dataclasses import asdict  # noqa: PLC0415

    from storage.privacy.periods import Retention  # noqa: PLC0415
    from storage.privacy.retention import Retirement  # noqa: PLC0415

    said = (chosen.runs_days, chosen.rankings_days, chosen.audit_days)
    wanted = flags.settings(chosen).retention if said == (None, None, None) else Retention(*said)
    if wanted.forever:
        raise ValueError("say how long what may stay: --runs-days N, --rankings-days N or --audit-days N")
    with opened(chosen) as store:
        found = asyncio.run(Retirement(store).retire(wanted, console(), dry_run=chosen.dry_run))
    if chosen.json:
        print(json.dumps(asdict(found)))
    else:
        print(f"{'would go' if chosen.dry_run else 'gone'}: {found.words}; {found.kept:,} old trajectories are needed")
    if not found.log_emptied:
        print(LOG_NOT_EMPTIED, file=sys.stderr)
    return 0


def _redact(chosen: argparse.Namespace) -> int:
    from webapp.exports.kinds import struck_words  # noqa: PLC0415
    from webapp.redacted import Striking  # noqa: PLC0415
    from webapp.redaction import Redaction  # noqa: PLC0415

    patterns = chosen.patterns or flags.settings(chosen).redact
    striking = Striking(Redaction.read(patterns))
    lines = _redacted(chosen.file, striking)
    if chosen.out is None:
        sys.stdout.writelines(lines)
    else:
        _write(chosen.out, lines)
    print(struck_words(striking.places), file=sys.stderr)
    return 0


def _redacted(path: Path, striking: "Striking") -> Iterator[str]:
    from storage.records import dump_line  # noqa: PLC0415
    from webapp.jsonl import BadLine, records  # noqa: PLC0415

    write: Callable[[Any], str] = dump_line
    for number, record in records(path):
        try:
            yield write(striking.record(record)) + "\n"
        except ValueError as error:
            raise BadLine(path, number, error) from error


def _write(out: Path, lines: Iterable[str]) -> None:
    """The file has its name only once it is whole; one that is there is left alone."""
    if out.exists():
        raise FileExistsError(f"{out} exists already: give the redacted file a new name")
    partial = out.with_name(out.name + ".partial")
    try:
        with partial.open("w", encoding="utf-8") as file:
            file.writelines(lines)
        partial.replace(out)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
