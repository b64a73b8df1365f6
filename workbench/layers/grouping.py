"""Groups of channels: what divides evenly, and what to do where it does not."""

from __future__ import annotations

from math import gcd

from workbench.layers import fixes
from workbench.layers.base import Context, LayerProblem
from workbench.text import Text


def check_groups(groups: int, channels: int, filters: int, context: Context) -> None:
    """Raises where groups do not divide the channels and the filters of a convolution evenly.

    Raises:
        LayerProblem: They do not; the best fix takes the most groups that do.
    """
    if channels % groups == 0 and filters % groups == 0:
        return
    shared = gcd(gcd(channels, filters), groups)
    rounded = -(-filters // groups) * groups
    label = Text("Use {groups} groups", groups=shared) if shared > 1 else Text("Use 1 group")
    repairs = [fixes.change(context, label, groups=shared)]
    if channels % groups == 0:
        repairs.append(fixes.change(context, Text("Use {filters} filters", filters=rounded), filters=rounded))
    raise LayerProblem(
        "conv.groups",
        Text(
            "{node}: {groups} groups do not divide {channels} input channels and {filters} filters evenly.",
            node=context.name,
            groups=groups,
            channels=channels,
            filters=filters,
        ),
        reason=Text("Every group takes the same number of channels and gives the same number of filters."),
        port="input",
        fixes=repairs,
    )
