import Module, { createRequire } from 'node:module';
import type { OfficialAccount as OfficialAccountClass } from 'node-easywechat';

/** What node-easywechat 3.6.2 requires, of node-socialite 1.4, and what the later ones that it allows call it. */
const RENAMED = {
  from: 'node-socialite/dist/Core/ProviderInterface',
  to: 'node-socialite/dist/Core/BaseProvider',
};

type Resolve = (request: string, ...rest: unknown[]) => string;
const internals = Module as unknown as { _resolveFilename: Resolve };
const resolve = internals._resolveFilename;
internals._resolveFilename = (request, ...rest) => {
  try {
    return resolve(request, ...rest);
  } catch (error) {
    if (request !== RENAMED.from) throw error;
    return resolve(RENAMED.to, ...rest);
  }
};

/** An application of node-easywechat, which can be loaded with any node-socialite. */
export const { OfficialAccount } = createRequire(import.meta.url)(
  'node-easywechat',
) as { OfficialAccount: typeof OfficialAccountClass };
