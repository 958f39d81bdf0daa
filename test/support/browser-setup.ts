import { findChromium } from '../../scripts/chromium.mjs';

/** Once for a run: Chromium is installed before the first test waits for it. */
export default function setup(): void {
  findChromium();
}
