import { MAX_REASON } from '../api/api.js';
import { useTexts } from '../i18n/language.js';

/** Why a renewal is asked for. */
export function ReasonField({
  label,
  reason,
  onReason,
}: {
  readonly label: string;
  readonly reason: string;
  readonly onReason: (reason: string) => void;
}) {
  const { texts } = useTexts();
  return (
    <label class="field">
      <span>{label}</span>
      <input
        class="input"
        maxLength={MAX_REASON}
        placeholder={texts.refresh.reasonHint}
        value={reason}
        onInput={({ currentTarget }) => onReason(currentTarget.value)}
      />
    </label>
  );
}
