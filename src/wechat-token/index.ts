export {
  AccessTokenProvider,
  type AccessTokenOptions,
  type InvalidateOptions,
} from './access/access-token.provider.js';
export {
  WechatApiClient,
  type WechatCallOptions,
} from './access/wechat-api.client.js';
export type { AccountSource } from './accounts/account-source.js';
export type {
  AccountKind,
  TokenMode,
  WechatAccount,
} from './accounts/account.js';
export { Clock } from './clock.js';
export type { AdminView, TokenStatus } from './http/admin-view.js';
export type { Problem } from './http/problem.js';
export { ProblemFilter } from './http/problem.filter.js';
export type { TokenAnswer } from './http/tokens.controller.js';
export type { RefreshOutcome } from './refresh/refresh-outcome.js';
export {
  TokenRefresher,
  type RefreshRequest,
} from './refresh/token-refresher.js';
export { resealTokens } from './reseal-tokens.js';
export { wechatTokenEntities } from './store/entities.js';
export { wechatTokenMigrations } from './store/migrations/index.js';
export type { ResealedToken } from './store/resealing.js';
export {
  migratedDataSource,
  runMigrationsExclusively,
} from './store/run-migrations.js';
export { SystemVar } from './store/system-var.entity.js';
export { SystemVarStore } from './store/system-var.store.js';
export { TokenEvent, type TokenEventType } from './store/token-event.entity.js';
export { DEFAULT_ACCOUNT, parseTokenName, tokenName } from './token-name.js';
export { type FailureClass, UpstreamError } from './upstream/failure.js';
export * from './wechat-token.errors.js';
export {
  WechatTokenModule,
  type WechatTokenModuleExtras,
} from './wechat-token.module.js';
export type { WechatTokenModuleOptions } from './wechat-token.options.js';
export { validateOptions } from './wechat-token.options.schema.js';
export type {
  ApiKey,
  ApiKeySource,
  ApiScope,
  AppGuard,
  Role,
} from './wechat-token.settings.js';
