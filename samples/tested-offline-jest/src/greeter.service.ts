import { Injectable } from '@nestjs/common';
import { WechatApiClient } from 'nestjs-wechat-token';

@Injectable()
export class GreeterService {
  constructor(private readonly wechat: WechatApiClient) {}

  async greet(openId: string): Promise<void> {
    await this.wechat.post('/cgi-bin/message/custom/send', {
      touser: openId,
      msgtype: 'text',
      text: { content: 'Hello' },
    });
  }
}
