import type { ApiFailure } from '../api/api-failure.js';
import type { Texts } from '../i18n/en.js';
import { explain, refusalIn } from '../i18n/failures.js';
import type { Formats } from '../i18n/format.js';
import { useTexts } from '../i18n/language.js';

/** A failed request in a sentence of the viewer's language. */
export function sentenceOf(
  failure: ApiFailure,
  texts: Texts,
  format: Formats,
): string {
  const { problem } = texts;
  const { status, errcode = null, retryAfter = 1 } = failure;
  if (status === 0 || status === 504) return problem.away;
  if (status === 401 || status === 403) return problem.forbidden;
  if (status === 404) return problem.notFound;
  if (status === 429)
    return problem.tooMany(format.duration(retryAfter * 1000));
  if (status === 502)
    return errcode === null
      ? problem.upstream
      : explain(
          texts.failures,
          refusalIn(failure.detail)?.platform ?? 'WeChat',
          { class: null, errcode },
        ).title;
  if (status === 503) return problem.unavailable;
  return status >= 500 ? problem.server : problem.invalid;
}

/** What went wrong, in the viewer's language and in the server's words. */
export function ProblemNote({
  title,
  failure,
  onRetry,
}: {
  readonly title: string;
  readonly failure: ApiFailure;
  readonly onRetry?: (() => void) | undefined;
}) {
  const { texts, format } = useTexts();
  return (
    <div class="note bad" role="alert">
      <p class="note-title">{title}</p>
      <p>{sentenceOf(failure, texts, format)}</p>
      {failure.detail && (
        <p class="words" lang="en">
          {failure.detail}
        </p>
      )}
      {onRetry && (
        <button type="button" class="button" onClick={onRetry}>
          {texts.tryAgain}
        </button>
      )}
    </div>
  );
}
