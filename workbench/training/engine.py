"""The loop. It takes a project, says what happens, listens to commands, and can be picked up at any step.

It runs in whatever thread or process calls `run`, and knows nothing of windows.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

import torch

from workbench.data.base import Split
from workbench.data.order import order
from workbench.errors import DataError, Text, TrainingError, WorkbenchError
from workbench.models.moving import told
from workbench.project.checkpoints import Checkpoint
from workbench.training.assembly import assemble
from workbench.training.autopsy import all_finite
from workbench.training.devices import copy_of
from workbench.training.doctor import missing_activations
from workbench.training.events import (
    Change,
    Command,
    EpochEnded,
    Event,
    Failed,
    Finding,
    Finished,
    Interrupt,
    Pause,
    Probe,
    ProbeResult,
    Resume,
    RunState,
    Started,
    StateChanged,
    StepOnce,
    Steps,
    Stop,
)
from workbench.training.failures import explained, spoilt
from workbench.training.ledger import Ledger, Setting
from workbench.training.recorder import Recorder
from workbench.training.settings import changed, checked
from workbench.training.snapshots import CheckpointWriter, Snapshot, copied, load_optimizer, optimizer_tensors, read_snapshot
from workbench.training.stepper import NotFiniteError
from workbench.training.supply import Supply, damaged
from workbench.training.task import score_split

if TYPE_CHECKING:
    from workbench.project.project import Project
    from workbench.project.runs import RunFolder
    from workbench.training.inbox import Inbox

log = logging.getLogger(__name__)
BLOCK_SECONDS = 0.1
SAVE_SECONDS = 1.0  # between the checkpoints of very short epochs
EVALUATION_BATCH = 512


class Engine:
    """Trains one run.

    Args:
        project: What to train; on resume, the run's own snapshot.
        run: Where everything is kept. This process is its only writer.
        emit: Is told every event, in the training thread; must not block.
        inbox: Where commands come from.
        resume: The checkpoint to go on from, or `last` for the newest one (the beginning where there is none); None begins
            at step 0.
        prepared: The data, where the caller has it prepared already (fitted as this project says); None prepares it.
    """

    def __init__(
        self, project: Project, run: RunFolder, emit: Callable[[Event], None], inbox: Inbox, *,
        resume: Checkpoint | Literal["last"] | None = None, prepared: Any = None,
    ) -> None:
        self.project, self.run_folder, self.recipe = project, run, project.recipe
        self.step = 0
        self._emit, self._inbox, self._resume, self._given = emit, inbox, resume, prepared
        self._state = RunState.STARTING
        self._once = False
        self._ending: RunState | None = None
        self._best: Snapshot | None = None
        self._ordered = -1
        self._saved_at = self._block_began = time.monotonic()
        self._replayed = False
        self.supply = Supply()
        self._damaged: Finding | None = None

    def run(self) -> Finished | Failed | StateChanged:
        """Trains until the end, a stop or a failure, and returns the last event."""
        threads = torch.get_num_threads()
        self.recorder = Recorder(self.run_folder, self._emit)
        self._writer = CheckpointWriter(self.run_folder)
        try:
            self._set_up()
            self._train()
            return self._finish()
        except WorkbenchError as error:
            return self._fail(Failed(error.message, error.hint))
        except Exception as error:  # a bug, or torch out of memory: the run ends, the process goes on
            log.exception("The run failed.")
            return self._fail(Failed(*explained(error), traceback.format_exc()))
        finally:
            self._writer.close()
            self.supply.close()
            with suppress(OSError):  # a full disk; the run has said so
                self.recorder.close()
            torch.set_num_threads(threads)

    def _fail(self, event: Failed) -> Failed:
        self._state = RunState.FAILED
        with suppress(OSError):  # a full disk; whoever listens has been told
            self.recorder.tell(event)
            self.recorder.flush()
            if event.details:
                with open(self.run_folder.log_path, "a", encoding="utf-8") as file:
                    file.write(event.details)
        return event

    def _set_up(self) -> None:
        checked(self.recipe)
        self._tell_state(RunState.STARTING)
        self.run_folder.claim()
        checkpoint = self.run_folder.last() if isinstance(self._resume, str) else self._resume
        snapshot = None if checkpoint is None else read_snapshot(checkpoint)
        self.parts = assemble(self.project, self.run_folder, self.recipe, snapshot, self._given)
        self.model, self.task, self.prepared, self.stepper = self.parts.model, self.parts.task, self.parts.prepared, self.parts.stepper
        self.ledger = Ledger(self.parts, self.recipe)
        stop = self.project.data.bad_rows == "stop"
        self.supply, self._damaged = Supply(self.prepared, stop), damaged(self.prepared)
        if stop and self._damaged is not None:
            raise DataError(self._damaged.message, Text("Replace the files, or let the run skip rows that cannot be read."))
        if snapshot is not None:
            self._restore(snapshot)
        elif self._resume is not None:
            self.recorder.rewind(0)
        self._apply_settings()
        self._announce()
        if snapshot is None:
            self._save()

    @property
    def total(self) -> int:
        """The steps of the whole run."""
        return self.recipe.epochs * self.parts.steps_per_epoch

    def _announce(self) -> None:
        parts = self.parts
        self.recorder.tell(Started(
            parts.steps_per_epoch, self.recipe.epochs, self.step, str(parts.device), parts.threads, len(parts.rows), self.ledger.chance,
        ))
        if parts.moved is not None:
            self.recorder.tell(Finding("start-from", *told(parts.moved, self.recipe.start_from)))
        if self.step == 0 and self._damaged is not None:
            self.recorder.tell(self._damaged)
        if self.step == 0:
            for finding in missing_activations(self.project.graph):
                self.recorder.tell(finding)
        self._tell_state(RunState.RUNNING)

    def _tell_state(self, state: RunState) -> None:
        self._state = state
        self.recorder.tell(StateChanged(state, self.step))

    def _train(self) -> None:
        self.ledger.watch.start()
        if self.ledger.progress.exhausted(self.recipe.patience):
            self._ending = RunState.FINISHED
        while self.step < self.total and self._ending is None:
            once = self._once
            try:
                self._block()
                self._report_block()
            except NotFiniteError as failure:
                self._handle(failure)
                continue
            if self.step % self.parts.steps_per_epoch == 0:
                self._end_epoch()
            elif time.monotonic() - self._saved_at >= self.recipe.checkpoint_seconds:
                self._save()
            if once:
                self._once = False
                self._pause()
            for command in self._inbox.take() if self._inbox.pending() else ():
                self._obey(command)
            self._wait_while_paused()

    def _block(self) -> None:
        """Does steps until a tenth of a second is over, the epoch ends, or a command comes."""
        epoch, position = divmod(self.step, self.parts.steps_per_epoch)
        batches = self._order_of(epoch)
        until = time.monotonic() + BLOCK_SECONDS
        batch_of = self.supply.following(batches, position)
        do_step, pending, clock = self.stepper.step, self._inbox.pending, time.monotonic
        self._block_began = clock()
        if not self.model.training:
            self.model.train()
        for index in range(position, self.parts.steps_per_epoch):
            batch = batch_of(batches[index])
            if len(batch.rows):  # else none of its rows can be read
                do_step(self.step, batch)
            self.step += 1
            if clock() >= until or pending() or self._once:
                return

    def _order_of(self, epoch: int) -> tuple[torch.Tensor, ...]:
        if self._ordered != epoch:
            self._ordered = epoch
            self._batches = order(self.recipe.seed, epoch, self.parts.rows).split(self.recipe.batch_size)
        return self._batches

    def _report_block(self) -> None:
        """Writes down the numbers of the steps just done and lets the doctor look at them."""
        rows_done = 0
        for step, rows, losses, rate, norm in self.stepper.take():
            if losses[0] - losses[0] != 0.0:
                raise NotFiniteError(step - 1, self.prepared.readable(self._batches[(step - 1) % self.parts.steps_per_epoch]), "loss")
            values = {f"{tag}/step": value for tag, value in zip(self.task.loss_tags, losses, strict=True)} | {"lr": rate}
            self.recorder.add(step, values if norm is None else {**values, "grad_norm": norm})
            rows_done += rows
            finding = self.ledger.take_losses(step, rows, losses)
            if finding is not None:
                self.recorder.tell(finding)
        now = time.monotonic()
        speed = rows_done / max(now - self._block_began, 1e-9)
        if rows_done:
            self.recorder.tell(Steps(self.step, (self.step - 1) // self.parts.steps_per_epoch, speed, self.ledger.watch.seconds))
        for finding in self.supply.findings(self.step, now - self._block_began):
            self.recorder.tell(finding)
        self._tell_written()

    def _end_epoch(self) -> None:
        if not self._sound():
            return
        epoch = self.step // self.parts.steps_per_epoch - 1
        metrics = self.ledger.epoch_losses() | self.stepper.scores.values(Split.TRAIN)
        self.stepper.scores.reset()
        self.model.eval()
        if self.ledger.watched is Split.VALIDATION:
            metrics |= score_split(self.task, Split.VALIDATION, EVALUATION_BATCH, first=self.ledger.dead_units.looking)
        else:
            with torch.inference_mode(), self.ledger.dead_units.looking():
                self.task.forward(self.prepared.readable(self.parts.rows[:128]))
        self.model.train()
        best = self.ledger.take_epoch(metrics, self.step)
        self.recorder.keep(self.step, metrics)
        self.recorder.tell(EpochEnded(epoch, self.step, metrics, best, self.ledger.watch.seconds))
        for finding in self.ledger.dead_units.findings(self.step):
            self.recorder.tell(finding)
        self._best = self._snapshot() if best else self._best
        if time.monotonic() - self._saved_at >= SAVE_SECONDS:
            self._save()
        if self.ledger.progress.exhausted(self.recipe.patience):
            self._ending = RunState.FINISHED

    def _save(self) -> None:
        """Takes a snapshot between two steps and has it written; nothing unsound is ever written.

        A best one that waits goes first: where only it reaches the disk, going on from the last one leads to it again.
        """
        if not self._sound():
            return
        self.recorder.flush()
        self._saved_at = time.monotonic()
        best, self._best = self._best, None
        self._writer.submit([*([("best", best)] if best else []), ("last", self._snapshot())])

    def _snapshot(self) -> Snapshot:
        state = {
            "schema_version": 1, "threads": self.parts.threads, "device": str(self.parts.device), **self.ledger.state(),
        }
        tensors = optimizer_tensors(self.model, self.stepper.optimizer)
        return Snapshot(self.step, copied(self.model.state_dict()), copied(tensors), copied(self.stepper.scores.state()), state)

    def _restore(self, snapshot: Snapshot) -> None:
        """Puts everything back as it was after a step."""
        self.step = snapshot.step
        self.model.load_state_dict(snapshot.model)
        load_optimizer(self.model, self.stepper.optimizer, snapshot.optimizer)
        self.stepper.scores.reset()
        self.stepper.scores.load(snapshot.metrics, self.parts.device)
        self.stepper.losses.clear()
        self._best = None
        self.ledger.load(snapshot.state)
        self.recipe = self.ledger.recipe(self.project.recipe)
        self.recorder.rewind(self.step)

    def _apply_settings(self) -> None:
        self.stepper.take_settings(self.recipe, self.total)

    def _sound(self) -> bool:
        """Whether all weights are finite; where not, goes back and looks at every step until it knows why."""
        if all_finite(list(self.model.state_dict().values())):
            return True
        self._replay()
        return False

    def _replay(self) -> None:
        self._writer.drain()
        checkpoint = self.run_folder.last()
        if checkpoint is None or self._replayed:
            raise spoilt(self.step)
        self._replayed = self.stepper.strict = True
        self._restore(read_snapshot(checkpoint))
        self.ledger.watch.start()
        self._apply_settings()

    def _handle(self, failure: NotFiniteError) -> None:
        """Names the first bad node and ends the run, after a second look where the weights are already spoilt."""
        if failure.where == "loss" and not all_finite(self.stepper.parameters):
            self._replay()
            return
        finding: Finding = self.stepper.diagnose(failure, self.parts.nodes, self.parts.order)
        self.stepper.losses.clear()
        self.recorder.tell(finding)
        hint = Text("Lower the learning rate or limit the gradient norm, then start again; the last checkpoint is sound.")
        raise TrainingError(finding.message, hint)

    def _obey(self, command: Command) -> None:
        if isinstance(command, Probe):
            self.recorder.tell(self._answer(command))
        elif isinstance(command, Pause):
            self._pause()
        elif isinstance(command, Resume) and self._state is RunState.PAUSED:
            self._tell_state(RunState.RUNNING)
        elif isinstance(command, StepOnce):
            self._once = True
        elif isinstance(command, Change):
            self._change(command)
        elif isinstance(command, Stop):
            self._ending = RunState.STOPPED
        elif isinstance(command, Interrupt):
            self._ending = RunState.INTERRUPTED

    def _pause(self) -> None:
        if self._state is RunState.RUNNING:
            self._save()
            self._tell_state(RunState.PAUSED)

    def _wait_while_paused(self) -> None:
        """Returns when there is a step to do or the run is to end."""
        if self._state is not RunState.PAUSED:
            return
        self.ledger.watch.stop()
        self.recorder.flush()
        while self._state is RunState.PAUSED and self._ending is None and not self._once:
            for command in self._inbox.wait(0.5):
                self._obey(command)
            self._tell_written()
        self.ledger.watch.start()

    def _change(self, command: Change) -> None:
        try:
            self.recipe = changed(self.recipe, command.setting, command.value)
        except WorkbenchError as error:
            self.recorder.tell(Finding("change-refused", error.message, error.hint, self.step))
            return
        self.ledger.settings.append(Setting(self.step, command.setting, command.value))
        self._apply_settings()
        self._save()

    def _answer(self, probe: Probe) -> ProbeResult:
        """Runs a probe on a copy in eval mode. The step that follows seeds its own randomness, so the run does not notice."""
        try:
            value = probe.function(copy_of(self.model).eval(), self.prepared, self.step)
            return ProbeResult(probe.ticket, self.step, value)
        except Exception as error:  # whatever a probe does wrong, the run goes on
            log.warning("A probe failed.", exc_info=True)
            return ProbeResult(probe.ticket, self.step, error=f"{type(error).__name__}: {error}")

    def _finish(self) -> Finished | StateChanged:
        if not all_finite(list(self.model.state_dict().values())):
            raise spoilt(self.step)
        if self.ledger.progress.best is None and self._ending is not RunState.INTERRUPTED:
            self._best = self._snapshot()
        self._save()
        self._writer.drain()
        self._tell_written()
        if self._ending is RunState.INTERRUPTED:
            event: Finished | StateChanged = StateChanged(RunState.INTERRUPTED, self.step)
        else:
            self._score_test()
            epoch, best = (self.step - 1) // self.parts.steps_per_epoch, self.ledger.progress.best_step or self.step
            event = Finished(self._ending or RunState.FINISHED, epoch, self.step, dict(self.ledger.last), self.ledger.watch.seconds, best)
        self._state = event.state
        self.recorder.tell(event)
        return event

    def _tell_written(self) -> None:
        for written in self._writer.written():
            self.recorder.tell(written)

    def _score_test(self) -> None:
        """Scores the test split once, with the best weights."""
        best = self.run_folder.best()
        if best is None or self.prepared.count(Split.TEST) == 0:
            return
        model = copy_of(self.model).eval()
        model.load_state_dict(read_snapshot(best).model)
        metrics = score_split(self.task, Split.TEST, EVALUATION_BATCH, model)
        self.ledger.last.update(metrics)
        self.recorder.keep(self.step, metrics)
