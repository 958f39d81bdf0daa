"""Runs after a recipe of docs/interop.md and a `client`: both tickets and a business call for each line that comes in, or the error for each."""

import sys

for _ in sys.stdin:
    try:
        tickets = [client.jsapi.get_ticket(), client.jsapi.get_agent_ticket()]  # noqa: F821
        client.get("menu/get")  # noqa: F821
        print(*[ticket["ticket"] for ticket in tickets], flush=True)
    except Exception as error:
        print(error, flush=True)
