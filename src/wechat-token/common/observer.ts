/** The end of one call for a new token, and of what followed. */
export interface RenewalObservation {
  /** The token's name, such as `access_token:shop`. */
  readonly name: string;
  /** The id of the source that was asked, such as `stable` or `classic`. */
  readonly source: string;
  /**
   * `refreshed`: a new token is served. `unchanged`: WeChat returned the same one. `superseded`: another replica had taken the lease
   * over meanwhile, so its row decides. `failed`: WeChat issued none.
   */
  readonly outcome: 'refreshed' | 'unchanged' | 'superseded' | 'failed';
  /** The class of the failure. */
  readonly class?: string;
  readonly errcode?: number;
  /** From the request to the answer, milliseconds. */
  readonly latencyMs: number;
  /** Until the next renewal is due, or the next attempt; milliseconds. Not known where it was superseded. */
  readonly nextInMs?: number;
}

/** One request to WeChat, all of its hosts together. */
export interface CallObservation {
  /** Without a query, such as `/cgi-bin/stable_token`. */
  readonly path: string;
  /** `ok`; `refused`: there was an errcode; `failed`: there was no usable response. */
  readonly outcome: 'ok' | 'refused' | 'failed';
  readonly errcode?: number;
  /** Milliseconds. */
  readonly latencyMs: number;
}

/** WeChat refused a token in a business call, and it is renewed. */
export interface RejectionObservation {
  readonly name: string;
  readonly fingerprint: string;
}

/** The end of one caller's wait for a token that was not in memory. */
export interface WaitObservation {
  readonly name: string;
  /** `left`: the caller has aborted it. */
  readonly outcome: 'served' | 'failed' | 'left';
  /** Milliseconds. */
  readonly ms: number;
}

/** This replica has taken over a lease whose holder did not end its renewal. */
export interface TakeoverObservation {
  readonly name: string;
  /** The replica that held the lease. */
  readonly from: string;
}

/** How many tokens are issued and not stored yet; reported when one more, or one less, is. */
export interface PendingObservation {
  readonly count: number;
}

/** A poll of the queue of tokens that are due. */
export interface DueObservation {
  /** Those that were found: at most `refresh.batchSize`, so that many means "at least". */
  readonly count: number;
  /** How long the first of them had been waiting, milliseconds. */
  readonly oldestMs: number;
}

/** One statement, or one short transaction, on the module's tables. */
export interface StatementObservation {
  /** Such as `poll` or `storeFailure`. */
  readonly name: string;
  readonly outcome: 'ok' | 'failed';
  /** Milliseconds, with the wait for a connection. */
  readonly ms: number;
}

/** A token was given to a client by one of the module's routes. */
export interface ReadObservation {
  readonly name: string;
  readonly fingerprint: string;
  /** The id of the API key, or of the app's user; `token 4b97ab73` for the holder of the access token with that fingerprint. */
  readonly actor: string;
  /** The client's address. */
  readonly address: string;
  /** Such as `GET /cgi-bin/token`. */
  readonly route: string;
}

/** What is reported, by topic. No observation holds a token, a secret or a key. */
export interface Observations {
  readonly renewal: RenewalObservation;
  readonly call: CallObservation;
  readonly rejection: RejectionObservation;
  readonly wait: WaitObservation;
  readonly takeover: TakeoverObservation;
  readonly pending: PendingObservation;
  readonly due: DueObservation;
  readonly statement: StatementObservation;
  readonly read: ReadObservation;
}

export type Topic = keyof Observations;

/** A token that is held in memory. */
export interface HeldToken {
  readonly name: string;
  /** Until it expires; negative afterwards. */
  readonly secondsLeft: number;
  /** Forced renewals that are left today; undefined as long as that was not read from the database. */
  readonly forcedLeft: number | undefined;
}

/** What this process holds, as it is asked for. */
export interface HeldTokens {
  readonly count: number;
  /** Of the token that expires first; undefined without a token. */
  readonly lowestSecondsLeft: number | undefined;
  /** The tokens that this process has held for the longest time, at most as many as were asked for: the same ones each time. */
  readonly first: readonly HeldToken[];
}

/** What an observer may ask at any time, for example when it is scraped. */
export interface TokenMonitor {
  /** A reader never asks WeChat for a token. */
  readonly role: 'refresher' | 'reader';
  /** How often a token was served from memory since the start. Counted, not reported: a read does nothing else. */
  readonly cacheHits: number;
  /** Looks at every token in memory, in parts, so that the event loop is not blocked. Never waits for the database. */
  held(limit: number): Promise<HeldTokens>;
}

export type TopicObserver = {
  readonly [On in Topic]?: (observation: Observations[On]) => void;
};

/**
 * An app's own observer: a method for each topic that it wants. They are called synchronously, some of them for every request, so
 * they must return at once; what they throw is logged, and changes nothing.
 */
export type TokenObserver = TopicObserver & {
  /** Called once, when the module is initialised. */
  readonly started?: (monitor: TokenMonitor) => void;
};

export const TOPICS = [
  'renewal',
  'call',
  'rejection',
  'wait',
  'takeover',
  'pending',
  'due',
  'statement',
  'read',
] as const satisfies readonly Topic[];
