"""Forms of words that no rule of endings connects: irregular verbs, and nouns that ask for what an adjective says."""

from collections.abc import Mapping
from typing import Final

_GROUPS: Final = """
die died dies dying death | write wrote written writes writing writer author authors authored | begin began
begun begins | build built builds | high height tall | wide width | deep depth | heavy weight weigh weighs |
discover discovery discovered discoverer discovers discoveries | invent invention invented inventor inventions
| bear born birth birthplace | choose chose chosen choice | send sent sends sending | hold held holds | speak
spoke spoken speaks | win won wins | lead led leads leader | teach taught teaches | think thought | draw drew
drawn | fall fell fallen | grow grew grown growth | rise rose risen | sing sang sung song | lose lost loss |
introduce introduced introduces introduction | define defined defines defining definition definitions |
describe described describes description | receive received receives receiving reception | remove removed
removes removing removal | compare compared compares comparing comparison | expire expires expired expiry
expiration | fail fails failed failing failure failures | omit omitted omits omission | delete deletes deleted
deleting deletion | exceed exceeds exceeded exceeding | paint painted painter painting | compose composed
composer | found founded founder founders | forbid forbidden forbids | occur occurs occurred occurrence |
initial initially | currency currencies | maximum max maximal | minimum min minimal | argument arguments args
arg | parameter parameters param params | error errors erroneous | lifetime life | permit permits permitted
permission | equal equals equality | exist exists existing existence | reply replies replied | retry retries
retried retrying | byte bytes octet octets | dictionary dictionaries dict dicts | divide divides divided
dividing division | people population inhabitants | differ differs difference different | mail email mails
emails | async asynchronous asynchronously | directory directories folder folders | integer integers int ints
"""


def _grouped() -> dict[str, tuple[str, ...]]:
    groups = [tuple(group.split()) for group in _GROUPS.split("|")]
    return {form: group for group in groups for form in group}


_FORMS: Final[Mapping[str, tuple[str, ...]]] = _grouped()


def forms(word: str) -> tuple[str, ...]:
    """The forms of a lower-case word, itself among them; itself alone where the endings tell enough."""
    return _FORMS.get(word, (word,))


def first_form(word: str) -> str:
    """The form that stands for all forms of a word."""
    return forms(word)[0]
