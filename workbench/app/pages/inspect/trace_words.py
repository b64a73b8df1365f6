"""What the traces of recurrent layers are called."""

from __future__ import annotations

from workbench.app.language import tr

WORDS = {
    "hidden": "hidden state", "cell": "cell state", "input_gate": "input gate", "forget_gate": "forget gate",
    "cell_candidate": "cell candidate", "output_gate": "output gate", "reset_gate": "reset gate", "update_gate": "update gate",
}


def trace_words(name: str) -> str:
    """Returns the name of a trace in the language in use."""
    return tr(WORDS.get(name, name))
