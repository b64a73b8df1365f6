"""Well-known networks: the drawing's model, with their weights, computes what they compute."""

from __future__ import annotations

import pytest
import torch

from tests.models.foreign import HEAD as USUAL
from tests.models.known import KNOWN, TEXT_CNN
from tests.models.known_more import MORE
from tests.models.test_reading_classes import listed, original, values
from workbench.models.build import build
from workbench.models.reading import load_foreign, read_source

OPEN = {"seq2seq-bahdanau": {"attention"}}
"""Networks that are not read to the end, and the groups in which something is a placeholder."""
HEAD = USUAL + "import copy\nimport math\nfrom collections import OrderedDict\nfrom dataclasses import dataclass\n"


@pytest.mark.filterwarnings(
    "ignore:enable_nested_tensor:UserWarning", "ignore:The PyTorch API of nested tensors:UserWarning", "ignore:Using padding=.same.:UserWarning"
)
@pytest.mark.parametrize("name", [*KNOWN, *(name for name in MORE if name not in OPEN)])
def test_equal_outputs(name: str) -> None:
    foreign = {**KNOWN, **MORE}[name]
    reading = read_source(HEAD + foreign.source)
    assert not [problem.message for problem in reading.problems if problem.severity == "error"]
    theirs, model = original(foreign, HEAD), build(reading.graph).eval()
    moved = load_foreign(model, theirs.state_dict(), reading.names, reading.zeros)
    assert not moved.left and not moved.missing
    with torch.no_grad():
        wanted = listed(theirs(*values(foreign, foreign.shapes), *foreign.more))
        reached = listed(model(*values(foreign, foreign.ours or foreign.shapes)))
    assert len(wanted) == len(reached)
    for one, other in zip(wanted, reached, strict=True):
        assert one.shape == other.shape
        assert torch.allclose(one, other, atol=1e-5), (one - other).abs().max()


def test_windows_over_rows_of_any_length_get_zeros_around_them() -> None:
    reading = read_source(HEAD + TEXT_CNN)
    assert {problem.kind for problem in reading.problems} == {"source.short-rows"}
    assert [problem.message.split(":")[0] for problem in reading.problems] == ["Line 19"] * 3
    assert [node.params.get("padding", "same") for node in reading.graph if node.layer == "conv1d"] == ["same"] * 3


@pytest.mark.parametrize("name", OPEN)
def test_what_is_not_read_stands_in_one_place(name: str) -> None:
    reading = read_source(HEAD + MORE[name].source)
    found = {reading.graph[problem.node].group for problem in reading.problems if problem.severity == "error"}
    assert found == OPEN[name]
