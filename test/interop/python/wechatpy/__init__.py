"""
A model of wechatpy's client, on the standard library alone: its requests, its cache and what it does about a token that is
refused are those of wechatpy/client/base.py and wechatpy/client/__init__.py; of the APIs there is only get().
"""

import json
import time
import urllib.parse
import urllib.request

from wechatpy.exceptions import WeChatClientException


class WeChatClient:
    API_BASE_URL = "https://api.weixin.qq.com/cgi-bin/"

    def __init__(self, appid, secret, access_token=None, session=None, timeout=None, auto_retry=True):
        self.appid = appid
        self.secret = secret
        self.timeout = timeout
        self.auto_retry = auto_retry
        self.expires_at = None
        self.cached = access_token

    @property
    def access_token(self):
        if self.cached and (not self.expires_at or self.expires_at - time.time() > 60):
            return self.cached
        self.fetch_access_token()
        return self.cached

    def fetch_access_token(self):
        return self._fetch_access_token(
            url="https://api.weixin.qq.com/cgi-bin/token",
            params={"grant_type": "client_credential", "appid": self.appid, "secret": self.secret},
        )

    def _fetch_access_token(self, url, params):
        result = self._http(f"{url}?{urllib.parse.urlencode(params)}")
        if "errcode" in result and result["errcode"] != 0:
            raise WeChatClientException(result["errcode"], result["errmsg"])
        self.cached = result["access_token"]
        self.expires_at = int(time.time()) + result["expires_in"]
        return result

    def _request(self, method, url_or_endpoint, **kwargs):
        url = url_or_endpoint
        if not url.startswith(("http://", "https://")):
            url = kwargs.pop("api_base_url", self.API_BASE_URL) + url
        params = kwargs.setdefault("params", {})
        if "access_token" not in params:
            params["access_token"] = self.access_token
        result = self._http(f"{url}?{urllib.parse.urlencode(params)}")
        errcode = result.get("errcode", 0)
        if errcode == 0:
            return result
        if self.auto_retry and errcode in (40001, 40014, 42001):
            self.fetch_access_token()
            params["access_token"] = self.cached
            return self._request(method, url, **kwargs)
        raise WeChatClientException(errcode, result["errmsg"])

    def get(self, url, **kwargs):
        return self._request(method="get", url_or_endpoint=url, **kwargs)

    def _http(self, url):
        with urllib.request.urlopen(url, timeout=self.timeout) as response:
            return json.load(response)
