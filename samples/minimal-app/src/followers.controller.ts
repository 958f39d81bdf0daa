import { Controller, Get, Query } from '@nestjs/common';
import { WechatApiClient } from 'nestjs-wechat-token';

interface Followers {
  readonly total: number;
  readonly count: number;
  readonly data?: { readonly openid: readonly string[] };
  readonly next_openid: string;
}

@Controller('followers')
export class FollowersController {
  constructor(private readonly wechat: WechatApiClient) {}

  /** The client adds the access token, and renews it when WeChat rejects it. */
  @Get()
  list(@Query('after') after?: string): Promise<Followers> {
    return this.wechat.get<Followers>('/cgi-bin/user/get', {
      params: { next_openid: after },
    });
  }
}
