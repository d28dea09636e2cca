"""The results as Markdown, made from the JSON alone, so that old results can be told again."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

Json = Mapping[str, Any]
_KINDS: Final = {
    "cost": "cost 0 → 1",
    "latency": "latency 0 → 1",
    "price": "one price × 4",
    "removed": "favoured alias removed",
}


def report(measured: Json) -> str:
    """Targets, then every table."""
    parts = [
        _head(measured),
        "## Targets\n\n" + _targets(measured),
        "## Balanced\n\n" + _episodes(measured["balanced"]),
        "## One held-out instruction for each task\n\n" + _episodes(measured["instructed"]),
        "## Cost and latency moved from 0 to 1\n\n" + _sweeps(measured["sweeps"]),
        "## Keep it local\n\n" + _figures(measured["preferences"]["Keep it local"]),
        *(
            f"## Without the strongest aliases, {name}\n\n{_figures(figures)}"
            for name, figures in measured["without_strongest"].items()
        ),
        "## Counterfactual pairs\n\n" + _pairs(measured["counterfactual"]),
        "## Held-out words\n\n" + _words(measured["held_out_words"]),
        "## Time of a decision\n\n" + _times(measured["decision_ms"]),
        "## The price table\n\n" + _prices(measured["prices"]),
    ]
    return "\n\n".join(parts) + "\n"


def _head(measured: Json) -> str:
    each = "one episode" if measured["alternatives"] == 1 else f"{measured['alternatives']} episodes"
    machine = f"{measured['cores']} cores (load of five minutes {measured['load']})"
    return (
        f"# The bundled small orchestrator\n\n**Simulated.** {measured['note']}\n\n"
        f"Shown: `{measured['shown']}`. {measured['tasks']} held-out tasks, {each} of each, seed {measured['seed']}, "
        "with a price table and instructions that training has never seen; measured "
        f"{measured['measured_at']} in {measured['elapsed_s']:.0f} s on {machine}. In brackets: 95 % bootstrap "
        "intervals. `oracle` knows every chance and is the ceiling; dollars and seconds are totals over the tasks, and "
        "the seconds of the policy's own decisions are measured and among them. Episodes draw their calls as in the "
        "app; in single choices (pairs, words) the likeliest call counts."
    )


def _targets(measured: Json) -> str:
    rows = [("yes" if one["met"] else "**missed**", one["target"], one["measured"]) for one in measured["targets"]]
    return _table(("met", "target", "measured"), rows)


def _episodes(found: Json) -> str:
    rows = [
        (
            f"`{other}`",
            *(_plain(over[name]) for name in ("solved", "adherence", "reward", "cost_ratio", "latency_ratio")),
        )
        for other, over in found["over"].items()
    ]
    head = ("over", "solved", "adherence", "R(τ)", "dollars, ratio", "seconds, ratio")
    return f"{_figures(found['policies'])}\n\nThe policy shown, task by task:\n\n{_table(head, rows)}"


def _figures(figures: Sequence[Json]) -> str:
    head = ("policy", "solved", "adherence", "R(τ)", "dollars", "seconds", "calls", "strongest", "local")
    rows = [
        (
            f"`{one['policy']}`",
            _percent(one["solved"]),
            *(_plain(one[name]) for name in ("adherence", "reward", "cost_usd")),
            _plain(one["latency_s"], 0),
            _plain(one["calls"]),
            *(_percent(one[name]) for name in ("strongest_share", "local_share")),
        )
        for one in figures
    ]
    return _table(head, rows)


def _sweeps(sweeps: Sequence[Json]) -> str:
    head = ("weight", "policy", "unit", "at 0", "at 0.5", "at 1", "0 less 1", "of the oracle's")
    rows = [
        (
            one["weight"],
            f"`{one['policy']}`",
            one["unit"],
            *(_plain(point["total"]) for point in one["points"]),
            _plain(one["span"]),
            _percent(one["span_of_oracle"]),
        )
        for one in sweeps
    ]
    return "The other weights are those of Balanced.\n\n" + _table(head, rows)


def _pairs(found: Json) -> str:
    said = (
        "Pairs in which the oracle moves. *As the oracle*: afterwards the oracle's choice, or one within 2 % of its "
        "value; *exactly*: that very choice. *Clear*: the oracle's old choice is no longer within 2 %, so that staying "
        "is wrong; the next two columns are of these. *Both*: as the oracle before and after. *Direction*, of all "
        "moves: the choice left for the tool that the oracle now calls, and within one tool for a cheaper "
        "(quicker) alias or the oracle's own; for a price or a removal only where the policy had chosen that alias."
    )
    head = ("policy", "change", "moves", "as the oracle", "exactly", "clear", "as the oracle", "both", "direction")
    return f"{said}\n\n{_table(head, _pair_rows(found))}"


def _pair_rows(found: Json) -> Iterator[tuple[str, ...]]:
    for policy, kinds in found.items():
        for kind, one in kinds.items():
            yield (
                f"`{policy}`",
                _KINDS.get(kind, kind),
                f"{one['oracle_moves']} of {one['pairs']}",
                _percent(one["as_oracle"]),
                _percent(one["exactly"]),
                str(one["oracle_moves_clearly"]),
                _percent(one["as_oracle_of_clear"]),
                _percent(one["before_and_after_of_clear"]),
                f"{_percent(one['right_direction'])} of {one['right_direction']['cases']}",
            )


def _words(found: Json) -> str:
    said = (
        "A case is an instruction at the beginning of a task. It counts where the policy's choices under the intended "
        "vector and under the opposite one differ, both in the standard words; it is followed where the held-out words "
        "lead to the same choice as the standard ones, or to one whose oracle value is at most 1 % below. "
        "A policy that is deaf has no case that counts."
    )
    head = ("policy", "instructions that count", "cases", "followed", "exactly", "by kind")
    rows = [
        (
            f"`{policy}`",
            f"{one['counted_instructions']} of {one['instructions']}",
            str(one["followed"]["cases"]),
            _percent(one["followed"]) if one["followed"]["cases"] else "none",
            _percent(one["exactly"]) if one["followed"]["cases"] else "none",
            "; ".join(f"{kind} {_percent(share)}" for kind, share in one["kinds"].items() if share["cases"]),
        )
        for policy, one in found.items()
    ]
    return f"{said}\n\n{_table(head, rows)}"


def _times(found: Json) -> str:
    rows = [
        (f"`{policy}`", str(one["decisions"]), f"{one['median']:.1f} ms", f"{one['p95']:.1f} ms")
        for policy, one in found.items()
    ]
    return _table(("policy", "decisions", "median", "95th percentile"), rows)


def _prices(found: Json) -> str:
    rows = [
        (alias, one["input_usd_per_mtok"], one["output_usd_per_mtok"], f"{one['latency_s']:g}")
        for alias, one in found.items()
    ]
    return _table(("alias", "$ in / M", "$ out / M", "seconds"), rows)


def _percent(found: Json) -> str:
    if found["mean"] is None:
        return "–"
    return f"{100 * found['mean']:.1f} % [{100 * found['low']:.1f} to {100 * found['high']:.1f}]"


def _plain(found: Json, decimals: int = 2) -> str:
    if found["mean"] is None:
        return "–"
    return f"{found['mean']:.{decimals}f} [{found['low']:.{decimals}f} to {found['high']:.{decimals}f}]"


def _table(head: Sequence[str], rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
