import type {
  IssueRequest,
  SourceAnswer,
  TokenSource,
} from '../../../src/wechat-token/sources/token-source.js';
import { UpstreamError } from '../../../src/wechat-token/upstream/failure.js';
import type { TokenMode } from '../../../src/wechat-token/accounts/account.js';
import { ANSWERS, CALLS, type Gates } from './gates.js';

const LIFE_SECONDS = 7200;

/** Tokens are named for the order in which they were issued: `T0`, `T1`, … */
export const tokenOf = (number: number) => `T${number}`;
/** -1 for no token. */
export const numberOf = (token: string | null) =>
  token === null ? -1 : Number(token.slice(1));

/** `ticket`: as stable, but each answer says a whole life, and nothing is forced. */
export type ModelMode = TokenMode | 'ticket';

/** What the replicas call: classic issues a new token at every call, stable only when it rotates or is forced. */
export class ModelPlatform {
  calls = 0;

  constructor(
    private readonly mode: ModelMode,
    /** The number of the newest token. */
    public newest: number,
  ) {}

  /** Null before the first call. */
  get current(): string | null {
    return this.newest < 0 ? null : tokenOf(this.newest);
  }

  issue(force: boolean): string {
    this.calls += 1;
    if (this.mode === 'classic' || force || this.newest < 0) this.newest += 1;
    return tokenOf(this.newest);
  }

  /** Another system forces a new token, or a stable one has come to its end. */
  rotate(): void {
    this.newest += 1;
  }
}

/** Who watches the calls. */
export interface CallWatcher {
  asked(replica: string): void;
  issued(replica: string, token: string): void;
}

const REPEATED_CALL = {
  classic: 'rotates',
  stable: 'same',
  ticket: 'same, life counted anew',
} as const;

/** One replica's way to the platform. A call has two gates: it arrives there, and its answer arrives here. */
export function modelSource(
  platform: ModelPlatform,
  mode: ModelMode,
  gates: Gates,
  replica: string,
  watcher: CallWatcher,
): TokenSource {
  return {
    id: mode,
    kind: 'access_token',
    platform: { name: 'model', baseUrl: 'http://127.0.0.1' },
    errcodes: new Map(),
    repeatedCall: REPEATED_CALL[mode],
    canForce: mode !== 'ticket',
    mayCallInParallel: mode !== 'classic',
    isEarlyCallHarmless: mode !== 'classic',
    marginSeconds: mode === 'classic' ? 600 : 300,
    rejectionHealedBy: mode === 'stable' ? 'forced call' : 'call',
    serves: () => true,
    async issue({ force }: IssueRequest): Promise<SourceAnswer> {
      watcher.asked(replica);
      await gates.pass(replica, CALLS);
      const value = platform.issue(force);
      watcher.issued(replica, value);
      const passage = await gates.pass(replica, ANSWERS);
      if (passage !== 'done')
        throw new UpstreamError('the answer was lost', { class: 'transient' });
      gates.saw(replica, value);
      return { value, expiresIn: LIFE_SECONDS };
    },
  };
}
