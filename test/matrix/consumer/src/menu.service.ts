import { Injectable } from '@nestjs/common';
import { AccessTokenProvider, WechatApiClient } from 'nestjs-wechat-token';

@Injectable()
export class MenuService {
  constructor(
    private readonly wechat: WechatApiClient,
    private readonly tokens: AccessTokenProvider,
  ) {}

  menu(): Promise<{ errcode: number }> {
    return this.wechat.get<{ errcode: number }>('/cgi-bin/menu/get');
  }

  token(): Promise<string> {
    return this.tokens.getAccessToken();
  }
}
