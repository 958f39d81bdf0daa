"""Calls of WeChat with the tokens of a token server. Needs Python 3.9 or later, and no package."""

import http.client
import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

REJECTED = (40001, 40014, 42001)
KEEP_SECONDS = 30  # how long a token is used before the server is asked whether it is still current
MARGIN_SECONDS = 10  # a token with less life than this is not used


class CallError(Exception):
    """`errcode`: WeChat's, if it refused the call. `retry_after`: seconds in which the token server is not asked."""

    def __init__(self, message, errcode=None, retry_after=None):
        super().__init__(message)
        self.errcode = errcode
        self.retry_after = retry_after


class TokenClient:
    """One for each account in a process; its threads share it. `timeout`: seconds that an answer may take to go on."""

    def __init__(self, server, key, name="access_token", wechat="https://api.weixin.qq.com", timeout=15):
        self._url = f"{server}/wechat-tokens/{name}"
        self._headers = {"Authorization": f"Bearer {key}"}
        self._wechat = wechat
        self._timeout = timeout
        self._lock = threading.Lock()
        self._value = self._etag = None
        self._failure = ""
        # Instants of time.monotonic(), which no change of the clock moves.
        self._ends = self._ask_again = self._retry_at = 0.0

    def call(self, path, body=None):
        """Calls WeChat, with POST if there is a body, and returns its answer."""
        token = self.token()
        answer = self._call_with(token, path, body)
        if answer.get("errcode") in REJECTED:
            answer = self._call_with(self.replace(token), path, body)
        if answer.get("errcode"):
            raise CallError(f"WeChat answered {answer['errcode']}: {answer.get('errmsg')}", answer["errcode"])
        return answer

    def token(self):
        """The token that is valid now."""
        with self._lock:
            if time.monotonic() >= self._ask_again:
                try:
                    self._ask_server("")
                except CallError:
                    # Without an answer, a token that is still valid goes on being used.
                    if time.monotonic() >= self._ends:
                        raise
            return self._value

    def replace(self, refused):
        """Reports a token that WeChat refused, and returns the one to use instead."""
        with self._lock:
            if self._value == refused:  # otherwise another thread has reported it meanwhile
                self._ask_server("/rejected", {"value": refused})
            return self._value

    def _ask_server(self, path, body=None):
        now = time.monotonic()
        if now < self._retry_at:
            raise CallError(self._failure, retry_after=self._retry_at - now)
        known = {"If-None-Match": self._etag} if self._etag and body is None and now < self._ends else {}
        try:
            status, headers, answer = self._fetch(self._url + path, body, {**self._headers, **known})
        except OSError as error:
            raise self._failed(f"no answer from {self._url}: {error}") from None
        if status == 200 and "value" in answer:
            self._value, self._etag = answer["value"], headers["ETag"]
            self._ends = now + answer["expiresIn"] - MARGIN_SECONDS
        elif status != 304:  # 304: the token is still current
            raise self._failed(f"{status}, {answer.get('detail')}", headers["Retry-After"])
        self._ask_again = min(now + KEEP_SECONDS, self._ends)

    def _failed(self, reason, retry_after=None):
        seconds = float(retry_after or 1)
        self._failure = f"The token server gave no token: {reason}"
        self._retry_at = time.monotonic() + seconds
        return CallError(self._failure, retry_after=seconds)

    def _call_with(self, token, path, body):
        sign = "&" if "?" in path else "?"
        url = f"{self._wechat}{path}{sign}{urllib.parse.urlencode({'access_token': token})}"
        try:
            status, _, answer = self._fetch(url, body, {})
        except OSError as error:
            raise CallError(f"No answer from WeChat to {path}: {error}") from None
        if status != 200:
            raise CallError(f"WeChat answered {path} with HTTP {status}")
        return answer

    def _fetch(self, url, body, headers):
        """Status, headers and JSON. Raises an OSError that does not name the URL, which may hold a token."""
        # WeChat would store \u4f60 as it stands.
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json", **headers})
        try:
            try:
                response = urllib.request.urlopen(request, timeout=self._timeout)
            except urllib.error.HTTPError as error:
                response = error  # an answer, too
            with response:
                return response.status, response.headers, json.loads(response.read() or "{}")
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ConnectionError(getattr(error, "reason", type(error).__name__)) from None
