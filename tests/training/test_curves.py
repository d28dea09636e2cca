"""The picture of the learning curves."""

from xml.etree import ElementTree

from orchestrator.training.curves import picture


def _rows(seed: int) -> list[dict[str, object]]:
    reading = [{"seed": seed, "phase": "reading", "step": 10, "words": 5.0}]
    imitation = [{"seed": seed, "phase": "imitation", "step": s, "words": 2.0, "dev_utility": 0.5} for s in (10, 20)]
    rest = [
        {"seed": seed, "phase": "reinforcement", "step": s, "reward": 0.1 * s, "dev_utility": 0.6} for s in (10, 20)
    ]
    return [*reading, *imitation, *rest]


def test_every_training_is_a_line_in_each_panel_that_it_has_figures_for():
    drawn = ElementTree.fromstring(picture([_rows(0), _rows(1)], 1.4))
    lines = [line for line in drawn.iter() if line.tag.endswith("polyline")]
    # Two trainings in the panels of reward, utility and words, and the ceiling.
    assert len([line for line in lines if len(line.attrib["points"].split()) > 1]) == 7


def test_a_training_that_only_reads_so_far_has_a_picture():
    drawn = picture([_rows(0)[:1]], 1.4)
    assert "nothing measured" in drawn
    ElementTree.fromstring(drawn)
