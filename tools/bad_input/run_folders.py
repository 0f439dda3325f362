"""Damages run folders and their checkpoints, and judges what `evaluate` and `forecast` do."""

import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import jax
from hypothesis import strategies as st

from pgat_jax import build, load_config, load_data
from pgat_jax.storage.checkpoint import Checkpoints
from pgat_jax.storage.creation import create_run
from pgat_jax.storage.digest import hash_params
from pgat_jax.storage.folder import CHECKPOINTS
from pgat_jax.storage.metrics import Metrics
from pgat_jax.training.snapshot import LoopState, checkpoint_meta
from tools.bad_input.calls import answer, work_in
from tools.bad_input.damage import at, bytes_damage, lines_damage, places
from tools.bad_input.tables import SMALL, as_csv, rows

# Step -> validation loss of its checkpoint: the best is the last, then the first.
LOSSES = {10: 0.2, 20: 0.3, 30: 0.1}


class Sound:
    """A folder with an undamaged run, and what `evaluate` and `forecast` give for it.

    Making an object trains nothing: it writes a run with three checkpoints of fresh parameters.

    Attributes:
        folder: a new temporary folder with `days.csv` and the run.
        run: the folder of the run.
        digests: step of a checkpoint (10, 20, 30) -> hash of its parameters.
        scores: what `evaluate --json` prints for the run, a dict.
        forecast: the content of the file that `forecast` writes.
    """

    def __init__(self) -> None:
        self.folder = Path(mkdtemp())
        (self.folder / "days.csv").write_bytes(as_csv([list(row) for row in rows(False)]))
        source = f"data.source={self.folder / 'days.csv'}"
        config = load_config("tiny", source, *SMALL)
        data = load_data(config)
        model = build(config, data.columns)
        self.digests: dict[int, str] = {}
        with work_in(self.folder):
            run = create_run(config)
            with Checkpoints(run / CHECKPOINTS, create=True) as checkpoints:
                for step, loss in LOSSES.items():
                    params = model.init(jax.random.key(step))
                    self.digests[step] = hash_params(params)
                    meta = checkpoint_meta(LoopState(step), config, data, 10, loss)
                    items = {"params": params, "training": {"step": jax.numpy.int32(step)}}
                    checkpoints.save(step, items, meta, 10)
            metrics = Metrics(run)
            metrics.write({"event": "train", "time": 1.0, "epoch": 1, "step": 10, "loss": 1.0})
            metrics.close()
        self.run = self.folder / run
        self.scores = self.evaluate(self.run)
        self.forecast = self.forecasts(self.run)

    def evaluate(self, run: Path) -> dict[str, Any]:
        """Returns what `evaluate --json` prints: the content of `scores.json`.

        Args:
            run: the folder of a run.
        """
        return json.loads(answer(["evaluate", str(run), "--json"], run.parent).out)

    def forecasts(self, run: Path) -> list[bytes]:
        """Returns the lines of the file that `forecast` writes, without run, source and time.

        Args:
            run: the folder of a run.

        Raises:
            AssertionError: the command fails.
        """
        target = run.parent / "next.csv"
        found = answer(["forecast", str(run), "--output", str(target)], run.parent)
        assert found.status == 0, found.err
        return [line.rsplit(b",", 4)[0] for line in target.read_bytes().splitlines()]


sound = cache(Sound)


@st.composite
def run_damage(draw: st.DrawFn) -> Callable[[Path], str]:
    """Draws damage to a run: a file outside its checkpoints is changed, deleted or emptied.

    It may also be replaced by a folder. The function is a hypothesis composite: called without
    `draw`, it returns a strategy of such functions.

    Returns:
        A function that damages the folder of a run and returns a description of the damage.
    """
    kind = draw(st.sampled_from(("bytes", "bytes", "lines", "lines", "delete", "empty", "folder")))
    place, change = draw(places), draw(bytes_damage())
    lines = draw(lines_damage())

    def harm(run: Path) -> str:
        files = [p for p in sorted(run.rglob("*")) if p.is_file() and CHECKPOINTS not in p.parts]
        path = files[at(place, files)]
        content = path.read_bytes()
        if kind == "bytes":
            path.write_bytes(change(content))
        elif kind == "lines" and content.strip():
            changed = lines(content.decode(errors="replace"))
            path.write_bytes(changed.encode(errors="surrogatepass"))
        elif kind == "empty":
            path.write_bytes(b"")
        else:
            path.unlink()
            if kind == "folder":
                path.mkdir()
        return f"{path.name}: {kind}"

    return harm


@st.composite
def checkpoint_damage(draw: st.DrawFn) -> Callable[[Path], str]:
    """Draws damage to checkpoints: a file or folder is changed, exchanged, renamed or removed.

    A file may also be added, or become a link to `/dev/zero`. The function is a hypothesis
    composite: called without `draw`, it returns a strategy of such functions.

    Returns:
        A function that damages the folder of a run, which must have a checkpoint, and returns a
        description of the damage.
    """
    kinds = ("bytes", "bytes", "delete", "exchange", "rename", "stranger", "emptied", "link")
    kind, place, other = draw(st.sampled_from(kinds)), draw(places), draw(places)
    change = draw(bytes_damage())
    name = draw(
        st.sampled_from(("0", "00030", "31", "-5", "9" * 30, "x", "40.tmp", "manifest.json"))
    )

    def harm(run: Path) -> str:
        folder = run / CHECKPOINTS
        steps = sorted(p for p in folder.iterdir() if p.is_dir())
        step = steps[at(other, steps)]
        files = [p for p in sorted(step.rglob("*")) if p.is_file()]
        path = files[at(place, files)]
        if kind == "bytes":
            path.write_bytes(change(path.read_bytes()))
        elif kind == "delete":
            path.unlink()
        elif kind == "exchange":
            twin = steps[at(place, steps)] / path.relative_to(step)
            path.write_bytes(twin.read_bytes() if twin.is_file() else b"")
        elif kind == "rename":
            step.rename(folder / name)
        elif kind == "stranger":
            (folder / name).write_bytes(b"x") if place < 0.5 else (folder / name).mkdir()
        elif kind == "emptied":
            shutil.rmtree(step)
            step.mkdir()
        else:
            path.unlink()
            path.symlink_to("/dev/zero")
        return f"{kind} {path.relative_to(folder)} {name}"

    return harm


def judge_run(harm: Callable[[Path], str], folder: Path) -> str:
    """Checks that a damaged run is refused, or gives the scores and forecasts of the sound run.

    Args:
        harm: called as `harm(run)`; damages the folder of a run and returns a description.
        folder: an empty folder.

    Returns:
        The outcome in words.

    Raises:
        AssertionError: the run is neither refused nor handled so.
    """
    base = sound()
    run = shutil.copytree(base.run, folder / base.run.name)
    what = harm(run)
    found = answer(["evaluate", str(run), "--json"], folder)
    if found.status == 2:
        return "refused"
    assert json.loads(found.out) == base.scores, f"{what}: other scores"
    assert base.forecasts(run) == base.forecast, f"{what}: another forecast"
    return "accepted, nothing changed"


def judge_checkpoint(harm: Callable[[Path], str], folder: Path) -> str:
    """Checks that a damaged checkpoint is refused, or named while another one is used.

    Args:
        harm: called as `harm(run)`; damages the folder of a run and returns a description.
        folder: an empty folder.

    Returns:
        The outcome in words.

    Raises:
        AssertionError: the run is neither refused nor handled so.
    """
    base = sound()
    run = shutil.copytree(base.run, folder / base.run.name)
    what = harm(run)
    found = answer(["evaluate", str(run), "--json"], folder)
    if found.status == 2:
        assert "no checkpoint is usable" in found.err, f"{what}: {found.err}"
        return "refused"
    digest = json.loads(found.out)["params_sha256"]
    assert digest in base.digests.values(), f"{what}: parameters of no checkpoint"
    if digest == base.digests[30]:
        return "accepted, nothing changed"
    assert "is damaged" in found.err or not (run / CHECKPOINTS / "30").exists(), what
    return "passed over, and the next one used"


KINDS: dict[str, tuple[Callable, Callable]] = {
    "run folder": (run_damage, judge_run),
    "checkpoint": (checkpoint_damage, judge_checkpoint),
}
