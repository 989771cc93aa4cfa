"""`python -m core`: the command line, as bin/rosey starts it."""

import sys

from core.command_line.quick import plain
from core.errors import UserError


def main() -> int:
    run = plain(sys.argv[1:])
    if run is None:
        from core.command_line.app import main

        return main()
    try:
        run()
    except UserError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
