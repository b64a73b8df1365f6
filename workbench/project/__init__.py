"""The project as one value, its files, its runs, its recipe, and the checks that need more than the drawing."""
