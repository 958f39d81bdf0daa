import type { AdminView } from '../../wechat-token/http/admin/admin.types.js';
import { useNow } from '../clock.js';
import { useTexts } from '../i18n/language.js';
import { lifeOf, partOf } from '../parts/life.js';
import { Countdown, LifeBar, Relative } from '../parts/life-bar.js';

/** The bar of life in large, with its instants. */
export function LifeCard({ view }: { readonly view: AdminView }) {
  const { texts, format } = useTexts();
  const now = useNow();
  const life = lifeOf(view);
  const hasToken = view.fingerprint !== null;
  // A row without a token has instants, which say nothing.
  const instants = [
    ['issued', hasToken ? view.issuedAt : null],
    ['due', hasToken ? view.refreshAt : null],
    ['expires', hasToken ? view.expiresAt : null],
  ] as const;
  return (
    <section
      class="card life-card"
      aria-label={texts.token.lifeTitle}
      data-status={view.status}
    >
      <p class="life-left tabular">
        {hasToken ? <Countdown view={view} /> : texts.life.none}
      </p>
      <div class="life-large">
        <LifeBar key={view.name} view={view} />
        {life && hasToken && (
          <span
            class="life-now"
            aria-hidden="true"
            style={{ left: `${(partOf(life, now) * 100).toFixed(2)}%` }}
          >
            <span>{texts.life.now}</span>
          </span>
        )}
      </div>
      <dl class="instants">
        {instants.map(([what, at]) => (
          <div key={what}>
            <dt>{texts.life[what]}</dt>
            <dd class="tabular">
              {at === null ? (
                texts.none
              ) : (
                <>
                  {format.time(at, now)}
                  <span class="sub">
                    <Relative at={at} />
                  </span>
                </>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
