"""Short names of groups."""


def last_function(node):
    """Returns the innermost function in the name of a group; positions of inputs as they are."""
    if isinstance(node, int):
        return node
    return [x for x in node.split("/") if ":" not in x and not x.startswith("turn ")][-1]
