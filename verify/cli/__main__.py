"""`python -m verify.cli`."""

from __future__ import annotations

from verify.cli.entry import main

if __name__ == "__main__":
    main()
