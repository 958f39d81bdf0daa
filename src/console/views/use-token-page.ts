import {
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'preact/hooks';
import type {
  AdminView,
  StreamedPage,
} from '../../wechat-token/http/admin/admin.types.js';
import { listQuery, type ListQuery } from '../api/api.js';
import type { ApiFailure } from '../api/api-failure.js';
import type { StreamEvent } from '../api/event-stream.js';
import {
  type Live,
  useApi,
  useEventStream,
  useLoaded,
} from '../api/use-api.js';
import { setClockBy } from '../clock.js';

/** Many events of one moment are shown at once. */
const GATHER_MS = 60;

export interface LivePage {
  readonly views: readonly AdminView[];
  readonly next: string | null;
  readonly isLoading: boolean;
  readonly hasLoaded: boolean;
  readonly failure: ApiFailure | undefined;
  readonly reload: () => void;
  readonly live: Live;
  /** The server's order has changed while the viewer was in the table. */
  readonly isHeld: boolean;
  readonly release: () => void;
  /** Grows with each change. */
  readonly changes: number;
}

/**
 * A page of the list that follows the server. Rows do not move under the pointer.
 * @param isBusy Whether the viewer is in the table now.
 */
export function useTokenPage(
  query: ListQuery,
  isBusy: () => boolean,
): LivePage {
  const api = useApi();
  const key = listQuery(query);
  const [known, setKnown] = useState<ReadonlyMap<string, AdminView>>(new Map());
  const [order, setOrder] = useState<StreamedPage>({ names: [], next: null });
  const [held, setHeld] = useState<StreamedPage>();
  const [shownKey, setShownKey] = useState<string>();
  const [changes, setChanges] = useState(0);
  const loaded = useLoaded((signal) => api.tokens(query, signal), key);

  const { data } = loaded;
  const keyOfData = useRef(key);
  keyOfData.current = key;
  useEffect(() => {
    if (!data) return;
    data.items.forEach(setClockBy);
    setKnown(new Map(data.items.map((view) => [view.name, view])));
    setOrder({ names: data.items.map(({ name }) => name), next: data.next });
    setHeld(undefined);
    setShownKey(keyOfData.current);
  }, [data]);

  const gathered = useRef<StreamEvent[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const flush = () => {
    timer.current = undefined;
    const events = gathered.current;
    gathered.current = [];
    const views = events.flatMap(({ type, data: view }) =>
      type === 'token' ? [view as AdminView] : [],
    );
    views.forEach(setClockBy);
    if (views.length > 0)
      setKnown(
        (before) =>
          new Map([
            ...before,
            ...views.map((view) => [view.name, view] as const),
          ]),
      );
    const last = events.findLast(({ type }) => type === 'page');
    if (last) {
      const found = last.data as StreamedPage;
      if (isBusy()) setHeld(found);
      else {
        setHeld(undefined);
        setOrder(found);
      }
    }
    setChanges((count) => count + 1);
  };
  useEffect(() => {
    gathered.current = [];
    return () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    };
  }, [key]);
  const live = useEventStream(shownKey === key ? key : null, (event) => {
    gathered.current.push(event);
    timer.current ??= setTimeout(flush, GATHER_MS);
  });

  const release = useCallback(() => {
    if (!held) return;
    setOrder(held);
    setHeld(undefined);
  }, [held]);
  const views = useMemo(
    () => order.names.flatMap((name) => known.get(name) ?? []),
    [order, known],
  );
  // Of other pages nothing is kept.
  useEffect(() => {
    if (known.size > 2 * order.names.length + 50)
      setKnown(new Map(views.map((view) => [view.name, view])));
  }, [known, order, views]);
  return {
    views,
    next: order.next,
    isLoading: loaded.isLoading,
    hasLoaded: shownKey !== undefined,
    failure: loaded.failure,
    reload: loaded.reload,
    live,
    isHeld: held !== undefined && !sameNames(held, order),
    release,
    changes,
  };
}

function sameNames(one: StreamedPage, other: StreamedPage): boolean {
  return one.names.join() === other.names.join();
}
