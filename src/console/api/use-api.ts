import { createContext } from 'preact';
import {
  type Dispatch,
  useCallback,
  useContext,
  useEffect,
  useRef,
  useState,
} from 'preact/hooks';
import { useVisible } from '../clock.js';
import type { Api } from './api.js';
import { ApiFailure } from './api-failure.js';
import {
  type Connection,
  followStream,
  type StreamEvent,
} from './event-stream.js';

const Context = createContext<Api | null>(null);
export const ApiProvider = Context.Provider;

export function useApi(): Api {
  const api = useContext(Context);
  if (!api) throw new Error('no ApiProvider above');
  return api;
}

/** What was asked for, or why it could not be had. Data stay while they are loaded again. */
export interface Loaded<T> {
  readonly data: T | undefined;
  readonly failure: ApiFailure | undefined;
  readonly isLoading: boolean;
  readonly reload: () => void;
  readonly setData: Dispatch<(data: T | undefined) => T | undefined>;
}

/** Loads when `key` changes, and when asked to. */
export function useLoaded<T>(
  load: (signal: AbortSignal) => Promise<T>,
  key: string,
): Loaded<T> {
  const [data, setData] = useState<T>();
  const [failure, setFailure] = useState<ApiFailure>();
  const [isLoading, setLoading] = useState(true);
  const [count, setCount] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    const leave = new AbortController();
    setLoading(true);
    latest
      .current(leave.signal)
      .then(
        (loaded) => {
          if (leave.signal.aborted) return;
          setData(() => loaded);
          setFailure(undefined);
        },
        (error: unknown) => {
          if (!leave.signal.aborted)
            setFailure(error instanceof ApiFailure ? error : new ApiFailure(0));
        },
      )
      .finally(() => {
        if (!leave.signal.aborted) setLoading(false);
      });
    return () => leave.abort();
  }, [key, count]);
  const reload = useCallback(() => setCount((one) => one + 1), []);
  return { data, failure, isLoading, reload, setData };
}

export interface Live {
  readonly connection: Connection;
  readonly retryNow: () => void;
}

/** Follows the event stream while the page is visible. @param query Null for none yet. */
export function useEventStream(
  query: string | null,
  onEvent: (event: StreamEvent) => void,
): Live {
  const api = useApi();
  const isVisible = useVisible();
  const [connection, setConnection] = useState<Connection>({
    state: 'connecting',
  });
  const impatience = useRef(new AbortController());
  const latest = useRef(onEvent);
  latest.current = onEvent;
  useEffect(() => {
    if (query === null) return undefined;
    if (!isVisible) {
      setConnection({ state: 'paused' });
      return undefined;
    }
    const leave = new AbortController();
    void followStream({
      open: (signal) => api.stream(query, signal),
      onEvent: (event) => latest.current(event),
      onConnection: (found) => {
        if (!leave.signal.aborted) setConnection(found);
      },
      signal: leave.signal,
      impatience: () => impatience.current.signal,
    });
    return () => leave.abort();
  }, [api, query, isVisible]);
  const retryNow = useCallback(() => {
    impatience.current.abort();
    impatience.current = new AbortController();
  }, []);
  return { connection, retryNow };
}
