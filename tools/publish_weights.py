"""The command ``lanedet weights``, as a file."""

from lanedet.cli.weights import main

if __name__ == "__main__":
    main()
