import { useState } from 'preact/hooks';
import type { AdminView } from '../../wechat-token/http/admin/admin.types.js';
import { tokenQuery } from '../api/api.js';
import { useApi, useEventStream, useLoaded } from '../api/use-api.js';
import { setClockBy } from '../clock.js';
import { useTexts } from '../i18n/language.js';
import { ConnectionNote } from '../parts/connection-note.js';
import { ProblemNote } from '../parts/problem-note.js';
import { Skeleton } from '../parts/skeleton.js';
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
  const [asked, setAsked] = useState(0);
  const live = useEventStream(data ? tokenQuery(name) : null, (event) => {
    if (event.type !== 'token') return;
    const view = event.data as AdminView;
    if (view.name !== name) return;
    setClockBy(view);
    setData(() => view);
  });
  // Whatever happens to a token changes one of these.
  const news = data
    ? [data.version, data.failureCount, data.status, asked].join()
    : '';
  const stats = useLoaded((signal) => api.stats(name, signal), news);
  // A renewal's answer may arrive before the stream's news.
  const onAsked = () => {
    setAsked((count) => count + 1);
    reload();
  };

  const state = failure && !data ? 'failed' : isLoading ? 'loading' : 'ready';
  return (
    <div
      class="token"
      data-state={state}
      data-connection={live.connection.state}
    >
      <a class="back" href={listHref}>
        ← {texts.token.back}
      </a>
      <div class="title-row">
        <h1 tabIndex={-1} class="token-name">
          {name}
        </h1>
        {data && <StatusBadge status={data.status} />}
        {data && <ConnectionNote {...live} />}
      </div>
      {failure && !data ? (
        <ProblemNote
          title={texts.token.failed}
          failure={failure}
          onRetry={failure.status === 404 ? undefined : reload}
        />
      ) : (
        <div class="token-grid">
          <div class="column">
            {data ? (
              <>
                <LifeCard view={data} />
                {data.lastError && (
                  <ErrorCard view={data} error={data.lastError} />
                )}
              </>
            ) : (
              <div class="card life-card">
                <Skeleton width="40%" />
              </div>
            )}
            <StatsCharts stats={stats} />
            <History name={name} news={news} />
          </div>
          <div class="column side">
            <TokenFacts view={data} />
            {data && (
              <RefreshCard
                view={data}
                forced={stats.data?.forced}
                onAsked={onAsked}
              />
            )}
            <BudgetCard forced={stats.data?.forced} />
            <QuotaCard name={name} />
          </div>
        </div>
      )}
    </div>
  );
}
