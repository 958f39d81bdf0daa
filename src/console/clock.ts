import { useEffect, useState } from 'preact/hooks';
import type { AdminView } from '../wechat-token/http/admin/admin.types.js';

/** Instants of the server are by its database's clock, from which this machine's may be far off. */
let offsetMs = 0;
/** `expiresIn` is whole seconds, so an estimate is no better than this. */
const TOLERANCE_MS = 1500;

export function serverNow(): number {
  return Date.now() + offsetMs;
}

/** Corrects the clock by a view that has just arrived. */
export function setClockBy({ expiresAt, expiresIn }: AdminView): void {
  if (expiresAt === null || !expiresIn) return;
  const now = Date.parse(expiresAt) - expiresIn * 1000 - 500;
  const estimate = now - Date.now();
  if (Math.abs(estimate - offsetMs) > TOLERANCE_MS) offsetMs = estimate;
}

const watching = new Set<() => void>();
setInterval(() => {
  if (!document.hidden) for (const update of watching) update();
}, 1000);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) for (const update of watching) update();
});

/** The server's present, each second, while the page is visible. */
export function useNow(): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    const update = () => setNow(serverNow());
    watching.add(update);
    return () => watching.delete(update);
  }, []);
  return now;
}

export function useVisible(): boolean {
  const [isVisible, setVisible] = useState(!document.hidden);
  useEffect(() => {
    const update = () => setVisible(!document.hidden);
    document.addEventListener('visibilitychange', update);
    return () => document.removeEventListener('visibilitychange', update);
  }, []);
  return isVisible;
}
