import { useEffect, useState } from 'preact/hooks';
import { useTexts } from '../i18n/language.js';
import {
  type Filters,
  hasFilters,
  listHref,
  MAX_SEARCH,
  NO_FILTERS,
} from '../route.js';

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
  useEffect(
    () =>
      setSearch((typed) =>
        typed.trim() === filters.search ? typed : filters.search,
      ),
    [filters.search],
  );
  useEffect(() => {
    const wanted = search.trim();
    if (wanted === filters.search) return undefined;
    const timer = setTimeout(
      () => onFilters({ ...filters, search: wanted }),
      TYPING_MS,
    );
    return () => clearTimeout(timer);
  }, [search, listHref(filters)]);
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
        onInput={({ currentTarget }) => setSearch(currentTarget.value)}
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
          onClick={() => {
            setSearch('');
            onFilters(NO_FILTERS);
          }}
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
