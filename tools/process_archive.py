"""The command ``lanedet archive``, as a file."""

from lanedet.cli.archive import main

if __name__ == "__main__":
    main()
