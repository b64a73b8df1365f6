"""The language of the expression layer: read with a closed grammar, checked with named axes, printed as plain PyTorch. Never evaluated."""
