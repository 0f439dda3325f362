"""What may happen to a run besides a kill. Each knock ends with the run able to go on."""

import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools.chaos.campaign import Campaign


def full_disk(campaign: Campaign) -> None:
    """The disk is full, soon or later."""
    room = campaign.rng.choice((4_000, 40_000, 400_000, 2_000_000, 4_000_000))
    with no_room(campaign.place, room) as through:
        refused(campaign, "No space left", "File too large", through=through)


def read_only(campaign: Campaign) -> None:
    """The run's folder cannot be written."""
    if campaign.run is None or not campaign.steps():
        return
    with frozen(campaign.run) as through:
        refused(campaign, "Permission denied", through=through)


def damage(campaign: Campaign) -> None:
    """A file of the newest checkpoint is cut short, changed or deleted.

    It must be named, and the one before it taken; where there is none, the run refuses, and gets
    its files back.
    """
    steps = campaign.steps()
    if campaign.run is None or not steps:
        return
    newest = campaign.run / "checkpoints" / str(steps[-1])
    kept = shutil.copytree(newest, campaign.place / "kept")
    what = spoil(newest, campaign.rng)
    command = campaign.resume()
    text = "no checkpoint is usable" if len(steps) == 1 else f"going on from step {steps[-2]},"
    command.until(f"checkpoint {steps[-1]} is damaged")
    command.until(text)
    command.process.kill()
    campaign.end(command, what)
    if len(steps) == 1:
        shutil.rmtree(newest)
        shutil.copytree(kept, newest)
    shutil.rmtree(kept)


def spoil(checkpoint: Path, rng: random.Random) -> str:
    """Cut short, change or delete one file; says which."""
    files = [p for p in sorted(checkpoint.rglob("*")) if p.is_file() and p.stat().st_size]
    path, kind = rng.choice(files), rng.choice(("cut short", "changed", "deleted"))
    content = bytearray(path.read_bytes())
    place = rng.randrange(len(content))
    content[place] ^= rng.randrange(1, 256)
    if kind == "deleted":
        path.unlink()
    else:
        path.write_bytes(content[:place] if kind == "cut short" else content)
    return f"{path} {kind} at {place}"


def second_run(campaign: Campaign) -> None:
    """Another process wants to train the same run, and is refused."""
    first = campaign.start()
    campaign.follow(first)
    second = campaign.resume()
    assert second.end() == 2, second.text
    assert f"(number {first.process.pid}) is training this run" in second.text, second.text
    first.process.kill()
    campaign.end(first)


def changed_table(campaign: Campaign) -> None:
    """A price changes between two processes."""
    if not campaign.steps():
        return
    path = campaign.place / "days.csv"
    before = path.read_text()
    lines = before.splitlines()
    place = campaign.rng.randrange(1, len(lines))
    day, *_, low, close = lines[place].split(",")
    lines[place] = ",".join([day, low, close, low, close])
    path.write_text("\n".join(lines) + "\n")
    refused(campaign, "has changed since the run was trained")
    path.write_text(before)


def changed_key(campaign: Campaign) -> None:
    """A key of the configuration changes, on the command line or in the run's own file."""
    if campaign.run is None or not campaign.steps():
        return
    sentence = "model.dropout is 0.3 but the run was started with 0.05"
    if campaign.rng.random() < 0.5:
        refused(campaign, sentence, words=["model.dropout=0.3"])
        return
    path = campaign.run / "config.yaml"
    before = path.read_text()
    path.write_text(before.replace("dropout: 0.05", "dropout: 0.3"))
    refused(campaign, sentence)
    path.write_text(before)


def refused(campaign: Campaign, *sentences: str, words: Sequence[str] = (), through=()) -> None:
    """A process that must say one of the sentences and leave with status 2, unless it ends well."""
    command = campaign.resume(*words, through=through) if campaign.steps() else campaign.start()
    status = campaign.end(command)
    assert status in (0, 2), f"status {status}:\n{command.text}"
    assert status == 0 or any(one in command.text for one in sentences), command.text


@contextmanager
def no_room(place: Path, room: int) -> Iterator[Sequence[str]]:
    """``runs/`` on a disk with ``room`` bytes left; without the right to mount one, short files."""
    runs, aside = place / "runs", place / "aside"
    if os.geteuid() or subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        yield ("prlimit", f"--fsize={room}")
        return
    runs.mkdir(exist_ok=True)
    runs.rename(aside)
    runs.mkdir()
    used = sum(-(-p.stat().st_size // 4096) * 4096 + 4096 for p in aside.rglob("*"))
    size = f"size={used + room}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "none", str(runs)], check=True)
    try:
        shutil.copytree(aside, runs, dirs_exist_ok=True)
        yield ()
        shutil.rmtree(aside)
        shutil.copytree(runs, aside)
    finally:
        subprocess.run(["umount", str(runs)], check=True)
        runs.rmdir()
        aside.rename(runs)


@contextmanager
def frozen(folder: Path) -> Iterator[Sequence[str]]:
    """A folder and all in it without the right to write; root gives up his power to override."""
    modes = {path: path.stat().st_mode for path in [folder, *folder.rglob("*")]}
    for path, mode in modes.items():
        path.chmod(mode & 0o555)
    try:
        yield () if os.geteuid() else ("setpriv", "--bounding-set=-dac_override")
    finally:
        for path, mode in modes.items():
            path.chmod(mode)


KNOCKS: dict[str, Callable[[Campaign], None]] = {
    knock.__name__: knock
    for knock in (full_disk, read_only, damage, second_run, changed_table, changed_key)
}
