"""The command ``lanedet check``, as a file."""

from lanedet.cli.check import main

if __name__ == "__main__":
    main()
