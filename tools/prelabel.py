"""The command ``lanedet prelabel``, as a file."""

from lanedet.cli.prelabel import main

if __name__ == "__main__":
    main()
