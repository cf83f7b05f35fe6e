"""Small worlds that the multiple-choice stand-ins ask about: which thing belongs to which group.

The options of a benchmark are its groups, sorted and always the same, because a model of this size cannot learn
shuffled or changing option lists.
"""

from dataclasses import dataclass


def _world(**groups: str) -> dict[str, str]:
    return {thing: group for group, things in groups.items() for thing in things.split(", ")}


CONTINENTS = _world(
    Africa="Egypt, Kenya, Ghana, Chad, Mali",
    America="Peru, Chile, Cuba, Brazil, Canada",
    Asia="Japan, China, India, Iran, Nepal",
    Europe="France, Italy, Spain, Poland, Norway",
)
ANIMALS = _world(
    bird="eagle, owl, duck, penguin, crow",
    fish="shark, tuna, salmon, eel, cod",
    insect="ant, bee, moth, beetle, fly",
    mammal="dog, cow, whale, bat, horse",
)
PLACES = _world(
    farm="tractor, hen, barn, plough",
    hospital="nurse, doctor, patient, syringe",
    kitchen="oven, fork, stove, pan",
    office="desk, printer, boss, stapler",
    school="teacher, pupil, exam, blackboard",
)
MATERIALS = _world(
    cotton="shirt, towel, sock, sheet",
    glass="window, bottle, lens, mirror",
    metal="coin, key, nail, wire",
    wood="table, door, log, oar",
)
LANDS = {
    "eiffel tower": "France",
    "colosseum": "Italy",
    "flamenco": "Spain",
    "vikings": "Norway",
    "sushi": "Japan",
    "great wall": "China",
    "curry": "India",
    "everest": "Nepal",
    "sphinx": "Egypt",
    "safari": "Kenya",
    "machu picchu": "Peru",
    "rumba": "Cuba",
    "samba": "Brazil",
    "maple syrup": "Canada",
}
FEELINGS = _world(
    happy="won a prize, got a gift, met a friend, passed a test, found a coin",
    sad="lost a dog, failed a test, missed a party, broke a toy, lost a game",
    scared="saw a ghost, heard thunder, met a bear, woke in the dark, saw a snake",
)
TOOLS = _world(
    knife="cut bread, slice meat, peel an apple, open a letter, carve a stick, chop an onion",
    shovel="dig a hole, move snow, plant a tree, fill a ditch, load sand, turn the soil",
)


@dataclass(frozen=True)
class World:
    """Facts of one benchmark: `groups` (thing -> option), question wordings, and the teacher's sentence."""

    groups: dict[str, str]
    question_forms: tuple[str, ...]
    statement: str

    @property
    def options(self) -> tuple[str, ...]:
        return tuple(sorted(set(self.groups.values())))


WORLDS = {
    "mmlu": World(
        CONTINENTS,
        ("On which continent is {}?", "{} is a land on which continent?"),
        "The land {thing} is part of {group}.",
    ),
    "commonsenseqa": World(
        PLACES,
        ("Where would you most likely find a {}?", "In which place do you expect a {}?"),
        "A {thing} is found in the {group}.",
    ),
    "obqa": World(
        MATERIALS,
        ("What is a {} usually made of?", "Which material do you need for a {}?"),
        "A {thing} is made of {group}.",
    ),
    "arc_c": World(
        ANIMALS,
        ("Which group does a {} belong to?", "What kind of animal is a {}?"),
        "A {thing} is a kind of {group}.",
    ),
    "gpqa": World(
        {thing: CONTINENTS[land] for thing, land in LANDS.items()},
        ("On which continent is the land of the {}?", "The {} comes from which continent?"),
        "The {thing} is in {land}. {land} is part of {group}.",
    ),
    "siqa": World(
        FEELINGS,
        ("Someone {}. How does this person feel?", "A child {}. What does the child feel?"),
        "A person who {thing} feels {group}.",
    ),
    "piqa": World(
        TOOLS,
        ("What do you use to {}?", "Which tool helps to {}?"),
        "To {thing} we use a {group}.",
    ),
}
