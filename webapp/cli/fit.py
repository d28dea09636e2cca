"""`podium fit`: what the rankings of a database reveal."""

import argparse
import json
from typing import TYPE_CHECKING, Any

from webapp.cli import flags
from webapp.views import amounts

if TYPE_CHECKING:
    from prefs.judgement import Judgement


def add_to(commands: Any) -> None:
    """The command and its flags."""
    command = commands.add_parser("fit", help="rankings → P with intervals, agreement and noise ceiling")
    command.add_argument(
        "--aliases",
        default="stated",
        metavar="stated|all|none|ALIAS,…",
        help="which aliases get a weight: those that somebody asked to favour (stated), or others",
    )
    command.add_argument("--names", action="store_true", help="name the annotators instead of counting them")
    command.add_argument("--json", action="store_true", help="everything as JSON")
    flags.add_database(command)
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Exit code 0; 2 where nothing can be fitted."""
    from storage.store import Store  # noqa: PLC0415 - parsing flags needs none of this
    from webapp.fit_record import fit_record  # noqa: PLC0415

    with Store.open(flags.settings(chosen).database, create=False) as store:
        judgements = list(store.iter_judgements())
    if not judgements:
        raise ValueError("nothing has been ranked in this database yet; `podium serve` has the page for it")
    record = fit_record(judgements, _aliases(chosen.aliases, judgements), names=chosen.names)
    print(json.dumps(record, ensure_ascii=False) if chosen.json else _printed(record))
    return 0


def _aliases(text: str, judgements: "list[Judgement]") -> tuple[str, ...] | None:
    from orchestrator.pool import TOOL_OF  # noqa: PLC0415
    from webapp.learned import stated_aliases  # noqa: PLC0415

    if text in ("stated", "all", "none"):
        return {"stated": stated_aliases(judgements), "all": None, "none": ()}[text]
    named = tuple(dict.fromkeys(alias.strip() for alias in text.split(",")))
    if strange := [alias for alias in named if alias not in TOOL_OF]:
        raise ValueError(f"--aliases: there is no alias {strange[0]!r}; there are {', '.join(TOOL_OF)}")
    return named


def _printed(record: dict[str, Any]) -> str:
    counted = amounts.counted(record["rankings"], "ranking")
    people = "1 person" if record["annotators"] == 1 else f"{record['annotators']:,} people"
    lines = [f"{counted} of {people}, {amounts.counted(record['comparisons'], 'comparison')}"]
    lines += [f"  left out, {why}: {count}" for why, count in record["left_out"].items()]
    lines += ["", f"P, the greatest weight is 1; its utility is {_range(record['beta'])}"]
    lines += [f"  {name:<14} {_range(one)}" for name, one in record["weights"].items()]
    people = record["people"]
    if people is not None:
        lines += ["", "Each person's own P, drawn towards all where there are few rankings; on average"]
        lines += [f"  {name:<14} {_range(one)}" for name, one in people["weights"].items()]
    lines += record["notes"]
    accuracy, ceiling = record["pair_accuracy"], record["noise_ceiling"]
    lines += ["", f"Pairs put right on ballots left out of the fit: {_range(accuracy)}"]
    lines.append(f"Two people agree on a pair: {_range(ceiling)}")
    agreement = record["agreement"]
    lines.append(f"Kendall's W: {_range(agreement['kendall_w'])}")
    lines.append(f"Krippendorff's α: {_range(agreement['krippendorff_alpha'])}")
    lines.append(f"A wrong answer above a right one: {_range(record['wrong_above_right'])}")
    lines += ["", "Policies, the strongest first"]
    for row in record["policies"]["rows"]:
        lines.append(
            f"  {row['rank']}. {row['policy']:<28} {_range(row['strength'])}, won {row['win_rate']:.0%}{_flip(row)}"
        )
    lines += record["policies"]["notes"]
    lines += [agreement["warning"]] if agreement["warning"] else []
    return "\n".join(lines)


def _range(one: dict[str, Any]) -> str:
    if one["mean"] is None:
        return one.get("note") or "too little to say"
    if one["low"] is None:
        return f"{one['mean']:.2f}"
    return f"{one['mean']:.2f}  [{one['low']:.2f} to {one['high']:.2f}]"


def _flip(row: dict[str, Any]) -> str:
    found = row["removed_to_flip"]
    if found is None or found["rankings"] is None:
        return ""
    return f"; {found['rankings']} rankings fewer, and the next one stands above it"
