class WeChatClientException(Exception):
    def __init__(self, errcode, errmsg):
        super().__init__(f"Error code: {errcode}, message: {errmsg}")
        self.errcode = errcode
