"""Optimizers, schedules, live settings, devices and progress."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR

from workbench.errors import CatalogueError, TrainingError
from workbench.project.project import Choice, Recipe
from workbench.training.devices import choose_device, probe_threads
from workbench.training.optimizers import OPTIMIZERS, OptimizerEntry
from workbench.training.progress import Progress, Stopwatch
from workbench.training.randomness import OwnGenerator, StepSeed
from workbench.training.schedules import SCHEDULES, Schedule
from workbench.training.settings import changed, checked


@pytest.mark.parametrize("entry", [*OPTIMIZERS, *SCHEDULES], ids=lambda entry: entry.name)
def test_entries_are_complete(entry: OptimizerEntry | Schedule) -> None:
    assert entry.label and entry.summary.endswith(".") and entry.aliases
    assert any(ord(letter) > 0x2E80 for alias in entry.aliases for letter in alias), "a Chinese name to search for"
    for name, field in entry.Params.model_fields.items():
        assert field.title and field.description, name


def test_entry_modules_import_without_torch() -> None:
    code = (
        "import sys\nfrom workbench.training.optimizers import OPTIMIZERS\nfrom workbench.training.schedules import SCHEDULES\n"
        "from workbench.objectives import OBJECTIVES\nimport workbench.training.events, workbench.training.inbox, workbench.training.launch\n"
        "OPTIMIZERS.names(), SCHEDULES.names(), OBJECTIVES.names()\nassert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS), ids=lambda entry: entry.name)
def test_optimizers_go_downhill_fused_or_not(optimizer: OptimizerEntry) -> None:
    ends = []
    for fused in (True, False):
        weight = torch.nn.Parameter(torch.tensor([3.0, -2.0]))
        made = optimizer.build([weight], optimizer.parse({"learning_rate": 0.1, "fused": fused}))
        for _ in range(100):
            made.zero_grad()
            (weight**2).sum().backward()
            made.step()
        ends.append(weight.detach())
    assert ends[0].norm() < 0.5
    assert torch.allclose(ends[0], ends[1], atol=1e-4)


@pytest.mark.parametrize("schedule", list(SCHEDULES), ids=lambda entry: entry.name)
@pytest.mark.parametrize("total", [1, 2, 7, 1000])
def test_schedules_stay_between_nothing_and_the_full_rate(schedule: Schedule, total: int) -> None:
    factors = [schedule.factor(step, total, schedule.parse({})) for step in range(total)]
    assert all(0 <= factor <= 1.0 + 1e-12 for factor in factors)
    if total == 1000:
        assert max(factors) == pytest.approx(1.0, abs=1e-3)


def test_one_cycle_rises_then_falls() -> None:
    schedule = SCHEDULES["one_cycle"]
    factors = [schedule.factor(step, 400, schedule.parse({"rise": 0.25})) for step in range(400)]
    peak = factors.index(max(factors))
    assert abs(peak - 100) <= 1
    assert factors[:peak] == sorted(factors[:peak]) and factors[peak:] == sorted(factors[peak:], reverse=True)
    assert (factors[0], factors[-1]) == (pytest.approx(0.04), pytest.approx(0.0001))


def test_cosine_without_warm_up_is_that_of_torch() -> None:
    schedule = SCHEDULES["cosine"]
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    oracle = CosineAnnealingLR(optimizer, 99, eta_min=0.01)
    for step in range(100):
        assert schedule.factor(step, 100, schedule.parse({"warm_up": 0.0, "end": 0.01})) == pytest.approx(oracle.get_last_lr()[0], abs=1e-9)
        optimizer.step()
        oracle.step()


def test_live_settings_change_only_what_may() -> None:
    recipe = Recipe(optimizer=Choice("sgd"))
    assert changed(recipe, "recipe.epochs", 7).epochs == 7
    assert changed(recipe, "recipe.clip_norm", 1).clip_norm == 1.0
    assert changed(recipe, "recipe.optimizer.learning_rate", 0.5).optimizer.params["learning_rate"] == 0.5
    with pytest.raises(TrainingError, match="batch_size"):
        changed(recipe, "recipe.batch_size", 8)
    with pytest.raises(TrainingError, match="-1"):
        changed(recipe, "recipe.epochs", -1)
    with pytest.raises(CatalogueError):
        changed(recipe, "recipe.optimizer.learning_rate", "fast")


@pytest.mark.parametrize("name", ["epochs", "batch_size"])
@pytest.mark.parametrize("value", [0, -3, 10**12, "many"])
def test_recipes_that_make_no_sense_are_refused(name: str, value: object) -> None:
    with pytest.raises(TrainingError, match=name):
        checked(Recipe(**{name: value}))  # type: ignore[arg-type]


def test_a_missing_device_is_an_error_and_never_something_else() -> None:
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_device("auto").type in ("cpu", "cuda", "mps")
    for name in ("cuda:99", "mps" if not torch.backends.mps.is_available() else "cuda:99", "tpu", "meta"):
        with pytest.raises(TrainingError) as caught:
            choose_device(name)
        assert name in caught.value.message and caught.value.hint


def test_the_thread_probe_leaves_model_and_thread_count_alone() -> None:
    model = torch.nn.Linear(4, 4)
    before = model.weight.detach().clone()
    torch.set_num_threads(1)

    def step(copy: torch.nn.Module) -> None:
        copy(torch.ones(2, 4)).sum().backward()
        for parameter in copy.parameters():
            parameter.data.zero_()

    assert probe_threads(step, model) >= 1
    assert torch.equal(model.weight, before) and model.weight.grad is None and torch.get_num_threads() == 1


def test_own_generator_leaves_the_shared_one_alone() -> None:
    found = []
    for noise in (1, 2):
        torch.manual_seed(noise)
        before = torch.get_rng_state()
        with OwnGenerator(5):
            layers = [torch.nn.Linear(3, 3), torch.nn.Conv2d(1, 2, 3), torch.nn.Embedding(5, 3), torch.nn.LSTM(3, 3)]
            drawn = [torch.randn(2), torch.empty(2).normal_(), torch.nn.init.orthogonal_(torch.empty(3, 3))]
        assert torch.equal(torch.get_rng_state(), before)
        found.append([*(tensor for layer in layers for tensor in layer.state_dict().values()), *drawn])
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))


def test_a_step_draws_the_same_whatever_was_drawn_before() -> None:
    seed = StepSeed(7, torch.device("cpu"))
    drawn = []
    for step, noise in ((3, 1), (3, 50), (4, 1)):
        torch.randn(noise)
        seed(step)
        drawn.append(torch.rand(4))
    assert torch.equal(drawn[0], drawn[1]) and not torch.equal(drawn[0], drawn[2])


def test_progress_takes_the_better_and_breaks_ties_by_loss() -> None:
    progress = Progress("accuracy/val", "higher")
    taken = [progress.take(*values) for values in [(0.5, 1.0, 1), (0.4, 0.5, 2), (0.5, 0.9, 3), (math.nan, 0.1, 4), (0.5, 0.95, 5)]]
    assert taken == [True, False, True, False, False]
    assert (progress.best_step, progress.waited) == (3, 4)
    assert progress.exhausted(4) and not progress.exhausted(5) and not progress.exhausted(0)
    other = Progress("accuracy/val", "higher")
    other.load(progress.state())
    assert other == progress


def test_the_stopwatch_stands_still_while_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("workbench.training.progress.time.monotonic", lambda: now[0])
    watch = Stopwatch(5.0)
    watch.start()
    now[0] = 102.0
    watch.stop()
    now[0] = 200.0
    assert watch.seconds == 7.0
    watch.start()
    now[0] = 201.0
    assert watch.seconds == 8.0
