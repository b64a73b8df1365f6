"""`explain`."""

from __future__ import annotations

from pathlib import Path

from workbench.cli.console import Answer, number
from workbench.cli.reading import params_of, read_run, row_of, split_of
from workbench.errors import ProjectError
from workbench.text import Text


def explain(folder: Path, method: str, row: int, split: str, output: Path | None, settings: list[str]) -> Answer:
    """Explains one row and draws the picture."""
    from workbench.explain import METHODS
    from workbench.explain.picture import save_picture
    from workbench.explain.subject import subject_of
    from workbench.training.load import load_model

    entry, run = METHODS[method], read_run(folder)
    split_of(split)
    params = entry.parse(params_of(settings))
    model, prepared = load_model(run)
    if not entry.fits(model.plan):
        names = ", ".join(other.name for other in METHODS if other.fits(model.plan))
        hint = Text("Use {names}.", names=names) if names else Text("No method can explain a model with these inputs yet.")
        raise ProjectError(Text("{method} has nothing to say about this model.", method=Text(entry.label)), hint)
    result = entry.run(subject_of(model, prepared, row_of(prepared, split, row)), params)
    path = (output or Path(f"{method}-{split}-{row}.png")).expanduser().absolute()
    picture, facts = save_picture(result, path), result.facts
    document = {
        "method": facts.method, "target": facts.target, "residual": facts.residual, "faithfulness": facts.faithfulness, "passes": facts.passes,
        "seconds": facts.seconds, "picture": str(picture), "baseline": facts.baseline, "model_hash": facts.model_hash,
        "input_hash": facts.input_hash, "seed": facts.seed, "kind": type(result).__name__, "run": str(run.path),
    }
    said = [f"faithfulness {number(facts.faithfulness)}"] if facts.faithfulness is not None else []
    said += [f"residual {number(facts.residual)}"] if facts.residual is not None else []
    said.append(f"{facts.passes:,} {'pass' if facts.passes == 1 else 'passes'}, {facts.seconds:.2f} s")
    asked = f"{entry.label} for {facts.target}" if facts.target else entry.label
    return Answer(document, [f"{asked}: {', '.join(said)}", str(picture)])
