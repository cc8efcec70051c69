"""The command ``lanedet evaluate``, as a file."""

from lanedet.cli.evaluate import main

if __name__ == "__main__":
    main()
