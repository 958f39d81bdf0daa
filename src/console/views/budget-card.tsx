import type { TokenStats } from '../../wechat-token/http/admin/admin.types.js';
import { useNow } from '../clock.js';
import { useTexts } from '../i18n/language.js';
import { Skeleton } from '../parts/skeleton.js';

/** What is left of the day's forced renewals. @param forced Undefined until it is loaded. */
export function BudgetCard({
  forced,
}: {
  readonly forced: TokenStats['forced'] | undefined;
}) {
  const { texts, format } = useTexts();
  const now = useNow();
  return (
    <section class="card budget" aria-labelledby="budget-title">
      <h2 id="budget-title">{texts.budget.title}</h2>
      {forced ? (
        <>
          <p class="budget-left">
            {texts.budget.left(
              format.number(forced.left),
              format.number(forced.limit),
            )}
          </p>
          <div class="pips" aria-hidden="true">
            {Array.from({ length: forced.limit }, (_, place) => (
              <span key={place} data-spent={place >= forced.left} />
            ))}
          </div>
          <p class="muted tabular">
            {texts.budget.resets(
              format.time(forced.resetsAt, now),
              format.duration(Date.parse(forced.resetsAt) - now),
            )}
          </p>
          <p class="muted tabular">
            {texts.budget.china(format.china(forced.resetsAt))}
          </p>
        </>
      ) : (
        <Skeleton width="60%" />
      )}
    </section>
  );
}
