import { useTexts } from '../i18n/language.js';

/** @param onPrevious, onNext Absent where there is no such page. */
export function Pager({
  first,
  count,
  onPrevious,
  onNext,
}: {
  readonly first: number;
  readonly count: number;
  readonly onPrevious: (() => void) | undefined;
  readonly onNext: (() => void) | undefined;
}) {
  const { texts, format } = useTexts();
  const number = format.number;
  return (
    <nav class="pager" aria-label={texts.list.pages}>
      <span class="muted">
        {count > 0 &&
          texts.list.range(number(first), number(first + count - 1))}
      </span>
      <button
        type="button"
        class="button"
        disabled={!onPrevious}
        onClick={onPrevious}
      >
        {texts.list.previous}
      </button>
      <button type="button" class="button" disabled={!onNext} onClick={onNext}>
        {texts.list.next}
      </button>
    </nav>
  );
}
