"""The recipe while a run goes on: settings that may change live, and what they became."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from workbench.errors import Text, TrainingError
from workbench.project.project import Recipe
from workbench.training.optimizers import OPTIMIZERS

LIVE = ("epochs", "patience", "clip_norm", "checkpoint_seconds")
LIVE_RATES = ("learning_rate", "weight_decay")


def changed(recipe: Recipe, setting: str, value: Any) -> Recipe:
    """Returns the recipe with one live setting changed.

    Args:
        recipe: The recipe in force.
        setting: `recipe.epochs`, `recipe.clip_norm`, `recipe.optimizer.learning_rate`, ...
        value: The new value.

    Raises:
        TrainingError: It cannot change while a run goes on, or not to this value.
    """
    name = setting.removeprefix("recipe.")
    if name.removeprefix("optimizer.") in LIVE_RATES:
        optimizer = recipe.optimizer.with_params(**{name.removeprefix("optimizer."): value})
        OPTIMIZERS[optimizer.name].parse(dict(optimizer.params))
        return replace(recipe, optimizer=optimizer)
    if name not in LIVE:
        raise TrainingError(
            Text("{setting} cannot change while a run goes on.", setting=setting),
            Text("Live settings: {names}.", names=", ".join((*LIVE, *LIVE_RATES))),
        )
    try:
        number = type(getattr(recipe, name))(value)
    except (TypeError, ValueError) as error:
        raise TrainingError(Text("{setting} cannot be {value}.", setting=setting, value=repr(value))) from error
    if number < 0 or (name == "epochs" and number < 1):
        raise TrainingError(Text("{setting} cannot be {value}.", setting=setting, value=repr(value)))
    return replace(recipe, **{name: number})


def checked(recipe: Recipe) -> Recipe:
    """Returns the recipe if it can run.

    Raises:
        TrainingError: A number makes no sense.
    """
    limits = {"epochs": 0 if recipe.start_from else 1, "batch_size": 1, "patience": 0, "clip_norm": 0, "threads": 0, "checkpoint_seconds": 0}
    for name, lowest in limits.items():
        value = getattr(recipe, name)
        if not isinstance(value, (int, float)) or not lowest <= value < 1e9:
            raise TrainingError(
                Text("{setting} cannot be {value}.", setting=f"recipe.{name}", value=repr(value)),
                Text("It must be at least {lowest}.", lowest=lowest),
            )
    return recipe
