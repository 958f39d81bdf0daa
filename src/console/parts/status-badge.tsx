import type { TokenStatus } from '../../wechat-token/http/admin/admin.types.js';
import { useTexts } from '../i18n/language.js';
import { StatusShape } from './shapes.js';

/** A status in word, colour and shape. */
export function StatusBadge({ status }: { readonly status: TokenStatus }) {
  const { texts } = useTexts();
  return (
    <span class="status" data-status={status} title={texts.statusMeans[status]}>
      <StatusShape status={status} />
      {texts.status[status]}
    </span>
  );
}
