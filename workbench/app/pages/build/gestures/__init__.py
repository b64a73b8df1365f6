"""Mouse work on the canvas: one class per gesture, so that the view's event handlers stay small."""
