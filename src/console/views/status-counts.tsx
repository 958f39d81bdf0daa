import type {
  FleetSummary,
  TokenStatus,
} from '../../wechat-token/http/admin/admin.types.js';
import { useTexts } from '../i18n/language.js';
import { StatusShape } from '../parts/shapes.js';
import { Skeleton } from '../parts/skeleton.js';
import { STATUSES } from '../route.js';

/** How many tokens are in which status; each is a filter. @param counts Undefined until they are loaded. */
export function StatusCounts({
  counts,
  chosen,
  onChoose,
}: {
  readonly counts: FleetSummary['statuses'] | undefined;
  readonly chosen: readonly TokenStatus[];
  readonly onChoose: (statuses: readonly TokenStatus[]) => void;
}) {
  const { texts, format } = useTexts();
  const toggle = (status: TokenStatus) =>
    STATUSES.filter((one) => chosen.includes(one) !== (one === status));
  return (
    <div class="counts" role="group" aria-label={texts.fleet.statuses}>
      {STATUSES.map((status) => (
        <button
          key={status}
          type="button"
          class="count"
          data-status={status}
          data-empty={counts?.[status] === 0}
          aria-pressed={chosen.includes(status)}
          title={texts.statusMeans[status]}
          onClick={() => onChoose(toggle(status))}
        >
          <span class="count-name">
            <StatusShape status={status} />
            {texts.status[status]}
          </span>{' '}
          <span class="count-number">
            {counts ? format.number(counts[status]) : <Skeleton width="2ch" />}
          </span>
        </button>
      ))}
    </div>
  );
}
