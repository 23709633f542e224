"""``python -m conformance`` is ``glm-conformance``, where the command is not on the path."""

from conformance.cli import main

if __name__ == "__main__":
    main()
