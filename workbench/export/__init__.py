"""ONNX bundles, parity with torch, prediction."""
