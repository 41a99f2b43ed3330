"""Pictures as evidence: checked whole, and drawn again without what the camera wrote. Pure."""

from __future__ import annotations

import io
import warnings
from typing import IO

from PIL import ExifTags, Image, ImageFile, ImageOps

from ..workbooks import FileRefused

FORMATS = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP"}
MOST_PIXELS = 80_000_000
SHOWN_SIDE = 1600
_DAMAGED = "This picture is damaged or was cut short on its way. Save it again and send that."
HELD_PLACE = (
    "The camera wrote where this picture was taken into the file. It is taken out of the picture "
    "that is shown."
)
_UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError, Warning)


def check_picture(file: IO[bytes], kind: str) -> tuple[str, ...]:
    """Notes for the supplier. Raises FileRefused for a picture that cannot be drawn."""
    with _opened(file, kind) as picture:
        notes = (HELD_PLACE,) if holds_place(picture) else ()
    return notes


def holds_place(picture: Image.Image) -> bool:
    return bool(picture.getexif().get_ifd(ExifTags.IFD.GPSInfo)) or b"exif:GPS" in (
        _xmp(picture) or b""
    )


def _xmp(picture: Image.Image) -> bytes:
    found = picture.info.get("xmp") or picture.info.get("XML:com.adobe.xmp") or b""
    return found.encode() if isinstance(found, str) else found


def shown_picture(file: IO[bytes], kind: str) -> bytes:
    """The picture as pages show it: upright, at most 1,600 pixels a side, pixels and nothing else."""
    with _opened(file, kind) as picture:
        upright = ImageOps.exif_transpose(picture)
        if kind == "jpeg" or upright.mode not in {"RGB", "RGBA", "L"}:
            upright = upright.convert("RGB" if kind == "jpeg" else "RGBA")
        upright.thumbnail((SHOWN_SIDE, SHOWN_SIDE))
        # A new picture of the same pixels: whatever was written beside them stays behind.
        clean = Image.new(upright.mode, upright.size)
        clean.paste(upright)
        out = io.BytesIO()
        clean.save(out, FORMATS[kind], **({"quality": 85} if kind != "png" else {}))
    return out.getvalue()


def _opened(file: IO[bytes], kind: str) -> Image.Image:
    """Read whole, so that one that was cut short is found. Raises FileRefused."""
    file.seek(0)
    # WeasyPrint, once it is loaded, tells Pillow to take a picture that was cut short as whole.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            picture = Image.open(file, formats=[FORMATS[kind]])
            width, height = picture.size
            if width * height > MOST_PIXELS:
                raise FileRefused(
                    f"This picture is {width:,} by {height:,} pixels. Make it smaller and send "
                    "it again."
                )
            if getattr(picture, "n_frames", 1) > 1 and kind != "jpeg":
                raise FileRefused("This picture moves. Send one that stands still.")
            picture.load()
    except FileRefused:
        raise
    except _UNREADABLE as error:
        raise FileRefused(_DAMAGED) from error
    finally:
        file.seek(0)
    return picture
