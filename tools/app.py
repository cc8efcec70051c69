"""The command ``lanedet app``, as a file."""

from lanedet.cli.app import main

if __name__ == "__main__":
    main()
