"""Names that the configuration and the data share. It imports nothing."""

# The 13 celestial bodies, in the order of the graph's nodes; each has one slot of the stream.
BODIES = (
    "sun",
    "moon",
    "mercury",
    "venus",
    "mars",
    "jupiter",
    "saturn",
    "uranus",
    "neptune",
    "pluto",
    "north_node",
    "south_node",
    "chiron",
)
