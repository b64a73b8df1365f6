"""Source in the window: a file is opened as a drawing, a class is pasted as nodes."""

from __future__ import annotations

from workbench.app.commands.sources import fragment_of, is_class
from workbench.graph import edit
from workbench.graph.graph import Graph

CLASS = """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return torch.erf(self.fc(x))
"""


def test_a_class_becomes_nodes() -> None:
    text, problem = fragment_of(CLASS)
    graph, ids = edit.paste_fragment(Graph(), text)
    assert [graph[node].name for node in ids][-3:] == ["fc", "erf1", "output"]
    assert problem is not None and "Line 7" in problem.message


def test_other_text_stays() -> None:
    graph, node = edit.add_node(Graph(), "relu")
    copied = edit.copy_fragment(graph, [node])
    assert not is_class(copied)
    assert fragment_of(copied) == (copied, None)
