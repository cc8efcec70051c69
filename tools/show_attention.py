"""The command ``lanedet attention``, as a file."""

from lanedet.cli.attention import main

if __name__ == "__main__":
    main()
