import { type ComponentChildren, createContext } from 'preact';
import { useContext, useEffect, useMemo, useState } from 'preact/hooks';
import { remembered } from '../remembered.js';
import { en, type Texts } from './en.js';
import { type Formats, formatsFor } from './format.js';
import { zh } from './zh.js';

export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];

const TEXTS: Readonly<Record<Language, Texts>> = { en, zh };
const TAGS: Readonly<Record<Language, string>> = { en: 'en', zh: 'zh-CN' };

interface InLanguage {
  readonly language: Language;
  readonly setLanguage: (language: Language) => void;
  readonly texts: Texts;
  readonly format: Formats;
}

const Context = createContext<InLanguage>({
  language: 'en',
  setLanguage: () => undefined,
  texts: en,
  format: formatsFor('en', en),
});

export function useTexts(): InLanguage {
  return useContext(Context);
}

/** As chosen, else as the browser prefers. */
function firstLanguage(): Language {
  const preferred = navigator.languages.map((tag) => tag.slice(0, 2));
  return (
    remembered('language', LANGUAGES) ??
    preferred.find(isLanguage) ??
    LANGUAGES[0]
  );
}

function isLanguage(text: string): text is Language {
  return LANGUAGES.some((language) => language === text);
}

export function LanguageProvider({
  children,
}: {
  readonly children: ComponentChildren;
}) {
  const [language, choose] = useState(firstLanguage);
  useEffect(() => {
    document.documentElement.lang = TAGS[language];
  }, [language]);
  const value = useMemo<InLanguage>(() => {
    const texts = TEXTS[language];
    return {
      language,
      setLanguage: (chosen) => {
        localStorage.setItem('language', chosen);
        choose(chosen);
      },
      texts,
      format: formatsFor(navigatorLocale(language), texts),
    };
  }, [language]);
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

/** The viewer's own region, where it speaks the chosen language: `en-GB` writes dates differently from `en-US`. */
function navigatorLocale(language: Language): string {
  const own = navigator.languages.find((tag) => tag.startsWith(language));
  return own ?? TAGS[language];
}
