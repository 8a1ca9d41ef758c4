"""`python -m responders`: the program `earnest`, where it is not on the path."""

from __future__ import annotations

from responders.cli.main import main

if __name__ == "__main__":
    main()
