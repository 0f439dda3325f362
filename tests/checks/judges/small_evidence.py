"""Evidence made by hand, without compiling anything."""

from types import SimpleNamespace

import numpy as np

from checks.evidence import Evidence, RuleErrors, View
from checks.measure.points import Point
from checks.measure.readings import Measurement, Reading
from checks.measure.response import Response
from checks.measure.survey import LeafSurvey, Survey
from checks.measure.training import Training
from checks.program.runner import Gradient
from checks.program.trace import trace
from checks.proofs.proof import prove

POINTS = 7


def view(*seen, is_zero=True, steps=0, changes=np.nan, is_inert=False):
    """A view whose slices have gradients at these kinds of points."""
    spread = lambda value, dtype: np.broadcast_to(np.asarray(value, dtype), len(seen))  # noqa: E731
    columns = spread(is_zero, bool), spread(steps, int), spread(changes, float)
    return View(np.array(seen), *columns, spread(is_inert, bool))


def measured(slopes, written=None, loss=1.0, written_loss=None, leaves=None):
    """One batch with these float64 gradients, which are those as written too if not given."""
    slopes = [None if g is None else np.asarray(g, np.float64) for g in slopes]
    written = slopes if written is None else [None if g is None else np.asarray(g) for g in written]
    leaves = leaves or [np.ones_like(g) if g is not None else np.ones(1) for g in slopes]
    readings = [None if g is None else _reading(g) for g in slopes]
    written_loss = loss if written_loss is None else written_loss
    return Measurement(
        Point("data", [np.asarray(x, np.float64) for x in leaves], None),
        Gradient(loss, slopes),
        Gradient(written_loss, written),
        readings,
    )


def _reading(slope):
    size = np.abs(slope)
    axes = [
        size.max(axis=tuple(a for a in range(size.ndim) if a != axis)) for axis in range(size.ndim)
    ]
    sizes = [np.array([size.max()]), *axes]
    return Reading("data", sizes, [x > 0 for x in sizes])


def evidence(
    data,
    views=None,
    *,
    learning=None,
    names="abcdefgh",
    watched=None,
    program=None,
    training=None,
    chain=None,
    **cached,
):
    """Evidence with these batches and, by leaf, views; further arguments are cached properties."""
    views = views or {}
    count = len(data[0].wide.leaves)
    surveys = [
        LeafSurvey([v.seen for v in views[i]], [v.is_zero for v in views[i]], POINTS)
        if i in views
        else None
        for i in range(count)
    ]
    responses = {
        i: Response([v.steps for v in own], [v.changes for v in own]) for i, own in views.items()
    }
    if program is None:
        learning = learning or [x.astype(np.float32) for x in data[0].point.leaves]
        params = SimpleNamespace(names=tuple(names[:count]), learning=tuple(learning))
        program = SimpleNamespace(params=params, leaf_count=count)
        proof = SimpleNamespace(
            program=program, reachable=tuple(range(count)), disconnected=(), blocked=(), cuts=()
        )
    else:
        proof = prove(program)
    watched = proof.reachable if watched is None else tuple(watched)
    training = training or Training({0: [], 20: []}, [], [None] * count)
    found = Evidence(
        proof,
        SimpleNamespace(program=program, watched=watched),
        Survey(list(data), [], surveys),
        chain,
        training,
        responses,
    )
    inert = {i: [v.is_inert for v in own] for i, own in views.items()}
    unset = {"rule_errors": RuleErrors(), "solve_errors": (), "inert": inert, "lost_gradients": {}}
    for name, value in (unset | cached).items():
        assert isinstance(getattr(type(found), name), type(Evidence.alive)), name
        vars(found)[name] = value
    return found


def traced(loss, params, *args):
    """A traced loss."""
    return trace(loss, params, args)


class Ends:
    """The equation at which the gradient of one leaf ends, in the place of a `TappedEquation`."""

    def __init__(self, leaf, factor, size=1.0, name="mul", place="p", values=(), is_zero=()):
        self._leaf, self._factor, self.size, self.place = leaf, factor, size, place
        primitive = SimpleNamespace(name=name)
        equation = SimpleNamespace(primitive=primitive)
        self.seen = SimpleNamespace(
            site=SimpleNamespace(equation=equation), operands=SimpleNamespace(value=list(values))
        )
        self.is_zero = np.array(is_zero, bool)

    def reaches(self, leaf):
        return leaf == self._leaf

    def factor(self, leaf):
        assert leaf == self._leaf
        return self._factor
