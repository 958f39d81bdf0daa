import type { AdminView } from '../../wechat-token/http/admin/admin.types.js';
import { addressIn, explain } from '../i18n/failures.js';
import { useTexts } from '../i18n/language.js';
import { CopyButton } from '../parts/copy-button.js';
import { NextAttempt, Relative } from '../parts/life-bar.js';

/** The last error: what happened, what to do, and the server's own words. */
export function ErrorCard({
  view: { platform, failureCount, nextAttemptAt },
  error,
}: {
  readonly view: AdminView;
  readonly error: NonNullable<AdminView['lastError']>;
}) {
  const { texts, format } = useTexts();
  const { title, what, remedy } = explain(texts.failures, platform, error);
  const address = error.class === 'ip' ? addressIn(error.message) : undefined;
  return (
    <section class="card error-card" aria-label={texts.token.lastError}>
      <h2>{title}</h2>
      <p class="muted tabular">
        {error.errcode === null ? error.class : error.errcode}
        {' · '}
        {texts.list.failuresInARow(format.number(failureCount))}
        {' · '}
        <Relative at={error.at} />
        {nextAttemptAt && (
          <>
            {' · '}
            <span class="unbroken">
              <NextAttempt at={nextAttemptAt} />
            </span>
          </>
        )}
      </p>
      <p>{what}</p>
      <p>{remedy}</p>
      {address && (
        <p class="address">
          <span class="muted">{texts.token.address}</span>
          <code>{address}</code>
          <CopyButton text={address} label={texts.token.copyAddress} />
        </p>
      )}
      <details>
        <summary>{texts.problem.words}</summary>
        <p class="words" lang="en">
          {error.message}
        </p>
      </details>
    </section>
  );
}
