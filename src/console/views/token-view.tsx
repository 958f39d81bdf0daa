import { useState } from 'preact/hooks';
import type { AdminView } from '../../wechat-token/http/admin/admin.types.js';
import { tokenQuery } from '../api/api.js';
import { useApi, useEventStream, useLoaded } from '../api/use-api.js';
import { setClockBy } from '../clock.js';
import { useTexts } from '../i18n/language.js';
import { ConnectionNote } from '../parts/connection-note.js';
import { ProblemNote } from '../parts/problem-note.js';
import { Skeleton } from '../parts/skeleton.js';
import { here } from '../route.js';
import { StatusBadge } from '../parts/status-badge.js';
import { BudgetCard } from './budget-card.js';
import { ErrorCard } from './error-card.js';
import { History } from './history.js';
import { LifeCard } from './life-card.js';
import { QuotaCard } from './quota-card.js';
import { RefreshCard } from './refresh-card.js';
import { StatsCharts } from './stats-charts.js';
import { TokenFacts } from './token-facts.js';

/** One token. */
export function TokenView({
  name,
  listHref,
}: {
  readonly name: string;
  readonly listHref: string;
}) {
  const api = useApi();
  const { texts } = useTexts();
  const { data, setData, isLoading, failure, reload } = useLoaded(
    async (signal) => {
      const view = await api.token(name, signal);
      setClockBy(view);
      return view;
    },
    name,
  );
  const live = useEventStream(data ? tokenQuery(name) : null, (event) => {
    if (event.type !== 'token') return;
    const view = event.data as AdminView;
    if (view.name !== name) return;
    setClockBy(view);
    setData(() => view);
  });

  const state = failure && !data ? 'failed' : isLoading ? 'loading' : 'ready';
  return (
    <div
      class="token"
      data-state={state}
      data-connection={live.connection.state}
    >
      <a class="back" href={here(listHref)}>
        ← {texts.token.back}
      </a>
      <div class="title-row">
        <h1 tabIndex={-1} class="token-name">
          {name}
        </h1>
        {data && <StatusBadge status={data.status} />}
        {data && <ConnectionNote {...live} />}
      </div>
      {failure && !data && (
        <ProblemNote
          title={texts.token.failed}
          failure={failure}
          onRetry={failure.status === 404 ? undefined : reload}
        />
      )}
      {!failure && !data && <Waiting />}
      {data && <Details view={data} onAsked={reload} />}
    </div>
  );
}

/** @param onAsked Called after a renewal, whose answer may arrive before the stream's news. */
function Details({
  view,
  onAsked,
}: {
  readonly view: AdminView;
  readonly onAsked: () => void;
}) {
  const api = useApi();
  const { name, version, failureCount, status } = view;
  const [asked, setAsked] = useState(0);
  // Whatever happens to a token changes one of these.
  const news = [version, failureCount, status, asked].join();
  const stats = useLoaded((signal) => api.stats(name, signal), news);
  return (
    <div class="token-grid">
      <div class="column">
        <LifeCard view={view} />
        {view.lastError && <ErrorCard view={view} error={view.lastError} />}
      </div>
      <div class="column side">
        <TokenFacts view={view} />
        <RefreshCard
          view={view}
          forced={stats.data?.forced}
          onAsked={() => {
            setAsked((count) => count + 1);
            onAsked();
          }}
        />
        {view.canForce && <BudgetCard forced={stats.data?.forced} />}
        {hasQuota(view) && <QuotaCard name={name} />}
      </div>
      <div class="column">
        <StatsCharts stats={stats} />
        <History name={name} news={news} />
      </div>
    </div>
  );
}

/** WeChat tells it by the access token. */
function hasQuota({ name, platform }: AdminView): boolean {
  return name.split(':')[0] === 'access_token' && platform === 'WeChat';
}

function Waiting() {
  return (
    <div class="token-grid" aria-hidden="true">
      <div class="column">
        <div class="card life-card">
          <Skeleton width="40%" />
        </div>
      </div>
      <div class="column side">
        <div class="card waiting-facts" />
      </div>
      <div class="column">
        <div class="charts">
          <div class="card chart-card" />
          <div class="card chart-card" />
          <div class="card chart-card" />
        </div>
      </div>
    </div>
  );
}
