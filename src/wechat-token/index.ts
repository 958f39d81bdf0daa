export { AccessTokenProvider } from './access/access-token.provider.js';
export { TokenProvider } from './access/token.provider.js';
export type { TokenWithLife } from './access/token-reader.js';
export type {
  AccessTokenOptions,
  InvalidateOptions,
} from './access/access-token-options.js';
export {
  WechatApiClient,
  type WechatCallOptions,
  type WechatDownload,
  type WechatDownloadOptions,
} from './access/wechat-api.client.js';
export {
  type CardExt,
  type CardFilter,
  CardSignatureService,
  type CardToAdd,
  type ChooseCardConfig,
} from './access/card-signature.service.js';
export {
  type AgentConfig,
  type JsapiConfig,
  JsapiSignatureService,
} from './access/jsapi-signature.service.js';
export type { AccountSource, Several } from './accounts/account-source.js';
export type {
  Account,
  ConfiguredAccount,
  OwnAccount,
  TokenMode,
  WechatAccount,
  WechatTicket,
  WecomAccount,
  WecomTicket,
} from './accounts/account.js';
export type { AccountKind, WechatKind } from './accounts/account.types.js';
export { Clock } from './common/clock.js';
export type {
  AdminEvent,
  AdminView,
  EventPage,
  FleetSummary,
  HourCount,
  LeaseHolder,
  QuotaView,
  AdminRefreshRequest,
  StreamedPage,
  TokenPage,
  TokenStats,
  TokenStatus,
} from './http/admin/admin.types.js';
export type { Problem } from './http/problem/problem.types.js';
export { ProblemFilter } from './http/problem/problem.filter.js';
export type { TokenAnswer } from './http/tokens.controller.js';
export type { RefreshOutcome } from './renewal/refresh-outcome.types.js';
export {
  EngineHealth,
  type HealthReport,
  type HealthStatus,
} from './schedule/engine-health.js';
export {
  type HealthThresholds,
  type WechatTokenHealth,
  WechatTokenHealthIndicator,
} from './schedule/health.indicator.js';
export type {
  HealthReason,
  HealthReasonCode,
} from './schedule/token-health.js';
export {
  TokenRefresher,
  type RefreshRequest,
} from './schedule/token-refresher.js';
export {
  findSchemaGap,
  requireTables,
  type SchemaGap,
} from './store/migrations/schema-check.js';
export { resealTokens } from './store/reseal-tokens.js';
export { wechatTokenEntities } from './store/entities.js';
export { wechatTokenMigrations } from './store/migrations/index.js';
export type { ResealedToken } from './store/reseal-tokens.js';
export {
  migratedDataSource,
  runMigrationsExclusively,
} from './store/migrations/run-migrations.js';
export { SystemVar } from './store/system-var.entity.js';
export { SystemVarStore } from './store/system-var.store.js';
export { TokenHour } from './store/token-hour.entity.js';
export { TokenEvent, type TokenEventType } from './store/token-event.entity.js';
export {
  DEFAULT_ACCOUNT,
  parseTokenName,
  type TokenKind,
  type TokenName,
  tokenName,
} from './common/token-name.js';
export {
  checkCredentials,
  type CheckedAccount,
  type CheckedFault,
  type CheckedPlatform,
  type CheckedWechat,
} from './upstream/credential-check.js';
export type { Errcodes, Reaction } from './sources/errcodes.js';
export type { Platform } from './sources/platform.js';
export type {
  Call,
  CallLimit,
  InputTokens,
  IssueRequest,
  PlatformAnswer,
  PlatformCall,
  ProbeRequest,
  RepeatedCall,
  SourceAnswer,
  TokenSource,
} from './sources/token-source.js';
export { type FailureClass, UpstreamError } from './upstream/failure.js';
export * from './common/errors.js';
export type {
  HeldToken,
  HeldTokens,
  Observations,
  TokenMonitor,
  TokenObserver,
  Topic,
} from './common/observer.js';
export { ApiKeyGuard } from './http/auth/api-key.guard.js';
export { LogLine } from './common/log-line.js';
export { isLoopback } from './common/loopback.js';
export {
  WechatTokenModule,
  type WechatTokenModuleExtras,
} from './wechat-token.module.js';
export type { WechatTokenModuleOptions } from './options/options.js';
export { validateOptions } from './options/options.schema.js';
export type {
  ApiKey,
  ApiKeySource,
  ApiScope,
  AppGuard,
  PlainValues,
  Role,
} from './common/settings.js';
