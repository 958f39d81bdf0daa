import { Controller, Get, Module } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { AccessTokenProvider } from 'nestjs-wechat-token';

const REJECTED = [40001, 40014, 42001];

interface Answer {
  readonly errcode?: number;
}

/** A call by an HTTP client of the app's own, here `fetch`. */
@Controller('menu')
export class MenuController {
  private readonly url: URL;

  constructor(
    private readonly tokens: AccessTokenProvider,
    config: ConfigService,
  ) {
    const host = 'https://api.weixin.qq.com';
    const baseUrl = config.get<string>('WECHAT_API_BASE_URL', host);
    this.url = new URL('/cgi-bin/menu/get', baseUrl);
  }

  @Get()
  async menu(): Promise<Answer> {
    const token = await this.tokens.getAccessToken();
    const answer = await this.menuWith(token);
    return REJECTED.includes(answer.errcode ?? 0)
      ? this.menuWith(await this.tokens.invalidate(token))
      : answer;
  }

  private async menuWith(token: string): Promise<Answer> {
    const query = new URLSearchParams({ access_token: token });
    const response = await fetch(`${this.url}?${query}`);
    return (await response.json()) as Answer;
  }
}

@Module({ controllers: [MenuController] })
export class MenuModule {}
