import type { ComponentChildren } from 'preact';
import type { FleetSummary } from '../../wechat-token/http/admin/admin.types.js';
import type { Loaded } from '../api/use-api.js';
import type { Formats } from '../i18n/format.js';
import { useTexts } from '../i18n/language.js';
import { CountChart } from '../parts/count-chart.js';
import { ProblemNote } from '../parts/problem-note.js';
import { Skeleton } from '../parts/skeleton.js';

const DATABASES: Readonly<Record<string, string>> = {
  mysql: 'MySQL/MariaDB',
  postgres: 'PostgreSQL',
  sqlite: 'SQLite',
};

/** The last day, and the state of what the tokens depend on. */
export function FleetSummaryCards({
  summary: { data, failure, reload },
}: {
  readonly summary: Loaded<FleetSummary>;
}) {
  const { texts, format } = useTexts();
  if (failure && !data)
    return (
      <ProblemNote
        title={texts.stats.failed}
        failure={failure}
        onRetry={reload}
      />
    );
  return (
    <div class="cards">
      {(['refreshed', 'failed'] as const).map((what) => (
        <div key={what} class="card chart-card">
          {data ? (
            <CountChart
              what={what}
              title={
                what === 'refreshed'
                  ? texts.fleet.renewals
                  : texts.fleet.failures
              }
              period={texts.fleet.last24h}
              counts={data.hours}
              step={1}
            />
          ) : (
            <Skeleton width="40%" />
          )}
        </div>
      ))}
      <dl class="card facts">
        <Fact name={texts.fleet.platforms}>
          {data && (
            <>
              <span class="state" data-state={data.wechat.state}>
                {texts.fleet.platformStates[data.wechat.state]}
              </span>{' '}
              <span class="muted">
                {countsOf(data.wechat.failures, format)}
              </span>
            </>
          )}
        </Fact>
        <Fact name={texts.fleet.database}>
          {data && (
            <>
              {DATABASES[data.database.kind] ?? data.database.kind}{' '}
              <span class="muted">
                {texts.fleet.databaseAnswers(
                  format.latency(data.database.latencyMs),
                )}
              </span>
            </>
          )}
        </Fact>
        <Fact name={texts.fleet.replica}>
          {data && (
            <>
              <span
                key={data.replica.id}
                class="mono clip"
                title={data.replica.id}
              >
                {data.replica.id}
              </span>{' '}
              <span key={`role ${data.replica.id}`} class="muted">
                {texts.fleet.roles[data.replica.role] ?? data.replica.role}
              </span>
            </>
          )}
        </Fact>
      </dl>
      <div class="card holders">
        <h2>{texts.fleet.holders}</h2>
        {data ? (
          <Holders holders={data.leaseHolders} />
        ) : (
          <Skeleton width="70%" />
        )}
      </div>
    </div>
  );
}

/** `transient 3, quota 1` */
function countsOf(
  failures: Readonly<Record<string, number>>,
  format: Formats,
): string {
  return Object.entries(failures)
    .map(([name, count]) => `${name} ${format.number(count)}`)
    .join(', ');
}

function Fact({
  name,
  children,
}: {
  readonly name: string;
  readonly children: ComponentChildren;
}) {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children ?? <Skeleton width="60%" />}</dd>
    </div>
  );
}

function Holders({
  holders,
}: {
  readonly holders: FleetSummary['leaseHolders'];
}) {
  const { texts, format } = useTexts();
  if (holders.length === 0)
    return <p class="muted">{texts.fleet.holdersNone}</p>;
  return (
    <ul tabIndex={0} aria-label={texts.fleet.holders}>
      {holders.map(({ owner, tokens, lastAt }) => (
        <li key={owner}>
          <span class="mono clip" title={owner}>
            {owner}
          </span>
          <span class="muted">
            {texts.fleet.renewed(format.number(tokens))}
            {' · '}
            {format.hours(lastAt, 1)}
          </span>
        </li>
      ))}
    </ul>
  );
}
