import type { TestingModule } from '@nestjs/testing';
import {
  CardSignatureService,
  JsapiSignatureService,
} from '../../src/wechat-token/index.js';

/** The services that sign, of a replica. */
export function signaturesOf(module: TestingModule) {
  return {
    pages: module.get(JsapiSignatureService),
    cards: module.get(CardSignatureService),
  };
}
