"""The command ``lanedet benchmark``, as a file."""

from lanedet.cli.benchmark import main

if __name__ == "__main__":
    main()
