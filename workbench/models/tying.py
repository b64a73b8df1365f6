"""Tied parameters as lines of source: one by one, or as a loop over the repetitions of a group."""

from __future__ import annotations

from itertools import groupby

from workbench.graph.repetitions import singular as singular_of
from workbench.models.plan import Plan
from workbench.models.steps import Loop

_Key = tuple[str, str, str]


def singular(name: str) -> str:
    """Returns the variable that stands for one of several: `block` of `blocks`; another name where there is no singular."""
    one = singular_of(name)
    return one if one != name else f"{name}_"


def tie_lines(planned: Plan) -> list[str]:
    """Returns the lines that tie parameters, in order."""
    times = {loop.path: loop.times for loop in planned.body if isinstance(loop, Loop)}
    found: dict[_Key, list[int]] = {}
    for shared in planned.shared:
        head, number, tail = _split(shared.path, times)
        own = f"{head}.{number}."
        inside = number >= 0 and shared.owner.startswith(own)
        owner = f"{{one}}.{_written(shared.owner.removeprefix(own))}" if inside else f"self.{_written(shared.owner)}"
        found.setdefault((head, tail, owner), []).append(number)
    lines: list[str] = []
    for (head, numbers), group in groupby(((key, tuple(found[key])) for key in found), key=lambda each: (each[0][0], each[1])):
        lines += _lines(head, numbers, [key for key, _ in group], times.get(head, 0))
    return lines


def _split(path: str, times: dict[str, int]) -> tuple[str, int, str]:
    """Returns the repeated group around a parameter, the number of its repetition and the rest; "", -1 and all where there is none."""
    head = next((group for group in times if path.startswith(f"{group}.")), "")
    if not head:
        return "", -1, path
    number, _, tail = path[len(head) + 1:].partition(".")
    return head, int(number), tail


def _lines(head: str, numbers: tuple[int, ...], keys: list[_Key], times: int) -> list[str]:
    first = min(numbers)
    if not head or len(numbers) == 1 or first > 1 or numbers != tuple(range(first, times)):
        own = [f"self.{head}[{number}]" if head else "self" for number in numbers]
        return [f"{one}.{_written(tail)} = {owner.format(one=one)}" for one in own for _, tail, owner in keys]
    one = singular(head.rpartition(".")[2])
    lines = [f"for {one} in self.{head}{'' if first == 0 else '[1:]'}:"]
    return lines + [f"    {one}.{_written(tail)} = {owner.format(one=one)}" for _, tail, owner in keys]


def _written(path: str) -> str:
    """Returns a path as source: numbers in brackets."""
    first, *rest = path.split(".")
    return first + "".join(f"[{step}]" if step.isdigit() else f".{step}" for step in rest)


__all__ = ["singular", "tie_lines"]
