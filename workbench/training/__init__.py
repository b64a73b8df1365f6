"""The engine, its launchers, the run folder, the doctor."""
