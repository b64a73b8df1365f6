"""The command line: the same powers without a window. Each verb is a thin function here; its work is done in a sibling module."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.console import guarded

app = typer.Typer(
    name="workbench",
    help="Draw neural networks, watch them learn, ask them why, take them away. Without a command the window opens.",
    no_args_is_help=False, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="SECTION.KEY=VALUE or model.NODE.PARAM=VALUE (TOML); repeatable.")
]
ProjectFolder = Annotated[Path, typer.Argument(metavar="PROJECT", help="A project folder.")]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, or a project folder for its newest run.")]
Output = Annotated[Path | None, typer.Option("-o", "--output", help="Where to write.")]
Split = Annotated[str, typer.Option("--split", help="train, validation or test.")]


@app.callback()
def options(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    """Answers `--version`. Without a command the caller (`workbench.__main__`) has opened the window already."""
    if version:
        from workbench import __version__

        typer.echo(__version__)
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(2)


@app.command()
def templates(json: Json = False) -> None:
    """List starter projects."""
    guarded("catalogues", "templates", json)


@app.command()
def catalogue(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="layers, formats, generators, objectives, optimizers, schedules, methods, ...")],
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="One entry.", show_default=False)] = "",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE.svg", help="Where the picture of a layer goes.", show_default=False)
    ] = None,
    json: Json = False,
) -> None:
    """Show what can be chosen: ports, parameters, help; for a layer, its page and its picture."""
    guarded("catalogues", "catalogue", json, kind=kind, name=name, output=output)


@app.command()
def new(
    template: Annotated[str, typer.Argument(metavar="TEMPLATE", help="A starter's name, `auto`, or FILE.py[:CLASS] to read PyTorch source.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that does not exist yet.")],
    data: Annotated[str, typer.Option("--data", metavar="SRC", help="A file, a folder, or generated:NAME.", show_default=False)] = "",
    weights: Annotated[
        Path | None, typer.Option("--weights", metavar="FILE", help="With FILE.py: its weights as safetensors or npz.", show_default=False)
    ] = None,
    json: Json = False,
) -> None:
    """Make a project from a starter or from data."""
    guarded("projects", "new", json, template=template, folder=folder, data=data, weights=weights)


@app.command()
def check(project: ProjectFolder, settings: Settings = None, json: Json = False) -> None:
    """Show shapes, problems with fixes, parameters and cost."""
    guarded("projects", "check", json, folder=project, settings=settings or [])


@app.command()
def code(
    project: ProjectFolder,
    output: Output = None,
    table: Annotated[str, typer.Option("--table", metavar="md|latex", help="Write the table of layers instead.", show_default=False)] = "",
    settings: Settings = None,
    json: Json = False,
) -> None:
    """Write the model as plain PyTorch source, or its layers as a table."""
    guarded("projects", "code", json, folder=project, output=output, form=table, settings=settings or [])


@app.command()
def data(
    source: Annotated[str, typer.Argument(metavar="SRC", help="A file, a folder, a project, sample:NAME or generated:NAME.")],
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="PARAM=VALUE", help="A parameter of the format; repeatable.")] = None,
    json: Json = False,
) -> None:
    """Show what a dataset holds."""
    guarded("datasets", "data", json, source=source, settings=settings or [])


@app.command()
def make(
    project: ProjectFolder,
    copies: Annotated[
        int, typer.Option("--copies", metavar="N", min=0, help="Draws of every row, or texts of the run; left out, lists.", show_default=False)
    ] = 0,
    rows: Annotated[str, typer.Option("--rows", metavar="TAG|CLASS", help="Only of training rows with this tag or class.", show_default=False)] = "",
    name: Annotated[str, typer.Option("--name", help="What the set is called.", show_default=False)] = "",
    augment: Annotated[
        list[str] | None, typer.Option("--augment", metavar="NAME", help="Draw by this instead of the project's augmentations; repeatable.")
    ] = None,
    run: Annotated[Path | None, typer.Option("--from", metavar="RUN", help="Let this run write texts.", show_default=False)] = None,
    temperature: Annotated[float, typer.Option("--temperature", help="With --from: how freely it writes.")] = 1.0,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="Of the draws; left out, made of that of the recipe and the name.", show_default=False)
    ] = None,
    remove: Annotated[str, typer.Option("--remove", metavar="NAME", help="No longer train on this set.", show_default=False)] = "",
    json: Json = False,
) -> None:
    """Make rows to train on: kept draws of the augmentation, or texts of a run."""
    guarded(
        "making", "make", json, folder=project, copies=copies, rows=rows, name=name, augment=augment or [], run=run, temperature=temperature,
        seed=seed, remove=remove,
    )


@app.command()
def train(
    project: ProjectFolder,
    resume: Annotated[str, typer.Option("--resume", metavar="last|RUN", help="Go on with a run that was interrupted.", show_default=False)] = "",
    start_from: Annotated[
        str, typer.Option("--from", metavar="RUN|FILE|FOLDER", help="Start from these weights: a run, safetensors or npz.", show_default=False)
    ] = "",
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:N or mps.", show_default=False)] = "",
    name: Annotated[str, typer.Option("--name", help="What the run is called.", show_default=False)] = "",
    settings: Settings = None,
    json: Json = False,
) -> None:
    """Train a project, or go on with a run."""
    guarded("training", "train", json, folder=project, resume=resume, start_from=start_from, device=device, name=name, settings=settings or [])


@app.command()
def study(
    project: ProjectFolder,
    kind: Annotated[str, typer.Argument(metavar="[KIND]", help="folds, budget or paired; left out, lists the studies.", show_default=False)] = "",
    folds: Annotated[int, typer.Option("--folds", min=0, help="folds: how many; default 5.", show_default=False)] = 0,
    shares: Annotated[
        str, typer.Option("--shares", metavar="5,10,25,50,100", help="budget: parts of the training rows, in %.", show_default=False)
    ] = "",
    vary: Annotated[
        list[str] | None,
        typer.Option("--vary", metavar="CHANGE", help="paired: augmentation, made-rows, class-weights, oversampling or NAME=VALUE; repeatable."),
    ] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=0, help="budget, paired: how often, from other seeds.", show_default=False)] = 0,
    resume: Annotated[str, typer.Option("--resume", metavar="last|STUDY", help="Go on with a study that was interrupted.", show_default=False)] = "",
    settings: Settings = None,
    json: Json = False,
) -> None:
    """Answer a question that takes several runs: wrong labels, label budget, one change."""
    given = {"folds": folds, "shares": shares, "vary": vary or [], "seeds": seeds}
    guarded("studying", "study", json, folder=project, kind=kind, given=given, settings=settings or [], resume=resume)


@app.command(name="eval")
def evaluate(run: Run, split: Split = "test", json: Json = False) -> None:
    """Show metrics, the confusion matrix and the worst rows."""
    guarded("evaluation", "evaluate", json, folder=run, split=split)


@app.command()
def explain(
    run: Run,
    method: Annotated[str, typer.Option("--method", help="`workbench catalogue methods` lists them.")],
    row: Annotated[int, typer.Option("--row", min=0, help="The number of the row within its split.")],
    split: Split = "test",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Where the picture goes.")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="PARAM=VALUE", help="A parameter of the method; repeatable.")] = None,
    json: Json = False,
) -> None:
    """Say why the model decided as it did for one row."""
    guarded("explaining", "explain", json, folder=run, method=method, row=row, split=split, output=output, settings=settings or [])


@app.command()
def export(
    run: Run,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="BUNDLE", help="The folder of the bundle.")],
    opset: Annotated[int | None, typer.Option("--opset", min=18, max=23, help="ONNX operator set; default: the project's.")] = None,
    json: Json = False,
) -> None:
    """Write a verified ONNX bundle."""
    guarded("exporting", "export", json, folder=run, output=output, opset=opset or 0)


@app.command()
def predict(
    model: Annotated[Path, typer.Argument(metavar="BUNDLE|RUN", help="An exported bundle or a run folder.")],
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT...", help="Images, folders, tables (csv, tsv, jsonl) or texts.")],
    provider: Annotated[str, typer.Option("--provider", help="What ONNX Runtime runs on: cpu, cuda, ...")] = "cpu",
    allow_fallback: Annotated[bool, typer.Option("--allow-fallback", help="Let the CPU stand in for a missing provider.")] = False,
    json: Json = False,
) -> None:
    """Predict with a bundle or a run."""
    guarded("exporting", "predict", json, model=model, inputs=inputs, provider=provider, allow_fallback=allow_fallback)


@app.command()
def runs(project: ProjectFolder, json: Json = False) -> None:
    """List the runs of a project."""
    guarded("projects", "runs", json, folder=project)


@app.command(name="check-layer")
def check_layer(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A Python file with a layer; it runs, in a process of its own.", show_default=False)
    ] = None,
    trust: Annotated[bool, typer.Option("--trust", help="Where all checks pass: put it among your own layers and trust it.")] = False,
    new: Annotated[str, typer.Option("--new", metavar="NAME", help="Write a first file with its test, then check it.", show_default=False)] = "",
    kind: Annotated[str, typer.Option("--kind", help="What --new begins with: keep, features, merge or sequence.")] = "keep",
    param: Annotated[
        list[str] | None, typer.Option("--param", metavar="NAME:TYPE=DEFAULT:LOW:HIGH", help="A parameter for --new; repeatable.")
    ] = None,
    json: Json = False,
) -> None:
    """Run the contract tests on a layer of your own."""
    guarded("own_layers", "check_layer", json, file=file, trusted=trust, new=new, kind=kind, params=param or [])


@app.command()
def doctor(json: Json = False) -> None:
    """Check what this computer has, and say what to type."""
    guarded("environment", "doctor", json)
