import type { Provider } from '@nestjs/common';
import { AccessTokenProvider } from './access/access-token.provider.js';
import { KnownAccounts } from './access/known-accounts.js';
import { BusinessPlatforms } from './access/business-platforms.js';
import { TokenProvider } from './access/token.provider.js';
import { CardSignatureService } from './access/card-signature.service.js';
import { JsapiSignatureService } from './access/jsapi-signature.service.js';
import { SignatureStamps } from './access/signature-stamps.js';
import { WechatApiClient } from './access/wechat-api.client.js';
import { Clock, MonotonicClock } from './common/clock.js';
import { AccessGuard } from './http/auth/access.guard.js';
import { AdapterRoutes } from './http/auth/adapter-routes.js';
import { RouteHandlerFactory } from './http/auth/route-handlers.js';
import { AdminStreams } from './http/admin/admin-streams.js';
import { AdminQueries } from './http/admin/admin-queries.js';
import { AdminQuotas } from './http/admin/admin-quotas.js';
import { AdminReports } from './http/admin/admin-reports.js';
import { TableScans } from './http/admin/table-scans.js';
import { ApiKeyAuthenticator } from './http/auth/api-key-authenticator.js';
import { AppGuards } from './http/auth/app-guards.js';
import { TokenReads } from './http/auth/token-reads.js';
import { ClientRefresh } from './http/wechat-shaped/client-refresh.js';
import { PlatformClients } from './http/wechat-shaped/platform-clients.js';
import { ShapedAnswers } from './http/wechat-shaped/shaped-answers.js';
import { HeldTokenMonitor } from './monitor/held-token-monitor.js';
import {
  BUILT_CONSOLE,
  CONSOLE_FOLDER,
  ConsoleFiles,
} from './http/console/console-files.js';
import { MountGuard } from './http/problem/mount.guard.js';
import { ProblemFilter } from './http/problem/problem.filter.js';
import { RowConflicts } from './observe/row-conflicts.js';
import { ReportLimit } from './observe/report-limit.js';
import { TokenJournal } from './observe/token-journal.js';
import { Answers } from './renewal/answers.js';
import { Leases } from './renewal/leases.js';
import { BoundedRenewal } from './access/bounded-renewal.js';
import { AccountCheck } from './schedule/account-check.js';
import { DueLeases } from './schedule/due-leases.js';
import { TargetLookups } from './schedule/target-lookups.js';
import { RenewalSchedule } from './schedule/renewal-schedule.js';
import { EngineHealth } from './schedule/engine-health.js';
import { TokenHealth } from './schedule/token-health.js';
import { WechatTokenHealthIndicator } from './schedule/health.indicator.js';
import { Rounds } from './schedule/rounds.js';
import { AccountScan } from './schedule/account-scan.js';
import { QueueRepair } from './schedule/queue-repair.js';
import { Budgets } from './renewal/budgets.js';
import { DirectRenewal } from './access/direct-renewal.js';
import { LostRows } from './schedule/lost-rows.js';
import { DueRound } from './schedule/due-round.js';
import { LeasedRenewal } from './renewal/leased-renewal.js';
import { LocalCoolDowns } from './renewal/policy/local-cool-downs.js';
import { Probes } from './renewal/policy/probes.js';
import { RecentAnswers } from './renewal/policy/recent-answers.js';
import { RenewalFailures } from './renewal/policy/renewal-failures.js';
import { ReportedTokens } from './renewal/reported-tokens.js';
import { RenewalTargets } from './renewal/policy/renewal-target.js';
import { TokenRefresher } from './schedule/token-refresher.js';
import { Renewer } from './renewal/renewer.js';
import { RowWatch } from './renewal/row-watch.js';
import { TokenWaiter } from './access/token-waiter.js';
import { ChangedTokens } from './schedule/changed-tokens.js';
import { ChangePoller } from './schedule/change-poller.js';
import { TokenStates } from './renewal/token-states.js';
import { PendingWrites } from './renewal/pending-writes.js';
import { Replica } from './common/replica.js';
import { SystemVarStore } from './store/system-var.store.js';
import { DatabaseClock } from './store/database-clock.js';
import { RowMapper } from './store/row-mapper.js';
import { TokenEvents } from './store/token-events.js';
import { TokenHours } from './store/token-hours.js';
import { TokenList } from './store/token-list.js';
import { TokenCache } from './cache/token-cache.js';
import { ChangeFeed } from './store/change-feed.js';
import { QueueFront } from './store/queue-front.js';
import { RenewalQueue } from './store/renewal-queue.js';
import { TokenStore } from './store/token-store.js';
import { WechatTokenLifecycle } from './wechat-token.lifecycle.js';
import { CallObserver } from './upstream/call-observer.js';
import { HttpClient } from './upstream/http-client.js';
import { Issuer } from './upstream/issuer.js';
import { PlatformGateway } from './upstream/gateway.js';

const upstream: Provider[] = [
  HttpClient,
  CallObserver,
  PlatformGateway,
  Issuer,
];

const store: Provider[] = [
  DatabaseClock,
  RowMapper,
  TokenStore,
  RenewalQueue,
  ChangeFeed,
  QueueFront,
  TokenEvents,
  TokenHours,
  TokenList,
  SystemVarStore,
];

const renewal: Provider[] = [
  Budgets,
  ReportedTokens,
  Probes,
  RecentAnswers,
  RenewalFailures,
  LocalCoolDowns,
  RenewalTargets,
  Leases,
  PendingWrites,
  TokenStates,
  Answers,
  LeasedRenewal,
  RowWatch,
  Renewer,
];

const access: Provider[] = [
  DirectRenewal,
  BoundedRenewal,
  TokenWaiter,
  TokenProvider,
  SignatureStamps,
  JsapiSignatureService,
  CardSignatureService,
  AccessTokenProvider,
  KnownAccounts,
  BusinessPlatforms,
  WechatApiClient,
];

const schedule: Provider[] = [
  TargetLookups,
  DueLeases,
  DueRound,
  ChangedTokens,
  LostRows,
  ChangePoller,
  Rounds,
  QueueRepair,
  AccountScan,
  AccountCheck,
  RenewalSchedule,
  TokenRefresher,
  TokenHealth,
  EngineHealth,
  WechatTokenHealthIndicator,
];

const monitor: Provider[] = [HeldTokenMonitor];

const http: Provider[] = [
  TokenReads,
  ClientRefresh,
  PlatformClients,
  ShapedAnswers,
  ApiKeyAuthenticator,
  AppGuards,
  MountGuard,
  AccessGuard,
  ProblemFilter,
  RouteHandlerFactory,
  AdapterRoutes,
  TableScans,
  AdminQueries,
  AdminReports,
  AdminQuotas,
  AdminStreams,
  { provide: CONSOLE_FOLDER, useValue: BUILT_CONSOLE },
  ConsoleFiles,
];

/** Every provider that does not depend on the module's options as the app gives them. */
export const providers: Provider[] = [
  { provide: Clock, useClass: MonotonicClock },
  Replica,
  ...store,
  ...upstream,
  TokenCache,
  ReportLimit,
  RowConflicts,
  TokenJournal,
  ...renewal,
  ...access,
  ...schedule,
  ...monitor,
  ...http,
  WechatTokenLifecycle,
];
