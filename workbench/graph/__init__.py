"""The drawing: nodes, edges, shapes, problems, history. No torch, no Qt."""
