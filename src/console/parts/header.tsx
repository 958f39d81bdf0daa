import { LANGUAGES, useTexts } from '../i18n/language.js';
import { here } from '../route.js';
import { firstTheme, storeTheme, type Theme, THEMES } from '../theme.js';
import { useState } from 'preact/hooks';
import { Mark } from './shapes.js';

const LANGUAGE_NAMES = { en: 'English', zh: '中文' } as const;

/** @param onSignOut Absent when nobody has signed in here. */
export function Header({
  onSignOut,
}: {
  readonly onSignOut: (() => void) | undefined;
}) {
  const { texts, language, setLanguage } = useTexts();
  const [theme, setTheme] = useState<Theme>(firstTheme);
  return (
    <header class="header">
      <a class="brand" href={here('#/')}>
        <Mark />
        <span class="brand-name">{texts.product}</span>
      </a>
      <div class="header-tools">
        <select
          class="select quiet"
          aria-label={texts.language}
          value={language}
          onChange={({ currentTarget }) => {
            const chosen = LANGUAGES.find((one) => one === currentTarget.value);
            if (chosen) setLanguage(chosen);
          }}
        >
          {LANGUAGES.map((one) => (
            <option key={one} value={one}>
              {LANGUAGE_NAMES[one]}
            </option>
          ))}
        </select>
        <select
          class="select quiet"
          aria-label={texts.theme.label}
          value={theme}
          onChange={({ currentTarget }) => {
            const chosen = THEMES.find((one) => one === currentTarget.value);
            if (!chosen) return;
            storeTheme(chosen);
            setTheme(chosen);
          }}
        >
          {THEMES.map((one) => (
            <option key={one} value={one}>
              {texts.theme[one]}
            </option>
          ))}
        </select>
        {onSignOut && (
          <button type="button" class="button quiet" onClick={onSignOut}>
            {texts.signOut}
          </button>
        )}
      </div>
    </header>
  );
}
