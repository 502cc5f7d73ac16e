"""The version that reports and certificates name."""

from __future__ import annotations

__version__ = "0.1.0"
