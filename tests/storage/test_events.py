from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from pgat_jax.storage.events import Events


def read(folder) -> list[tuple[int, float]]:
    events = EventAccumulator(str(folder)).Reload()
    return [(e.step, e.value) for e in events.Scalars("train/loss")]


def test_tensorboard_reads_what_was_flushed(tmp_path):
    events = Events(tmp_path, purge_step=None)
    events.scalar("train/loss", 0.5, 10)
    events.flush()
    assert read(tmp_path) == [(10, 0.5)]
    events.close()


def test_older_files_are_ignored_from_the_purge_step_on(tmp_path):
    first = Events(tmp_path, purge_step=None)
    for step in (10, 20):
        first.scalar("train/loss", 0.5, step)
    first.close()
    for path in tmp_path.glob("events.*"):
        # Files are read in the order of the seconds in their names: make this one's earlier.
        path.rename(path.with_name(path.name.replace("tfevents.", "tfevents.0")))
    second = Events(tmp_path, purge_step=20)
    second.scalar("train/loss", 0.25, 20)
    second.close()
    assert read(tmp_path) == [(10, 0.5), (20, 0.25)]
