"""ONNX bundles: preprocessing inside the graph, parity with torch, prediction from the bundle alone.

Modules that a bundle is used with (`spec`, `session`, `predict`) import no torch.
"""
