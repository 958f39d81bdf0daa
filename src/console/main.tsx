import { render } from 'preact';
import { App } from './app.js';
import { LanguageProvider } from './i18n/language.js';
import './styles/tokens.css';
import './styles/base.css';
import './styles/parts.css';
import './styles/views.css';
import { applyTheme, firstTheme } from './theme.js';

applyTheme(firstTheme());
const root = document.getElementById('app');
if (root)
  render(
    <LanguageProvider>
      <App />
    </LanguageProvider>,
    root,
  );
