"""The command ``lanedet test``, as a file."""

from lanedet.cli.test import main

if __name__ == "__main__":
    main()
