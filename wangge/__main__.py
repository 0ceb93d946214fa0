"""``python -m wangge`` is the program ``wangge``."""

import sys

from wangge.cli import main

sys.exit(main())
