"""Eyeballs for kernel functions that take locks by trylock."""

__version__ = "0.1.0"
