import { Test } from '@nestjs/testing';
import { WechatApiClient } from 'nestjs-wechat-token';
import { GreeterService } from './greeter.service.js';

it('greets the user who is named', async () => {
  const sent: unknown[] = [];
  const post = async (...call: unknown[]) => sent.push(...call);
  const app = await Test.createTestingModule({
    providers: [
      GreeterService,
      { provide: WechatApiClient, useValue: { post } },
    ],
  }).compile();
  await app.get(GreeterService).greet('a');
  expect(sent).toMatchObject(['/cgi-bin/message/custom/send', { touser: 'a' }]);
});
