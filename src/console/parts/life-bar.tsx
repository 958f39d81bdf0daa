import type { AdminView } from '../../wechat-token/http/admin/admin.types.js';
import { useNow } from '../clock.js';
import { useTexts } from '../i18n/language.js';
import { lifeOf, partOf } from './life.js';

interface Props {
  readonly view: AdminView;
}

const percent = (part: number) => `${(part * 100).toFixed(2)}%`;

/** The life of a token: what is over of it, and where it becomes due. */
export function LifeBar({ view }: Props) {
  const { texts, format } = useTexts();
  const now = useNow();
  const life = lifeOf(view);
  if (!life || view.fingerprint === null)
    return <div class="life" role="img" aria-label={texts.life.none} />;
  const { issuedAt, refreshAt, expiresAt } = view;
  const at = (instant: string | null) =>
    instant === null ? texts.none : format.time(instant, now);
  return (
    <div
      class="life"
      role="img"
      aria-label={texts.life.label(at(issuedAt), at(refreshAt), at(expiresAt))}
    >
      <div
        class="life-late"
        style={{ left: percent(partOf(life, life.due)) }}
      />
      <div
        key={view.version}
        class="life-over"
        style={{ transform: `scaleX(${partOf(life, now).toFixed(4)})` }}
      />
      <div class="life-due" style={{ left: percent(partOf(life, life.due)) }} />
    </div>
  );
}

/** How long the token still has. */
export function Countdown({ view }: Props) {
  const { texts, format } = useTexts();
  const now = useNow();
  const life = lifeOf(view);
  if (!life || view.fingerprint === null) return <>{texts.none}</>;
  const left = life.expires - now;
  if (left < 1000) return <>{texts.life.over}</>;
  return <>{texts.life.left(format.duration(left))}</>;
}

/** A time that passed, or that will come: `12 min ago`. */
export function Relative({ at }: { readonly at: string }) {
  const { format } = useTexts();
  const now = useNow();
  return (
    <time dateTime={at} title={format.full(at)}>
      {format.relative(at, now)}
    </time>
  );
}

/** When the next attempt to renew is made. */
export function NextAttempt({ at }: { readonly at: string }) {
  const { texts, format } = useTexts();
  const wait = Date.parse(at) - useNow();
  return (
    <>
      {wait < 1000
        ? texts.list.nextAttemptNow
        : texts.list.nextAttempt(format.duration(wait))}
    </>
  );
}
