"""What holds for every test: one torch thread, no stray threads, and Qt out of reach where it must not be needed."""

from __future__ import annotations

import importlib.abc
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
# Catalogues are listed while tests are collected: before any fixture, and without the own layers of the person who runs them.
os.environ["WORKBENCH_DATA_DIR"] = os.path.join(tempfile.gettempdir(), "workbench-tests-without-data")

FASHION = Path(os.environ.get("WORKBENCH_FASHION_MNIST", "/usr/share/datasets/fashion-mnist"))


class _QtOutOfReach(importlib.abc.MetaPathFinder):
    """Refuses every import of Qt, so that a room which reaches for it fails its tests."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        if fullname.split(".")[0] in {"PySide6", "shiboken6", "pyqtgraph"}:
            raise ImportError(f"{fullname} is out of reach in this step: only workbench.app may import Qt")


if os.environ.get("WORKBENCH_WITHOUT_QT"):
    sys.meta_path.insert(0, _QtOutOfReach())
    collect_ignore = ["app", "end_to_end"]


@pytest.fixture(autouse=True)
def own_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps tests away from the settings, caches and recovery files of the person who runs them."""
    home = tmp_path_factory.getbasetemp() / "home"
    for name in ("CONFIG", "STATE", "CACHE", "DATA"):
        monkeypatch.setenv(f"WORKBENCH_{name}_DIR", str(home / name.lower()))


@pytest.fixture(autouse=True, scope="session")
def one_torch_thread() -> None:
    """Keeps figures and timing of tests independent of the machine's cores; set once, where torch is loaded anyway."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


@pytest.fixture(autouse=True)
def no_stray_threads() -> Iterator[None]:
    """Fails a test that leaves a thread behind, and names it."""
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before and thread.is_alive() and not _lives_on(thread)]
    for thread in left:
        thread.join(5)
    names = [thread.name for thread in left if thread.is_alive()]
    assert not names, f"threads left running: {names}"


@pytest.fixture(autouse=True)
def no_stray_hooks() -> Iterator[None]:
    """Fails a test that leaves a hook on every torch module behind."""
    yield
    module = sys.modules.get("torch.nn.modules.module")
    if module is not None:
        left = [name for name, table in vars(module).items() if name.startswith("_global_") and name.endswith("_hooks") and table]
        assert not left, f"hooks left on all modules: {left}"


def _lives_on(thread: threading.Thread) -> bool:
    # Threads that libraries keep for the whole process by design.
    return thread.name.startswith(("pydevd", "execnet", "ThreadPoolExecutor", "TMonitor", "Dummy", "QueueFeederThread"))


@pytest.fixture(scope="session")
def fashion_mnist() -> Path:
    """The folder with the four Fashion-MNIST files (Debian's dataset-fashion-mnist)."""
    if not (FASHION / "train-images-idx3-ubyte.gz").exists():
        pytest.skip(f"the Fashion-MNIST files are not in {FASHION}")
    return FASHION


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder of own layers, and settings that trust nothing; afterwards the catalogue holds the program's layers alone."""
    from workbench.layers import LAYERS, reload_own
    from workbench.layers.own import OWN

    for name in ("CONFIG", "STATE", "CACHE", "DATA"):
        monkeypatch.setenv(f"WORKBENCH_{name}_DIR", str(tmp_path / name.lower()))
    folder = tmp_path / "data" / "layers"
    folder.mkdir(parents=True)
    reload_own()
    yield folder
    OWN.take((), LAYERS)
    OWN.listed = ()
