import { render } from 'preact';
import { App } from './app.js';
import { LanguageProvider } from './i18n/language.js';
import './styles/tokens.css';
import './styles/base.css';
import './styles/parts.css';
import './styles/views.css';
import { applyTheme, firstTheme } from './theme.js';

// The base is the folder of the assets: only at this address does a link such as `#/` stay within the page, and load nothing.
history.replaceState(
  null,
  '',
  new URL(location.search + location.hash, document.baseURI),
);
applyTheme(firstTheme());
const root = document.getElementById('app');
if (root)
  render(
    <LanguageProvider>
      <App />
    </LanguageProvider>,
    root,
  );
