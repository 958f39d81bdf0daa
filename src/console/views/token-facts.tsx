import type { ComponentChildren } from 'preact';
import type { AdminView } from '../../wechat-token/http/admin/admin.types.js';
import { useTexts } from '../i18n/language.js';
import { Relative } from '../parts/life-bar.js';
import { Skeleton } from '../parts/skeleton.js';

/** @param view Undefined until it is loaded. */
export function TokenFacts({ view }: { readonly view: AdminView | undefined }) {
  const { texts, format } = useTexts();
  const { token, none } = texts;
  const facts: readonly (readonly [string, ComponentChildren])[] = view
    ? [
        [token.account, view.account],
        [token.appId, <span class="mono">{view.appId}</span>],
        [token.kind, texts.kinds[view.kind] ?? view.kind],
        [token.source, view.source ?? none],
        [
          token.fingerprint,
          <span class="mono">{view.fingerprint ?? none}</span>,
        ],
        [token.masked, <span class="mono">{view.masked ?? none}</span>],
        [token.version, format.number(view.version)],
        [
          token.renewed,
          view.issuedAt === null ? none : <Relative at={view.issuedAt} />,
        ],
        [token.lease, <Lease lease={view.lease} />],
      ]
    : [];
  return (
    <dl class="card facts token-facts">
      {view ? (
        facts.map(([name, value]) => (
          <div class="fact" key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))
      ) : (
        <div class="fact">
          <dt>{token.account}</dt>
          <dd>
            <Skeleton width="60%" />
          </dd>
        </div>
      )}
    </dl>
  );
}

function Lease({ lease }: Pick<AdminView, 'lease'>) {
  const { texts, format } = useTexts();
  if (!lease) return <span class="muted">{texts.token.leaseFree}</span>;
  return (
    <span class="mono clip" title={lease.owner}>
      {lease.owner}{' '}
      <span class="muted">
        {texts.token.leaseUntil(format.full(lease.until))}
      </span>
    </span>
  );
}
