import type { RefObject } from 'preact';
import { useState } from 'preact/hooks';
import type {
  AdminView,
  TokenStats,
} from '../../wechat-token/http/admin/admin.types.js';
import { useTexts } from '../i18n/language.js';
import { ReasonField } from '../parts/reason-field.js';

/** Says whom a forced renewal hurts and what it spends; in classic mode it asks for the token's name as well. */
export function ForceDialog({
  dialog,
  view: { name, source },
  forced,
  isBusy,
  onForce,
}: {
  readonly dialog: RefObject<HTMLDialogElement | null>;
  readonly view: AdminView;
  readonly forced: TokenStats['forced'] | undefined;
  readonly isBusy: boolean;
  readonly onForce: (reason: string) => void;
}) {
  const { texts, format } = useTexts();
  const { force } = texts;
  const [reason, setReason] = useState('');
  const [typed, setTyped] = useState('');
  // Without a token nobody knows here which mode the account has.
  const asksForName = source !== 'stable';
  const isConfirmed = !asksForName || typed === name;
  const clear = () => {
    setReason('');
    setTyped('');
  };
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby="force-title"
      aria-describedby="force-hurts"
      onClose={clear}
    >
      <form
        autocomplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          if (isConfirmed && !isBusy) onForce(reason);
        }}
      >
        <h2 id="force-title">{force.title}</h2>
        <div id="force-hurts">
          <p>{source === 'classic' ? force.hurtsClassic : force.hurts}</p>
          <p>{force.safe}</p>
          <p>
            {forced
              ? force.spends(
                  format.number(forced.left),
                  format.number(forced.limit),
                )
              : force.spendsUnknown}
          </p>
        </div>
        {asksForName && (
          <label class="field">
            <span>{force.typeName(name)}</span>
            <input
              class="input mono"
              spellcheck={false}
              autocapitalize="off"
              value={typed}
              onInput={({ currentTarget }) => setTyped(currentTarget.value)}
            />
          </label>
        )}
        <ReasonField
          label={force.reason}
          reason={reason}
          onReason={setReason}
        />
        <div class="buttons end">
          <button
            type="button"
            class="button"
            onClick={() => dialog.current?.close()}
          >
            {texts.cancel}
          </button>
          <button
            type="submit"
            class="button danger solid"
            disabled={!isConfirmed}
            aria-disabled={isBusy}
          >
            {isBusy ? force.busy : force.submit}
          </button>
        </div>
      </form>
    </dialog>
  );
}
