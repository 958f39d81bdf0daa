"""Runs after a recipe of docs/interop.md and a `client`: a business call for each line that comes in, `ok` or the error for each."""

import sys

for _ in sys.stdin:
    try:
        client.get("menu/get")  # noqa: F821
        print("ok", flush=True)
    except Exception as error:
        print(error, flush=True)
