"""Many findings of files that cannot be read, said as one for every reason."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.data.base import DataProblem
from workbench.text import Text


def together(problems: Sequence[DataProblem]) -> list[DataProblem]:
    """Returns the problems with those of single files that share a reason as one, at the place of the first; files that stand alone stay."""
    groups: dict[str, list[DataProblem]] = {}
    for problem in problems:
        reason = _reason(problem)
        if reason:
            groups.setdefault(reason, []).append(problem)
    said: list[DataProblem] = []
    for problem in problems:
        group = groups.get(_reason(problem), [])
        if len(group) < 2:
            said.append(problem)
        elif group[0] is problem:
            because = Text("left out, {reason}.", reason=problem.message.values["reason"]) if isinstance(problem.message, Text) else problem.message
            message = Text("{count} files: {reason}", count=len(group), reason=because)
            said.append(DataProblem("unreadable", message, tuple(row for one in group for row in one.rows)))
    return said


def _reason(problem: DataProblem) -> str:
    """Returns why the one file of a problem cannot be read, without its name; "" for other problems."""
    single = problem.kind == "unreadable" and len(problem.rows) == 1 and isinstance(problem.message, Text)
    return str(problem.message.values.get("reason", "")).rstrip(".") if single and isinstance(problem.message, Text) else ""
