"""Exit 0 when the shared libraries that WeasyPrint opens can be opened, 1 when one cannot."""

import ctypes
import ctypes.util
import sys

NEEDED = (
    ("gobject-2.0", "libgobject-2.0.so.0"),
    ("pango-1.0", "libpango-1.0.so.0"),
    ("pangoft2-1.0", "libpangoft2-1.0.so.0"),
    ("harfbuzz-subset", "libharfbuzz-subset.so.0"),
    ("fontconfig", "libfontconfig.so.1"),
)


def opens(name: str, file: str) -> bool:
    for candidate in (file, ctypes.util.find_library(name)):
        try:
            if candidate and ctypes.CDLL(candidate):
                return True
        except OSError:
            continue
    return False


missing = [name for name, file in NEEDED if not opens(name, file)]
if missing:
    print("Not found: " + ", ".join(missing), file=sys.stderr)
sys.exit(bool(missing))
