"""From the drawing to torch: a plan that two readers follow, one builds the module, one prints its source."""
