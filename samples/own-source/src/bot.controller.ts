import { Controller, Get } from '@nestjs/common';
import { AccessTokenProvider } from 'nestjs-wechat-token';

const { FEISHU_BASE_URL = 'https://open.feishu.cn' } = process.env;
const REJECTED = 99991663;

interface Bot {
  readonly code: number;
  readonly msg: string;
  readonly bot?: { readonly app_name: string };
}

@Controller('bot')
export class BotController {
  constructor(private readonly tokens: AccessTokenProvider) {}

  @Get()
  async info(): Promise<Bot> {
    const token = await this.tokens.getAccessToken('lark');
    const answer = await infoWith(token);
    return answer.code === REJECTED
      ? infoWith(await this.tokens.invalidate(token, 'lark'))
      : answer;
  }
}

async function infoWith(token: string): Promise<Bot> {
  const response = await fetch(`${FEISHU_BASE_URL}/open-apis/bot/v3/info`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return (await response.json()) as Bot;
}
