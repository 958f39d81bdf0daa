import { useEffect, useRef, useState } from 'preact/hooks';
import { createApi } from '../api/api.js';
import { ApiFailure } from '../api/api-failure.js';
import { canBeKey } from '../api/session.js';
import type { Texts } from '../i18n/en.js';
import type { Formats } from '../i18n/format.js';
import { useTexts } from '../i18n/language.js';
import { NO_FILTERS } from '../route.js';

type Refusal = 'empty' | 'malformed' | 'ended' | ApiFailure;

function sentenceOf(refusal: Refusal, { signIn }: Texts, format: Formats) {
  if (refusal === 'empty') return signIn.empty;
  if (refusal === 'malformed') return signIn.wrong;
  if (refusal === 'ended') return signIn.ended;
  const { status, retryAfter = 60 } = refusal;
  if (status === 401) return signIn.wrong;
  if (status === 403) return signIn.noScope;
  if (status === 429) return signIn.tooMany(format.duration(retryAfter * 1000));
  return signIn.away;
}

/** @param hasEnded The key of this tab was let in once. */
export function SignInView({
  hasEnded,
  onSignedIn,
}: {
  readonly hasEnded: boolean;
  readonly onSignedIn: (key: string) => void;
}) {
  const { texts, format } = useTexts();
  const [refusal, setRefusal] = useState<Refusal | undefined>(
    hasEnded ? 'ended' : undefined,
  );
  const [isBusy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  useEffect(() => {
    document.title = `${texts.signIn.title} · ${texts.product}`;
  }, [texts]);

  const submit = async () => {
    const key = field.current?.value.trim() ?? '';
    if (!canBeKey(key)) return setRefusal(key === '' ? 'empty' : 'malformed');
    setBusy(true);
    setRefusal(undefined);
    try {
      await createApi(key, () => undefined).tokens({
        ...NO_FILTERS,
        after: '',
      });
      onSignedIn(key);
    } catch (error) {
      setRefusal(error instanceof ApiFailure ? error : new ApiFailure(0));
      setBusy(false);
      field.current?.select();
    }
  };
  return (
    <form
      class="sign-in"
      autocomplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isBusy) void submit();
      }}
    >
      <h1 tabIndex={-1}>{texts.signIn.title}</h1>
      <p class="muted">{texts.signIn.intro}</p>
      <label class="field">
        <span>{texts.signIn.key}</span>
        <input
          ref={field}
          class="input"
          type="password"
          autocomplete="off"
          spellcheck={false}
          aria-invalid={refusal !== undefined}
          aria-describedby="sign-in-refusal sign-in-stays"
        />
      </label>
      <p id="sign-in-stays" class="muted small">
        {texts.signIn.stays}
      </p>
      <button type="submit" class="button primary" aria-disabled={isBusy}>
        {isBusy ? texts.signIn.busy : texts.signIn.submit}
      </button>
      <p id="sign-in-refusal" class="refusal" role="alert">
        {refusal && sentenceOf(refusal, texts, format)}
      </p>
    </form>
  );
}
