import type { TestingModule } from '@nestjs/testing';
import { CardSignatureService } from '../../src/wechat-token/access/card-signature.service.js';
import { JsapiSignatureService } from '../../src/wechat-token/access/jsapi-signature.service.js';
import { SignatureStamps } from '../../src/wechat-token/access/signature-stamps.js';
import { Accounts } from '../../src/wechat-token/accounts/accounts.js';
import { Clock, TokenProvider } from '../../src/wechat-token/index.js';
import { DatabaseClock } from '../../src/wechat-token/store/database-clock.js';

/** The services that sign, on the tokens of a replica. */
export function signaturesOf(module: TestingModule) {
  const tokens = module.get(TokenProvider);
  const accounts = module.get(Accounts);
  const stamps = new SignatureStamps(
    module.get(Clock),
    module.get(DatabaseClock),
  );
  return {
    pages: new JsapiSignatureService(tokens, accounts, stamps),
    cards: new CardSignatureService(tokens, accounts, stamps),
  };
}
