import type { AdminView } from '../../wechat-token/http/admin/admin.types.js';
import { serverNow } from '../clock.js';
import { explain } from '../i18n/failures.js';
import { useTexts } from '../i18n/language.js';
import {
  Countdown,
  LifeBar,
  NextAttempt,
  Relative,
} from '../parts/life-bar.js';
import { Skeleton } from '../parts/skeleton.js';
import { StatusBadge } from '../parts/status-badge.js';
import { here, tokenHref } from '../route.js';

const COLUMNS = [
  'token',
  'status',
  'life',
  'source',
  'renewed',
  'lease',
  'failures',
] as const;
const SKELETON_ROWS = 12;

/**
 * A row is a place, not a token: when the order changes, rows get new contents, and nothing on the page moves.
 * @param views Undefined until they are loaded.
 */
export function TokenTable({
  views,
  isLoading,
}: {
  readonly views: readonly AdminView[] | undefined;
  readonly isLoading: boolean;
}) {
  const { texts } = useTexts();
  // The roles are said again, since a narrow window lays rows out as cards.
  return (
    <table class="tokens" role="table" aria-busy={isLoading}>
      <caption class="visually-hidden">{texts.list.caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {COLUMNS.map((column) => (
            <th
              key={column}
              class={`c-${column}`}
              role="columnheader"
              scope="col"
            >
              {texts.list.columns[column]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {views
          ? views.map((view, place) => (
              <tr
                key={place}
                role="row"
                data-status={view.status}
                data-name={view.name}
              >
                <Cells key={view.name} view={view} />
              </tr>
            ))
          : Array.from({ length: SKELETON_ROWS }, (_, place) => (
              <SkeletonRow key={place} />
            ))}
      </tbody>
    </table>
  );
}

function Cells({ view }: { readonly view: AdminView }) {
  const { texts, format } = useTexts();
  const { name, status, lease } = view;
  return (
    <>
      <th class="c-token" role="rowheader" scope="row">
        <a class="row-link clip" href={here(tokenHref(name))} title={name}>
          {name}
        </a>
        <span class="sub clip">
          {view.account} · <span class="mono">{applicationOf(view)}</span> ·{' '}
          {texts.kinds[view.kind] ?? view.kind}
        </span>
      </th>
      <td class="c-status" role="cell">
        <StatusBadge status={status} />
      </td>
      <td class="c-life" role="cell">
        <LifeBar view={view} />
        <span class="sub tabular">
          <Countdown view={view} />
        </span>
      </td>
      <td class="c-source" role="cell">
        <span class="mono" title={view.masked ?? undefined}>
          {view.fingerprint ?? texts.none}
        </span>
        <span class="sub">{view.source ?? texts.none}</span>
      </td>
      <td class="c-renewed tabular" role="cell">
        {view.issuedAt === null ? texts.none : <Relative at={view.issuedAt} />}
      </td>
      <td class="c-lease" role="cell">
        {lease ? (
          <>
            <span class="mono clip" title={lease.owner}>
              {lease.owner}
            </span>
            <span class="sub tabular">
              {texts.token.leaseUntil(format.time(lease.until, serverNow()))}
            </span>
          </>
        ) : (
          <span class="muted">{texts.none}</span>
        )}
      </td>
      <td class="c-failures" role="cell">
        <Failures view={view} />
      </td>
    </>
  );
}

/** `ww…/1000002`: all applications of a corporation have one corpid. */
function applicationOf({ appId, agentId }: AdminView): string {
  return agentId === null ? appId : `${appId}/${agentId}`;
}

function Failures({ view }: { readonly view: AdminView }) {
  const { texts, format } = useTexts();
  const { platform, failureCount, lastError, nextAttemptAt } = view;
  if (failureCount === 0 && !lastError)
    return <span class="muted">{texts.none}</span>;
  return (
    <>
      <span class="failing clip">
        {lastError
          ? explain(texts.failures, platform, lastError).title
          : texts.list.failuresInARow(format.number(failureCount))}
      </span>
      <span class="sub tabular clip">
        {texts.list.failuresInARow(format.number(failureCount))}
        {nextAttemptAt && (
          <>
            {' · '}
            <NextAttempt at={nextAttemptAt} />
          </>
        )}
      </span>
    </>
  );
}

function SkeletonRow() {
  return (
    <tr role="row" class="waiting">
      {COLUMNS.map((column) => (
        <td key={column} class={`c-${column}`} role="cell">
          <Skeleton width="70%" />
        </td>
      ))}
    </tr>
  );
}
