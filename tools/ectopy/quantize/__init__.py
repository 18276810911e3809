"""Keras to int8 TFLite (needs the train extra)."""
