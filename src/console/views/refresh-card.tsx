import { useRef, useState } from 'preact/hooks';
import type {
  AdminRefreshRequest,
  AdminView,
  TokenStats,
} from '../../wechat-token/http/admin/admin.types.js';
import type { RefreshOutcome } from '../../wechat-token/renewal/refresh-outcome.types.js';
import { ApiFailure } from '../api/api-failure.js';
import { useApi } from '../api/use-api.js';
import type { Texts } from '../i18n/en.js';
import { useTexts } from '../i18n/language.js';
import { ProblemNote } from '../parts/problem-note.js';
import { ReasonField } from '../parts/reason-field.js';
import { ForceDialog } from './force-dialog.js';

/** A renewal that was asked for here. */
type Asked = 'nothing' | 'normal' | 'force' | RefreshOutcome | ApiFailure;

/** @param onAsked Called when the server has answered. */
export function RefreshCard({
  view,
  forced,
  onAsked,
}: {
  readonly view: AdminView;
  readonly forced: TokenStats['forced'] | undefined;
  readonly onAsked: () => void;
}) {
  const api = useApi();
  const { texts } = useTexts();
  const [asked, setAsked] = useState<Asked>('nothing');
  const [reason, setReason] = useState('');
  const dialog = useRef<HTMLDialogElement>(null);
  const isBusy = asked === 'normal' || asked === 'force';
  const ask = async (how: 'normal' | 'force', body: AdminRefreshRequest) => {
    if (isBusy) return;
    setAsked(how);
    try {
      setAsked(await api.refresh(view.name, body));
      setReason('');
    } catch (error) {
      setAsked(error instanceof ApiFailure ? error : new ApiFailure(0));
    }
    onAsked();
  };
  const force = async (forcedReason: string) => {
    // Somebody may have renewed it while the dialogue was open: that is enough then.
    const expected = view.fingerprint && {
      expectedFingerprint: view.fingerprint,
    };
    await ask('force', { force: true, ...expected, reason: forcedReason });
    dialog.current?.close();
  };
  return (
    <section class="card refresh" aria-labelledby="refresh-title">
      <h2 id="refresh-title">{texts.refresh.title}</h2>
      <p class="muted">{introOf(view, texts.refresh)}</p>
      {!view.canForce && (
        <p class="muted">{texts.refresh.noForce(view.platform)}</p>
      )}
      <form
        autocomplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          void ask('normal', { reason });
        }}
      >
        <ReasonField
          label={texts.refresh.reason}
          reason={reason}
          onReason={setReason}
        />
        <div class="buttons">
          <button type="submit" class="button primary" aria-disabled={isBusy}>
            {asked === 'normal' ? texts.refresh.busy : texts.refresh.submit}
          </button>
          {view.canForce && (
            <button
              type="button"
              class="button danger"
              aria-haspopup="dialog"
              onClick={() => dialog.current?.showModal()}
            >
              {texts.refresh.force}
            </button>
          )}
        </div>
      </form>
      <Result asked={asked} />
      {view.canForce && (
        <ForceDialog
          dialog={dialog}
          view={view}
          forced={forced}
          isBusy={asked === 'force'}
          onForce={(forcedReason) => void force(forcedReason)}
        />
      )}
    </section>
  );
}

function introOf(
  { source, canForce, platform }: AdminView,
  refresh: Texts['refresh'],
): string {
  if (source === 'classic') return refresh.introClassic;
  const isStable = canForce && platform === 'WeChat';
  return isStable ? refresh.intro : refresh.introOther(platform);
}

function Result({ asked }: { readonly asked: Asked }) {
  const { texts } = useTexts();
  if (asked instanceof ApiFailure)
    return (
      <ProblemNote
        title={
          asked.status === 403
            ? texts.problem.noRefreshScope
            : texts.refresh.failed
        }
        failure={asked}
      />
    );
  const outcome = typeof asked === 'object' ? asked : undefined;
  return (
    <p class="outcome" role="status" data-outcome={outcome?.outcome}>
      {outcome && texts.refresh.outcomes[outcome.outcome](outcome.fingerprint)}
    </p>
  );
}
