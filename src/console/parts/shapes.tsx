import type { ComponentChildren } from 'preact';
import type { TokenStatus } from '../../wechat-token/http/admin/admin.types.js';

/** The product's sign. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect class="mark-ground" width="32" height="32" rx="8" />
      <path d="M22.5 13A7.2 7.2 0 1 0 23 18" />
      <path d="M23.6 8.4V13.6H18.4" />
    </svg>
  );
}

/** A shape for each status, since colour alone is not seen by everybody. */
const SHAPES: Readonly<Record<TokenStatus, ComponentChildren>> = {
  valid: (
    <>
      <circle class="solid" cx="8" cy="8" r="6.5" />
      <path class="cut" d="M5.2 8.2 7.2 10.2 10.9 6.2" />
    </>
  ),
  due: (
    <>
      <circle cx="8" cy="8" r="5.7" />
      <path d="M8 4.8V8L10.2 9.6" />
    </>
  ),
  refreshing: (
    <>
      <path d="M13.3 7A5.5 5.5 0 1 0 13.3 9.6" />
      <path d="M13.8 3.6V7.2H10.2" />
    </>
  ),
  'cooling-down': (
    <>
      <rect class="solid" x="1.8" y="1.8" width="12.4" height="12.4" rx="3.2" />
      <path class="cut" d="M6.2 5.6V10.4M9.8 5.6V10.4" />
    </>
  ),
  expired: (
    <>
      <path
        class="solid"
        d="M5.2 1.4H10.8L14.6 5.2V10.8L10.8 14.6H5.2L1.4 10.8V5.2Z"
      />
      <path class="cut" d="M5.8 5.8 10.2 10.2M10.2 5.8 5.8 10.2" />
    </>
  ),
  missing: <circle class="dashed" cx="8" cy="8" r="5.7" />,
};

export function StatusShape({ status }: { readonly status: TokenStatus }) {
  return (
    <svg class="shape" viewBox="0 0 16 16" aria-hidden="true">
      {SHAPES[status]}
    </svg>
  );
}
