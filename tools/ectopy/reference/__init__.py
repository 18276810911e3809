"""Readable int8 executor of a graph, and adapters to host interpreters."""
