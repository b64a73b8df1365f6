"""Drawing to torch module, to source code, to cost."""
