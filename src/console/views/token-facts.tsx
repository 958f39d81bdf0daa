import type { ComponentChildren } from 'preact';
import type { AdminView } from '../../wechat-token/http/admin/admin.types.js';
import { useTexts } from '../i18n/language.js';
import { Relative } from '../parts/life-bar.js';

export function TokenFacts({ view }: { readonly view: AdminView }) {
  const { texts } = useTexts();
  const { token, none } = texts;
  const facts: readonly (readonly [string, ComponentChildren])[] = [
    [token.account, view.account],
    [
      view.kind === 'wecom' ? token.corpId : token.appId,
      <span class="mono">{view.appId}</span>,
    ],
    ...(view.agentId === null
      ? []
      : [[token.agentId, <span class="mono">{view.agentId}</span>] as const]),
    [token.kind, texts.kinds[view.kind] ?? view.kind],
    [token.source, view.source ?? none],
    [token.fingerprint, <span class="mono">{view.fingerprint ?? none}</span>],
    [token.masked, <span class="mono">{view.masked ?? none}</span>],
    [token.version, <span class="mono">{view.version}</span>],
    [
      token.renewed,
      view.issuedAt === null ? none : <Relative at={view.issuedAt} />,
    ],
    [token.lease, <Lease lease={view.lease} />],
  ];
  return (
    <dl class="card facts token-facts">
      {facts.map(([name, value]) => (
        <div class="fact" key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
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
