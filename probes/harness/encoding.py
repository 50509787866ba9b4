"""JSON for what the app's processes say, with nothing that the app could patch.

Some libraries replace parts of ``json``: the default of its encoder, or how it takes an object
apart. So its C code is used, as it was before the app was imported.
"""

from __future__ import annotations

from json.encoder import c_make_encoder as _make, encode_basestring_ascii as _text


def encode(value: object, default=repr) -> bytes:
    """An object as one line, without the line break; ``default`` is for values that JSON has not.

    Raises ``ValueError`` for an object that contains itself.
    """
    encoder = _make({}, default, _text, None, ": ", ", ", False, False, True)
    return "".join(encoder(value, 0)).encode("ascii")
