"""Asks WeChat for the addresses of its servers, with a token of the token server."""

import os
import sys

from token_client import CallError, TokenClient

for name in ("TOKEN_SERVER", "TOKEN_KEY"):
    if not os.environ.get(name):
        sys.exit(f"Set {name}: TOKEN_SERVER is the address of the token server, TOKEN_KEY one of its API keys.")
client = TokenClient(
    os.environ["TOKEN_SERVER"],
    os.environ["TOKEN_KEY"],
    name=os.environ.get("TOKEN_NAME", "access_token"),
    wechat=os.environ.get("WECHAT_API_BASE_URL", "https://api.weixin.qq.com"),
    timeout=float(os.environ.get("TOKEN_TIMEOUT", 15)),
)
try:
    addresses = client.call("/cgi-bin/get_api_domain_ip")["ip_list"]
except CallError as error:
    sys.exit(str(error))
print(f"WeChat has {len(addresses)} servers, such as {addresses[0]}")
