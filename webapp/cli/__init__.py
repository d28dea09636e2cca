"""The command line: `podium COMMAND`. Exit code 2 is bad input, 1 is a failure, 0 is done."""

import argparse
import sys
import traceback
from collections.abc import Sequence

from webapp.cli import (
    ask,
    audit,
    database,
    decide,
    evaluate,
    exchange,
    fit,
    kill_switch,
    limit,
    pool,
    privacy,
    processes,
    prompt,
    reward,
    reward_model,
    serve,
    study,
    train_policy,
    tune,
    user,
)

COMMANDS = (
    serve,
    ask,
    prompt,
    exchange,
    study,
    fit,
    decide,
    tune,
    reward,
    reward_model,
    train_policy,
    evaluate,
    pool,
    database,
    limit,
    kill_switch,
    processes,
    user,
    audit,
    privacy,
)


def parser() -> argparse.ArgumentParser:
    """Every command with its flags."""
    top = argparse.ArgumentParser(
        prog="podium", description="Watch a small model orchestrate tools and bigger models, and rank the routings."
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_to(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    from webapp.cli.streams import shown  # noqa: PLC0415 - little more than this file is loaded with it
    from webapp.operations.secrets import Secrets  # noqa: PLC0415

    with shown(Secrets.of()):
        try:
            return _run(arguments)
        except Exception:  # noqa: BLE001 - told here, where secrets are struck out of it
            traceback.print_exc()
            return 1


def _run(arguments: Sequence[str] | None) -> int:
    from storage.errors import StoreError  # noqa: PLC0415 - `podium --help` answers without loading a database

    chosen = parser().parse_args(arguments)
    try:
        code: int = chosen.run(chosen)
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except (ValueError, LookupError, FileNotFoundError, FileExistsError, IsADirectoryError, PermissionError) as error:
        print(f"podium: {error}", file=sys.stderr)
        return 2
    except (StoreError, OSError) as error:
        print(f"podium: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("podium: stopped", file=sys.stderr)
        return 130
    return code
