"""
A model of wechatpy's client for WeCom, on that for WeChat: what differs is as in wechatpy/work/client/__init__.py,
wechatpy/work/client/api/jsapi.py and wechatpy/client/api/base.py.
"""

import wechatpy


class WeChatJSAPI:
    def __init__(self, client):
        self._client = client

    def _get(self, url, **kwargs):
        if getattr(self, "API_BASE_URL", None):
            kwargs["api_base_url"] = self.API_BASE_URL
        return self._client.get(url, **kwargs)

    def get_ticket(self):
        return self._get("get_jsapi_ticket")

    def get_agent_ticket(self):
        return self._get("ticket/get", params={"type": "agent_config"})


class WeChatClient(wechatpy.WeChatClient):
    API_BASE_URL = "https://qyapi.weixin.qq.com/cgi-bin/"

    def __init__(self, corp_id, secret, access_token=None, session=None, timeout=None, auto_retry=True):
        self.corp_id = corp_id
        super().__init__(corp_id, secret, access_token, session, timeout, auto_retry)
        self.jsapi = WeChatJSAPI(self)

    def fetch_access_token(self):
        return self._fetch_access_token(
            url="https://qyapi.weixin.qq.com/cgi-bin/gettoken",
            params={"corpid": self.corp_id, "corpsecret": self.secret},
        )
