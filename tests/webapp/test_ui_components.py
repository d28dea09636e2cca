"""What the parts of the page promise without a browser."""

from pathlib import Path

import pytest

from orchestrator.preference import PreferenceVector
from webapp.ui import form, island
from webapp.ui.assets import page_assets
from webapp.ui.packing import sendable
from webapp.views import island_words, words

pytestmark = pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")  # Gradio 6.31 on pandas 3.1

FACTORIES = [
    island.trace_island, island.chart_island, island.rank_island, island.comparison_island, island.result_island,
    island.history_island, island.masthead_island, island.examples_island, island.favour_island,
]  # fmt: skip


@pytest.mark.parametrize("factory", FACTORIES)
def test_no_template_evaluates_data(factory: object) -> None:
    made = factory(value=None)  # type: ignore[operator]
    assert "${" not in made.html_template
    assert "{{" not in made.html_template
    assert made.css_template == ""


def test_scripts_write_data_only_as_text() -> None:
    folder = Path(island.__file__).parent / "islands"
    for source in folder.glob("*.js"):
        text = source.read_text(encoding="utf-8")
        for unsafe in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert unsafe not in text, (source.name, unsafe)


def test_every_word_that_a_script_says_is_in_the_words() -> None:
    folder = Path(island.__file__).parent / "islands"
    text = "\n".join(source.read_text(encoding="utf-8") for source in folder.glob("*.js"))
    made = [key for key in island_words.ISLANDS if f"`{key.rpartition('_')[0]}_${{" in text]
    unused = [key for key in island_words.ISLANDS if f'"{key}"' not in text and key not in made]
    assert unused == []


def test_assets_change_their_name_with_their_content() -> None:
    styles, script, plotly = page_assets()
    assert len({styles.name, script.name, plotly.name}) == 3
    assert plotly.name in script.body.decode()
    assert "http://" not in styles.body.decode()


def test_halves_of_surrogate_pairs_are_made_sendable() -> None:
    assert sendable({"a": ["x\ud800", 1, None]}) == {"a": ["x?", 1, None]}


@pytest.mark.parametrize("value", ["abc", float("nan"), True, "1e999999999999999999999"])
def test_a_box_that_holds_no_number_is_named(value: object) -> None:
    with pytest.raises(ValueError, match="Seed must be a number"):
        form.whole(value, "Seed")


def test_alternatives_differ_by_preference_or_only_by_seed() -> None:
    mine = PreferenceVector(accuracy=0.9, cost=0.1, latency=0.1)
    assert form.preferences(mine, 3, words.VARY_SEEDS, ()) == (mine, mine, mine)
    others = form.preferences(mine, 4, words.VARY_PREFERENCES, ())
    assert others[0] == mine
    assert len(set(others)) == 4
