export { FakeWechat } from './fake-wechat.js';
export { DEFAULT_FAKE_ACCOUNT } from './fake-wechat-options.js';
export type {
  FakeAccount,
  FakeWechatOptions,
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
export { ManualClock } from './manual-clock.js';
export type { IssueListener, IssueNotice } from './platform.js';
export type { TokenKind } from './token-space.js';
