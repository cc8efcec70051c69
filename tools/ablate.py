"""The command ``lanedet ablate``, as a file."""

from lanedet.cli.ablate import main

if __name__ == "__main__":
    main()
