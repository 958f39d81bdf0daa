import { useEffect, useRef } from 'preact/hooks';
import type { FleetSummary } from '../../wechat-token/http/admin/admin.types.js';
import { announce } from '../announce.js';
import { PAGE_SIZE } from '../api/api.js';
import { useApi, useLoaded } from '../api/use-api.js';
import { useVisible } from '../clock.js';
import { useTexts } from '../i18n/language.js';
import { ConnectionNote } from '../parts/connection-note.js';
import { ProblemNote } from '../parts/problem-note.js';
import {
  type Filters,
  hasFilters,
  listHref,
  NO_FILTERS,
  replaceRoute,
} from '../route.js';
import { FilterBar } from './filter-bar.js';
import { FleetSummaryCards } from './fleet-summary.js';
import { Pager } from './pager.js';
import { StatusCounts } from './status-counts.js';
import { TokenTable } from './token-table.js';
import { useTokenPage } from './use-token-page.js';

/** The counts follow what the stream tells, at this rate at most. */
const SUMMARY_MS = 3000;
/** And without news, since hours pass. */
const SUMMARY_LONGEST_MS = 30_000;

/** A finger does not hover, though browsers say so of what it has touched last. */
const BUSY = matchMedia('(hover: hover)').matches
  ? ':hover, :focus-within'
  : ':focus-within';

/** @param cursors `after` of each page from the second to this one. */
export function FleetView({
  filters,
  cursors,
  onCursors,
}: {
  readonly filters: Filters;
  readonly cursors: readonly string[];
  readonly onCursors: (cursors: readonly string[]) => void;
}) {
  const api = useApi();
  const { texts, format } = useTexts();
  const table = useRef<HTMLDivElement>(null);
  const isBusy = () => table.current?.matches(BUSY) ?? false;
  const after = cursors.at(-1) ?? '';
  const page = useTokenPage({ ...filters, after }, isBusy);
  const summary = useLoaded((signal) => api.summary(signal), '');
  useSummaryRate(page.changes, summary.reload);

  const setFilters = (chosen: Filters) => {
    onCursors([]);
    replaceRoute(listHref(chosen));
  };
  const turn = (to: readonly string[]) => {
    onCursors(to);
    table.current?.scrollIntoView({ block: 'nearest' });
  };
  // Where the focus goes is known when the event is over.
  const releaseWhenLeft = () =>
    setTimeout(() => {
      if (!isBusy()) page.release();
    });
  const { isLoading, hasLoaded, views } = page;
  useEffect(() => {
    if (hasLoaded && !isLoading)
      announce(texts.list.shown(format.number(views.length)));
  }, [hasLoaded, isLoading]);

  const state = page.failure ? 'failed' : isLoading ? 'loading' : 'ready';
  return (
    <div
      class="fleet"
      data-state={state}
      data-connection={page.live.connection.state}
    >
      <div class="title-row">
        <h1 tabIndex={-1}>{texts.list.title}</h1>
        {summary.data && (
          <span class="muted">
            {texts.list.total(format.number(summary.data.total))}
          </span>
        )}
        <ConnectionNote {...page.live} />
      </div>
      <section aria-label={texts.fleet.title} class="fleet-top">
        <StatusCounts
          counts={summary.data?.statuses}
          chosen={filters.statuses}
          onChoose={(statuses) => setFilters({ ...filters, statuses })}
        />
        <FleetSummaryCards summary={summary} />
      </section>
      <section aria-label={texts.list.title} class="list">
        <FilterBar
          filters={filters}
          kinds={kindsOf(summary.data, filters.kind)}
          onFilters={setFilters}
          isHeld={page.isHeld}
          onReorder={page.release}
        />
        {page.failure && (
          <ProblemNote
            title={texts.list.failed}
            failure={page.failure}
            onRetry={page.reload}
          />
        )}
        <div
          ref={table}
          class="table-frame"
          onMouseLeave={releaseWhenLeft}
          onFocusOut={releaseWhenLeft}
        >
          {hasLoaded && !isLoading && views.length === 0 ? (
            <Empty
              isFiltered={hasFilters(filters)}
              onClear={() => setFilters(NO_FILTERS)}
            />
          ) : (
            <TokenTable
              views={hasLoaded ? views : undefined}
              isLoading={isLoading}
            />
          )}
        </div>
        <Pager
          first={cursors.length * PAGE_SIZE + 1}
          count={views.length}
          onPrevious={
            cursors.length > 0 ? () => turn(cursors.slice(0, -1)) : undefined
          }
          onNext={
            page.next === null
              ? undefined
              : () => turn([...cursors, page.next ?? ''])
          }
        />
      </section>
    </div>
  );
}

/** The kinds to choose from, and the chosen one until they are loaded. */
function kindsOf(
  summary: FleetSummary | undefined,
  chosen: string,
): readonly string[] {
  return summary?.kinds ?? [chosen].filter(Boolean);
}

function useSummaryRate(changes: number, reload: () => void): void {
  const isVisible = useVisible();
  const loadedAt = useRef(Date.now());
  useEffect(() => {
    if (!isVisible) return undefined;
    const load = () => {
      loadedAt.current = Date.now();
      reload();
    };
    const since = Date.now() - loadedAt.current;
    const longest = changes === 0 ? SUMMARY_LONGEST_MS : SUMMARY_MS;
    const first = setTimeout(load, Math.max(0, longest - since));
    const later = setInterval(load, SUMMARY_LONGEST_MS);
    return () => {
      clearTimeout(first);
      clearInterval(later);
    };
  }, [changes, isVisible, reload]);
}

function Empty({
  isFiltered,
  onClear,
}: {
  readonly isFiltered: boolean;
  readonly onClear: () => void;
}) {
  const { texts } = useTexts();
  return (
    <div class="empty">
      <p class="empty-title">
        {isFiltered ? texts.list.noMatch : texts.list.empty}
      </p>
      {isFiltered ? (
        <button type="button" class="button" onClick={onClear}>
          {texts.list.clear}
        </button>
      ) : (
        <p class="muted">{texts.list.emptyMore}</p>
      )}
    </div>
  );
}
