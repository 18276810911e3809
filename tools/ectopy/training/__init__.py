"""Training of the zoo architectures (needs the train extra)."""
