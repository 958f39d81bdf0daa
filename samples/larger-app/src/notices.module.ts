import { Injectable, Module } from '@nestjs/common';
import { WechatApiClient } from 'nestjs-wechat-token';

@Injectable()
export class NoticesService {
  constructor(private readonly wechat: WechatApiClient) {}

  /** The client adds the access token, and renews it when WeChat rejects it. */
  async send(openId: string, content: string): Promise<void> {
    await this.wechat.post('/cgi-bin/message/custom/send', {
      touser: openId,
      msgtype: 'text',
      text: { content },
    });
  }
}

@Module({ providers: [NoticesService], exports: [NoticesService] })
export class NoticesModule {}
