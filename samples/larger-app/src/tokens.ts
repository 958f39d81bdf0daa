import { ConfigService } from '@nestjs/config';
import { WechatTokenModule } from 'nestjs-wechat-token';
import { WECHAT } from './databases.js';
import { Bare } from './envelope.interceptor.js';
import { OperatorGuard } from './session.guard.js';

export const tokens = WechatTokenModule.forRootAsync({
  isGlobal: true, // every module of the app injects its providers
  dataSource: WECHAT,
  metadata: [Bare()], // the console and scripts need answers as they are
  inject: [ConfigService],
  useFactory: (config: ConfigService) => ({
    accounts: [
      {
        appId: config.getOrThrow<string>('WECHAT_APP_ID'),
        appSecret: config.getOrThrow<string>('WECHAT_APP_SECRET'),
      },
    ],
    api: { baseUrl: config.get<string>('WECHAT_API_BASE_URL') },
    // The admin routes and the console are for the app's operators; no program asks this app for tokens.
    http: { guards: [OperatorGuard], tokens: false, wechatShaped: false },
  }),
});
