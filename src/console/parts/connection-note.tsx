import { useEffect, useRef, useState } from 'preact/hooks';
import { announce } from '../announce.js';
import type { Live } from '../api/use-api.js';
import { useTexts } from '../i18n/language.js';
import { sentenceOf } from './problem-note.js';

/** Whether the page is live: a word beside the title, and a bar at the foot of the window while the connection is lost. */
export function ConnectionNote({ connection, retryNow }: Live) {
  const { texts, format } = useTexts();
  const { state } = connection;
  const wasLost = useRef(false);
  useEffect(() => {
    if (state === 'lost' && !wasLost.current) {
      wasLost.current = true;
      announce(`${texts.connection.lost} ${texts.connection.lostMore}`);
    }
    if (state === 'live' && wasLost.current) {
      wasLost.current = false;
      announce(texts.connection.restored);
    }
  }, [state, texts]);
  const title =
    state === 'refused'
      ? sentenceOf(connection.failure, texts, format)
      : undefined;
  return (
    <>
      <span class="connection" data-connection={state} title={title}>
        <span key={state}>{texts.connection[state]}</span>
      </span>
      {state === 'lost' && (
        <div class="lost">
          <p>
            <strong>{texts.connection.lost}</strong>{' '}
            {connection.failure?.status === 429
              ? texts.connection.tooMany
              : texts.connection.lostMore}
          </p>
          <p class="lost-wait">
            {connection.retryAt === null ? (
              texts.connection.retrying
            ) : (
              <RetryIn at={connection.retryAt} />
            )}
          </p>
          <button type="button" class="button" onClick={retryNow}>
            {texts.connection.retryNow}
          </button>
        </div>
      )}
    </>
  );
}

/** @param at By this browser's clock. */
function RetryIn({ at }: { readonly at: number }) {
  const { texts, format } = useTexts();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(1, Math.ceil((at - now) / 1000));
  return <>{texts.connection.retryIn(format.duration(seconds * 1000))}</>;
}
