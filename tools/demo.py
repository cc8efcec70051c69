"""The command ``lanedet demo``, as a file."""

from lanedet.cli.demo import main

if __name__ == "__main__":
    main()
