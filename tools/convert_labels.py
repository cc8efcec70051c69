"""The command ``lanedet convert``, as a file."""

from lanedet.cli.convert import main

if __name__ == "__main__":
    main()
