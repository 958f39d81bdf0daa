import type { TokenStats } from '../../wechat-token/http/admin/admin.types.js';
import type { Loaded } from '../api/use-api.js';
import { useTexts } from '../i18n/language.js';
import { CountChart } from '../parts/count-chart.js';
import { HourChart } from '../parts/hour-chart.js';
import { inSteps, meanLatency } from '../parts/hours.js';
import { ProblemNote } from '../parts/problem-note.js';
import { Skeleton } from '../parts/skeleton.js';

/** A bar for each: a token is renewed every two hours or so. */
const STEP_HOURS = 6;

/** The last 7 days of a token. */
export function StatsCharts({ stats }: { readonly stats: Loaded<TokenStats> }) {
  const { texts, format } = useTexts();
  const { data, failure, reload } = stats;
  if (failure && !data)
    return (
      <ProblemNote
        title={texts.stats.failed}
        failure={failure}
        onRetry={reload}
      />
    );
  if (!data)
    return (
      <div class="charts">
        {['refreshed', 'failed', 'latency'].map((what) => (
          <div key={what} class="card chart-card">
            <Skeleton width="40%" />
          </div>
        ))}
      </div>
    );
  const { hours } = data;
  const counts = inSteps(hours, STEP_HOURS);
  const mean = meanLatency(hours);
  return (
    <section class="charts" aria-label={texts.stats.title}>
      {(['refreshed', 'failed'] as const).map((what) => (
        <div key={what} class="card chart-card">
          <CountChart
            what={what}
            title={
              what === 'refreshed' ? texts.stats.renewals : texts.stats.failures
            }
            period={texts.stats.title}
            counts={counts}
            step={STEP_HOURS}
          />
        </div>
      ))}
      <div class="card chart-card">
        <HourChart
          title={texts.stats.latency}
          period={texts.stats.title}
          counts={counts}
          step={STEP_HOURS}
          valueOf={({ latencyMs }) => latencyMs}
          total={
            mean === null
              ? texts.stats.nothing
              : `${format.latency(mean)} ${texts.stats.mean}`
          }
          formatValue={format.latency}
          paint="accent"
          shape="line"
        />
      </div>
    </section>
  );
}
