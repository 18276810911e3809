"""Compiler, make and ELF facts."""
