import { useEffect, useState } from 'preact/hooks';
import type { AdminEvent } from '../../wechat-token/http/admin/admin.types.js';
import { ApiFailure } from '../api/api-failure.js';
import { useApi, useLoaded } from '../api/use-api.js';
import { explain, refusalIn } from '../i18n/failures.js';
import { useTexts } from '../i18n/language.js';
import { ProblemNote } from '../parts/problem-note.js';
import { Skeleton } from '../parts/skeleton.js';

/** The types of events that a filter shows. */
const FILTERS = {
  all: [],
  renewals: ['refreshed', 'forced', 'restored'],
  failures: ['failed', 'lease-lost'],
  operators: ['asked', 'forced'],
  reports: ['reported', 'unconfirmed', 'rejected'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
type Filter = keyof typeof FILTERS;
const FILTER_NAMES = Object.keys(FILTERS) as readonly Filter[];

const COLUMNS = [
  'at',
  'type',
  'actor',
  'fingerprint',
  'latency',
  'detail',
] as const;

/** A page stays usable with so many; older ones are had by a filter no better. */
const MAX_EVENTS = 2000;

/** What happened to a token. @param news Changes with each event. */
export function History({
  name,
  news,
}: {
  readonly name: string;
  readonly news: string;
}) {
  const api = useApi();
  const { texts, format } = useTexts();
  const [filter, setFilter] = useState<Filter>('all');
  const newest = useLoaded((signal) => api.events(name, null, signal), news);
  const [events, setEvents] = useState<readonly AdminEvent[]>([]);
  /** `before` of the next page; undefined until something is loaded, null at the end. */
  const [before, setBefore] = useState<number | null>();
  const [older, setOlder] = useState<'idle' | 'loading' | ApiFailure>('idle');

  const { data } = newest;
  useEffect(() => {
    if (!data) return;
    setEvents((known) => merged(data.items, known));
    setBefore((known) => (known === undefined ? data.next : known));
  }, [data]);
  const loadOlder = async () => {
    if (typeof before !== 'number' || older === 'loading') return;
    setOlder('loading');
    try {
      const page = await api.events(name, before);
      setEvents((known) => merged(known, page.items));
      setBefore(page.next);
      setOlder('idle');
    } catch (error) {
      setOlder(error instanceof ApiFailure ? error : new ApiFailure(0));
    }
  };

  const types: readonly string[] = FILTERS[filter];
  const shown =
    types.length === 0
      ? events
      : events.filter(({ type }) => types.includes(type));
  const oldest = events.at(-1);
  return (
    <section class="card history" aria-label={texts.history.title}>
      <div class="card-head">
        <h2>{texts.history.title}</h2>
        <select
          class="select"
          aria-label={texts.history.filter}
          value={filter}
          onChange={({ currentTarget }) => {
            const chosen = FILTER_NAMES.find(
              (one) => one === currentTarget.value,
            );
            if (chosen) setFilter(chosen);
          }}
        >
          {FILTER_NAMES.map((one) => (
            <option key={one} value={one}>
              {texts.history.filters[one]}
            </option>
          ))}
        </select>
      </div>
      {newest.failure && !data && (
        <ProblemNote
          title={texts.history.failed}
          failure={newest.failure}
          onRetry={newest.reload}
        />
      )}
      {!data && !newest.failure && (
        <p>
          <Skeleton width="60%" />
        </p>
      )}
      {shown.length > 0 && <Events events={shown} />}
      {data && shown.length === 0 && (
        <p class="muted">
          {oldest
            ? texts.history.noMatch(
                format.number(events.length),
                format.full(oldest.at),
              )
            : texts.history.empty}
        </p>
      )}
      {older instanceof ApiFailure && (
        <ProblemNote title={texts.history.failed} failure={older} />
      )}
      {typeof before === 'number' && events.length < MAX_EVENTS && (
        <button
          type="button"
          class="button"
          aria-disabled={older === 'loading'}
          onClick={() => void loadOlder()}
        >
          {texts.history.older}
        </button>
      )}
      {before === null && events.length > 0 && (
        <p class="muted small">{texts.history.end}</p>
      )}
    </section>
  );
}

/** The newest first, each once. */
function merged(
  one: readonly AdminEvent[],
  other: readonly AdminEvent[],
): readonly AdminEvent[] {
  const byId = new Map([...one, ...other].map((event) => [event.id, event]));
  return [...byId.values()].sort((a, b) => b.id - a.id).slice(0, MAX_EVENTS);
}

function Events({ events }: { readonly events: readonly AdminEvent[] }) {
  const { texts, format } = useTexts();
  const { none } = texts;
  return (
    <table class="events" role="table">
      <caption class="visually-hidden">{texts.history.title}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {COLUMNS.map((column) => (
            <th
              key={column}
              class={`e-${column}`}
              role="columnheader"
              scope="col"
            >
              {texts.history.columns[column]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {events.map(
          ({ id, at, type, actor, fingerprint, latencyMs, detail }) => (
            <tr key={id} role="row" data-type={type}>
              <td class="e-at tabular" role="cell">
                <time dateTime={at}>{format.full(at)}</time>
              </td>
              <td class="e-type" role="cell">
                {texts.history.types[type] ?? type}
              </td>
              <td class="e-actor" role="cell">
                <span class="mono clip" title={actor ?? undefined}>
                  {actor ?? none}
                </span>
              </td>
              <td
                class="e-fingerprint mono"
                role="cell"
                data-none={fingerprint === null}
              >
                {fingerprint ?? none}
              </td>
              <td
                class="e-latency tabular"
                role="cell"
                data-none={latencyMs === null}
              >
                {latencyMs === null ? none : format.latency(latencyMs)}
              </td>
              <td class="e-detail" role="cell" data-none={detail === null}>
                <Detail detail={detail} />
              </td>
            </tr>
          ),
        )}
      </tbody>
    </table>
  );
}

/** A platform's refusal in the viewer's language, and the server's words behind it; other details as they are. */
function Detail({ detail }: Pick<AdminEvent, 'detail'>) {
  const { texts } = useTexts();
  if (detail === null) return <>{texts.none}</>;
  const refusal = refusalIn(detail);
  if (!refusal) return <span lang="en">{detail}</span>;
  const { platform, errcode } = refusal;
  const failure = { class: null, errcode };
  const { title } = explain(texts.failures, platform, failure);
  return (
    <details>
      <summary>
        {title} <span class="muted">{errcode}</span>
      </summary>
      <p class="words" lang="en">
        {detail}
      </p>
    </details>
  );
}
