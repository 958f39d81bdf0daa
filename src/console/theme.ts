import { useEffect, useState } from 'preact/hooks';
import { remembered } from './remembered.js';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** The style sheet follows the system, unless the document says otherwise. */
export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
  for (const update of watching) update();
}

export function firstTheme(): Theme {
  return remembered('theme', THEMES) ?? 'system';
}

export function storeTheme(theme: Theme): void {
  localStorage.setItem('theme', theme);
  applyTheme(theme);
}

const watching = new Set<() => void>();
const system = matchMedia('(prefers-color-scheme: dark)');
system.addEventListener('change', () => {
  for (const update of watching) update();
});

/** Changes whenever colours do: a canvas does not follow a style sheet. */
export function useColours(): number {
  const [count, setCount] = useState(0);
  useEffect(() => {
    const update = () => setCount((one) => one + 1);
    watching.add(update);
    return () => watching.delete(update);
  }, []);
  return count;
}

/** The value of a custom property of the style sheet. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement)
    .getPropertyValue(`--${name}`)
    .trim();
}
