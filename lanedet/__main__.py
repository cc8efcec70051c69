"""``python -m lanedet``, the same as ``lanedet``."""

from lanedet.cli.main import main

if __name__ == "__main__":
    main()
