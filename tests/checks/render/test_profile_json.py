"""A profile as JSON."""

from checks import Passage, Profile
from checks.render.profile_json import profile_document


def test_the_document_contains_every_field_of_the_schema():
    passage = Passage("model.py:1 mul in m", "m", 2.0, 0.5, (0.5, 0.25))
    assert profile_document(Profile("w", (passage,), 0.1)) == {
        "schema": "checks.profile/1",
        "leaf": "w",
        "gradient": 0.1,
        "passages": [
            {
                "place": "model.py:1 mul in m",
                "module": "m",
                "arriving": 2.0,
                "leaving": 0.5,
                "factor": 0.25,
                "steps": [0.5, 0.25],
            }
        ],
    }
