"""What is wrong with a new study is said together with the field of the body that is at fault."""

from typing import Any

import httpx
import pytest

WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({"name": " "}, "name"),
    ({"guidelines": "a NUL: \0"}, "guidelines"),
    ({"alternatives": 1}, "alternatives"),
    ({"alternatives": 9}, "alternatives"),
    ({"overlap": 0}, "overlap"),
    ({"lease_s": 0}, "lease_s"),
    ({"seed": -1}, "seed"),
    ({"tags": [" x"]}, "tags"),
    ({"hidden": ["cost", "cost"]}, "hidden"),
    ({"hidden": ["price"]}, "hidden.0"),
    ({"hidden": ["cost"], "gold_share": 0.5}, "gold_share"),
    ({"gold_share": 2}, "gold_share"),
    ({"hidden": [], "two_phases": True}, "two_phases"),
    ({"most_ballots": 3}, "most_ballots"),
    ({"next_by": "informative"}, "most_ballots"),
    ({"next_by": "informative", "most_ballots": 3}, "runs"),
    ({"next_by": "informative", "most_ballots": 3, "gold_share": 0.1}, "gold_share"),
    ({"random_share": 2}, "random_share"),
    ({"runs": ["r9"]}, "runs"),
    ({"runs": None}, "runs"),
    ({"runs": None, "ballots": []}, "ballots"),
    ({"runs": None, "ballots": ["b9"]}, "ballots"),
    ({"ballots": ["b9"]}, "ballots"),
)


@pytest.mark.parametrize(("body", "field"), WRONG)
async def test_the_problem_names_the_field(http: httpx.AsyncClient, body: dict[str, Any], field: str) -> None:
    response = await http.post("/api/v1/studies", json={"name": "Routing", "runs": "all", **body})
    assert response.status_code == 422, response.text
    assert response.json()["where"] == f"body.{field}", response.text
