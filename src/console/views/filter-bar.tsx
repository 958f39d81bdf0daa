import { useEffect, useRef, useState } from 'preact/hooks';
import { useTexts } from '../i18n/language.js';
import { type Filters, hasFilters, MAX_SEARCH, NO_FILTERS } from '../route.js';

const TYPING_MS = 300;

/** @param kinds What stands before the colon in the names of tokens. */
export function FilterBar({
  filters,
  kinds,
  onFilters,
  isHeld,
  onReorder,
}: {
  readonly filters: Filters;
  readonly kinds: readonly string[];
  readonly onFilters: (filters: Filters) => void;
  /** The order has changed, and is not shown yet. */
  readonly isHeld: boolean;
  readonly onReorder: () => void;
}) {
  const { texts } = useTexts();
  const [search, setSearch] = useState(filters.search);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => setSearch(filters.search), [filters.search]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const type = (text: string) => {
    setSearch(text);
    clearTimeout(timer.current);
    timer.current = setTimeout(
      () => onFilters({ ...filters, search: text.trim() }),
      TYPING_MS,
    );
  };
  return (
    <div class="filters" role="search">
      <input
        class="input search"
        type="search"
        autocomplete="off"
        spellcheck={false}
        maxLength={MAX_SEARCH}
        aria-label={texts.list.search}
        placeholder={texts.list.search}
        value={search}
        onInput={({ currentTarget }) => type(currentTarget.value)}
      />
      <select
        class="select"
        aria-label={texts.list.kind}
        value={filters.kind}
        onChange={({ currentTarget }) =>
          onFilters({ ...filters, kind: currentTarget.value })
        }
      >
        <option value="">{texts.list.allKinds}</option>
        {kinds.map((kind) => (
          <option key={kind} value={kind}>
            {kind}
          </option>
        ))}
      </select>
      {hasFilters(filters) && (
        <button
          type="button"
          class="button quiet"
          onClick={() => onFilters(NO_FILTERS)}
        >
          {texts.list.clear}
        </button>
      )}
      <span class="order">
        {isHeld ? (
          <button type="button" class="button" onClick={onReorder}>
            {texts.list.held} · {texts.list.reorder}
          </button>
        ) : (
          <span class="muted">{texts.list.order}</span>
        )}
      </span>
    </div>
  );
}
