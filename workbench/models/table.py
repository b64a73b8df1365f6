"""The drawing as a table of layers, for a paper or a README: Markdown and LaTeX."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.graph.repeat import counts
from workbench.models.cost import costs, total

if TYPE_CHECKING:
    from workbench.graph.infer import Inferred

HEADINGS = ("Layer", "Kind", "Output", "Parameters", "MACs")
_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "×": r"$\times$", "·": r"$\cdot$", "⌊": r"$\lfloor$", "⌋": r"$\rfloor$",
}


def rows(inferred: Inferred, length: int = 32) -> list[tuple[str, str, str, str, str]]:
    """Returns one row per layer in the order of computation, and the sums.

    Args:
        inferred: The shapes of a drawing.
        length: Stands for sizes that are not known yet.
    """
    found = costs(inferred, length)
    table: list[tuple[str, str, str, str, str]] = []
    for node in inferred.order:
        drawn, cost = inferred.graph[node], found.get(node)
        layer = inferred.layers.get(drawn.layer)
        shapes = ", ".join(str(shape) for shape in inferred.output_shapes(node).values())
        label = str(getattr(layer, "label", drawn.layer))
        parameters, macs = (cost.parameters, cost.macs) if cost else (0, 0)
        runs = counts(inferred.graph, drawn.group)[0]
        name = f"{drawn.path} ×{runs}" if runs > 1 else drawn.path
        table.append((name, label, shapes, f"{parameters:,}" if parameters else "", f"{macs:,}" if macs else ""))
    whole = total(found)
    return [*table, ("Total", "", "", f"{whole.parameters:,}", f"{whole.macs:,}")]


def markdown(inferred: Inferred, length: int = 32) -> str:
    """Returns the table as GitHub Markdown."""
    lines = [HEADINGS, ("---", "---", "---", "---:", "---:"), *([cell.replace("|", r"\|") for cell in row] for row in rows(inferred, length))]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def latex(inferred: Inferred, length: int = 32) -> str:
    """Returns the table as LaTeX, for the packages `booktabs` and `inputenc`."""
    *body, last = rows(inferred, length)
    head = [r"\begin{tabular}{lllrr}", r"\toprule", _line(HEADINGS), r"\midrule"]
    return "\n".join([*head, *map(_line, body), r"\midrule", _line(last), r"\bottomrule", r"\end{tabular}", ""])


def _line(cells: Sequence[str]) -> str:
    return " & ".join("".join(_LATEX.get(letter, letter) for letter in cell) for cell in cells) + r" \\"


__all__ = ["HEADINGS", "latex", "markdown", "rows"]
