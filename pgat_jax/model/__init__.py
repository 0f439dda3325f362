"""The model: six phases, one file an idea; ``pgat`` puts them together, ``build`` is the face."""
