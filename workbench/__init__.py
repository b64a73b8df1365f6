"""Model Workbench: draw neural networks, watch them learn, ask them why, take them away."""

__version__ = "0.1.0"
