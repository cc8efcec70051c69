"""The command ``lanedet export``, as a file."""

from lanedet.cli.export import main

if __name__ == "__main__":
    main()
