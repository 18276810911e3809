"""Ahead-of-time compiler: graph to memory plan and kernel calls."""
