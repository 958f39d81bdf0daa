export { FakeWechat } from './fake-wechat.js';
export {
  DEFAULT_FAKE_ACCOUNT,
  DEFAULT_FAKE_WECOM_ACCOUNT,
  fakeAppId,
} from './fake-wechat-options.js';
export type {
  FakeAccount,
  FakeWechatOptions,
  FakeWecomAccount,
  PlatformRules,
} from './fake-wechat-options.js';
export type { CallCounts } from './call-ledger.js';
export { errmsgFor, KNOWN_ERRCODES } from './error-answers.js';
export type {
  Endpoint,
  Fault,
  FaultTarget,
  InjectedFault,
  InjectOptions,
} from './faults.js';
export type { JsapiSignature } from './jsapi-signature.js';
export { ManualClock } from './manual-clock.js';
export type { IssueListener, IssueNotice } from './platform.js';
export type { TicketType } from './ticket-space.js';
export type { TokenKind } from './token-space.js';
export { KNOWN_WECOM_ERRCODES, wecomErrmsgFor } from './wecom-errors.js';
