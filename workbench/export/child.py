"""Export in a process of its own: the window and the command line never run the exporter themselves.

Where the system can fork, a helper (Python's fork server) has torch and the exporter loaded and every export is a fresh fork of it; on
Windows and macOS every export is a fresh process. What goes wrong arrives as text.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import ExportError, WorkbenchError
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.export.bundle import ExportReport, Progress
    from workbench.layers.own_file import OwnFile
    from workbench.project.project import ExportChoice

TIMEOUT_SECONDS = 1800.0
_POLL_SECONDS, _END_SECONDS = 0.1, 2.0
_PRELOAD, _WARM = "workbench.export.preload", "workbench.export.preload_warm"


class ExportCancelled(Exception):  # noqa: N818 (not an error)
    """The person no longer wants the bundle; nothing was written."""


@dataclass(frozen=True, slots=True)
class _Failure:
    """What went wrong in the child, as text.

    Attributes:
        message, hint: For the person; `message` is "" for a bug.
        details: The traceback.
    """

    message: str
    hint: str
    details: str


def can_fork() -> bool:
    """Whether the helper that forks is used on this system."""
    return sys.platform.startswith("linux") and "forkserver" in multiprocessing.get_all_start_methods()


def warm() -> None:
    """Starts the helper and lets it load everything, in the background; cheap, and without effect where it runs already."""
    if can_fork():
        _start_helper([_PRELOAD, _WARM])


def _start_helper(modules: list[str]) -> None:
    from multiprocessing import forkserver

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(modules)
    with _importable():
        forkserver.ensure_running()


@contextmanager
def _importable() -> Generator[None]:
    """Lets the helper find this package also when it is not installed: Python 3.11 does not hand its path on."""
    before = os.environ.get("PYTHONPATH")
    root = str(Path(__file__).resolve().parents[2])
    os.environ["PYTHONPATH"] = os.pathsep.join([root, before] if before else [root])
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


def export_run(
    run: Any, folder: Path | str, opset: int = 0, *, which: str = "best", progress: Progress = lambda share, what: None,
    cancelled: Callable[[], bool] = bool, timeout_seconds: float = TIMEOUT_SECONDS, choice: ExportChoice | None = None,
) -> ExportReport:
    """Exports a run in a child process.

    Args:
        run: The run folder (path or `RunFolder`).
        folder: Where the bundle goes; an older bundle there is replaced.
        opset: ONNX operator set; 0 takes the project's.
        which: `best` or `last` checkpoint.
        progress: Told the share done and what is being done, from the calling thread.
        cancelled: Asked ten times a second.
        timeout_seconds: After this the child is ended.
        choice: Licence and author as they are wanted now; left out, as they were when the run began.

    Raises:
        ExportCancelled: `cancelled` returned true.
        ExportError: The export failed, crashed or took too long; nothing was changed then.
        WorkbenchError: The run or its data cannot be read.
    """
    from workbench.export.bundle import checked_target, publish, report, temporary_beside

    began = time.perf_counter()
    target = checked_target(folder)
    with temporary_beside(target) as temporary:
        arguments = (str(getattr(run, "path", run)), str(temporary), opset, which, choice)
        verification, used = run_in_child(_export, arguments, progress, cancelled, timeout_seconds)
        publish(temporary, target)
    return report(target, verification, used, time.perf_counter() - began)


def _export(progress: Progress, run: str, folder: str, opset: int, which: str, choice: ExportChoice | None) -> Any:
    from workbench.export.bundle import write_bundle

    return write_bundle(run, Path(folder), opset, which, progress, choice)


def run_in_child(
    function: Callable[..., Any], arguments: tuple[Any, ...], progress: Progress = lambda share, what: None,
    cancelled: Callable[[], bool] = bool, timeout_seconds: float = TIMEOUT_SECONDS,
) -> Any:
    """Calls `function(progress, *arguments)` in a fresh child process and returns its result.

    Args:
        function: A module-level function; it and its arguments and result must pickle.
        arguments: Its further arguments.
        progress: Told what the child reports.
        cancelled: Asked ten times a second; the child is ended at once.
        timeout_seconds: After this the child is ended.
    """
    context: Any = multiprocessing.get_context("forkserver" if can_fork() else "spawn")
    if can_fork():
        _start_helper([_PRELOAD])
    receiver, sender = context.Pipe(duplex=False)
    from workbench.layers import LAYERS
    from workbench.layers.own import OWN

    LAYERS.names()  # so that own layers are loaded
    process = context.Process(target=_work, args=(sender, function, arguments, OWN.carried()), daemon=True)
    with _importable():
        process.start()
    sender.close()
    try:
        return _awaited(process, receiver, progress, cancelled, time.monotonic() + timeout_seconds)
    finally:
        _end(process)
        receiver.close()


def _awaited(process: Any, receiver: Any, progress: Progress, cancelled: Callable[[], bool], deadline: float) -> Any:
    while True:
        if cancelled():
            raise ExportCancelled
        if time.monotonic() > deadline:
            raise ExportError(Text("The export took too long and was ended."), Text("Nothing was written. Try a smaller model."))
        if not receiver.poll(_POLL_SECONDS):
            if process.is_alive() or receiver.poll(0):
                continue
            raise _crashed(process)
        try:
            kind, value = receiver.recv()
        except (EOFError, OSError) as error:
            process.join(_END_SECONDS)
            raise _crashed(process) from error
        if kind == "progress":
            progress(*value)
        elif kind == "failed":
            raise _raised(value)
        else:
            return value


def _raised(failure: _Failure) -> WorkbenchError:
    if failure.message:
        return ExportError(failure.message, failure.hint)
    last = failure.details.strip().splitlines()[-1][:300]
    error = ExportError(Text("The export failed: {reason}", reason=last), Text("Nothing was written; the details are in the log."))
    error.add_note(failure.details)
    return error


def _crashed(process: Any) -> ExportError:
    return ExportError(
        Text("The export process ended unexpectedly (exit code {code}).", code=process.exitcode),
        Text("Nothing was written. The machine may be out of memory."),
    )


def _end(process: Any) -> None:
    """Ends the child if it still runs, and waits for it."""
    if process.is_alive():
        process.terminate()
        process.join(_END_SECONDS)
    if process.is_alive():
        process.kill()
    process.join()
    process.close()


def _work(sender: Any, function: Callable[..., Any], arguments: tuple[Any, ...], own: tuple[OwnFile, ...]) -> None:
    """The child: runs the function, sends progress and the outcome. Whatever libraries write to stdout goes to stderr.

    It has the own layers that its parent has, as they are there.
    """
    # The parent decides when to end: asked politely, the child leaves through its clean-up; Ctrl+C in a terminal is the parent's.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError):
        os.dup2(2, 1)
    _use_thread_lock()
    try:
        import torch

        from workbench.layers import LAYERS
        from workbench.layers.own import OWN

        torch.set_num_threads(1)
        OWN.take(own, LAYERS)
        value = function(lambda share, what: _tell(sender, "progress", (share, what)), *arguments)
        _tell(sender, "done", value)
    except WorkbenchError as error:
        _tell(sender, "failed", _Failure(error.message, error.hint, traceback.format_exc()))
    except Exception:  # everything a child can say must reach the parent as text
        _tell(sender, "failed", _Failure("", "", traceback.format_exc()))
    finally:
        sender.close()


def _tell(sender: Any, kind: str, value: Any) -> None:
    """Sends to the parent. Where that is gone, interrupted or killed, nobody wants the work any more: the child leaves without a word."""
    try:
        sender.send((kind, value))
    except (BrokenPipeError, ConnectionResetError):
        sys.exit(1)


def _use_thread_lock() -> None:
    """Gives the progress bars inside torch a lock of threads: their own is a system semaphore, which an ended child would leave behind."""
    with suppress(ImportError):
        from tqdm import tqdm

        tqdm.set_lock(threading.RLock())
