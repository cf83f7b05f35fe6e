"""Code that runs inside verl's processes: trainer, agent loop, engine, reward function and plugin."""
