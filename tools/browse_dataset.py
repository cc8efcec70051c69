"""The command ``lanedet browse``, as a file."""

from lanedet.cli.browse import main

if __name__ == "__main__":
    main()
